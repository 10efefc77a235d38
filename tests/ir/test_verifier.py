"""Each rule of the IR, broken once."""

from __future__ import annotations

import pytest

from tracejit.ir.function import Function
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.verifier import MalformedIR, Stage, verify

BRANCH = "br_if v2, block1(), block2()\nblock1():\nv9: int = iconst 1\njump block2()\n"
CALL = (
    "v5: int = icall 0, v0, v1, v2 exit[x] @0\nv7: bool = bpart 1\n"
    "v9: int = icall 0, v0, v1, v2 exit[x] @0\n"
)
"""The second of two calls lacks what comes behind it."""
BROKEN: list[tuple[str, Stage, str]] = [
    ("ret None\nret None", "exact", "a terminator before its end"),
    ("v9: int = iconst 1", "exact", "does not end in a terminator"),
    ("v9: i64 = iconst 1\nret v9", "exact", "i64 in the exact stage"),
    ("v9: int = iconst 1\nret v9", "machine", "int in the machine stage"),
    ("jump block0(v0, v1, v2)", "exact", "the entry has a predecessor"),
    ("jump block1(v2)\nblock1(v9: int):\nret v9", "exact", "gives block1"),
    ("jump block1(v0, v0)\nblock1(v9: int):\nret v9", "exact", "gives block1"),
    ("v9: int = iadd_ovf v0, v1 exit[x] @0\nret v9", "exact", "not an opcode of the exact stage"),
    ("v9: int = iadd v0\nret v9", "exact", "takes 2 operands"),
    ("v9: int = iadd v0, v2\nret v9", "exact", "v2 is bool, not int"),
    ("v9: int = select v2, v0, v2\nret v9", "exact", "v2 is bool, not int"),
    ("v9: bool = select v2, v0, v1\nret v9", "exact", "results in bool, not int"),
    ("v9: int = ilt v0, v1\nret v9", "exact", "results in int, not bool"),
    ("iadd v0, v1\nret v0", "exact", "has a result where it should have none, or none"),
    (
        "v9: int = jump block1()\nblock1():\nret None",
        "exact",
        "has a result where it should have none",
    ),
    ("v9: int = ishl v0, v1\nret v9", "exact", "lacks its exit"),
    ("poll\nret None", "exact", "lacks its exit"),
    ("leave", "exact", "lacks its exit"),
    ("br_if v2, block1()\nblock1():\nret None", "exact", "the wrong number of targets"),
    ("jump", "exact", "the wrong number of targets"),
    ("br_if v0, block1(), block1()\nblock1():\nret None", "exact", "v0 is int, not bool"),
    ("v9: int = iconst True\nret v9", "exact", "its constant is not an int"),
    ("v9: bool = bconst 1\nret v9", "exact", "its constant is not a bool"),
    (
        "v9: int = iadd v0, v8\nv8: int = iconst 1\nret v9",
        "exact",
        "v8 is not defined on every path",
    ),
    ("ret v9\nblock1(v9: int):\nret v9", "exact", "v9 is not defined on every path"),
    ("v9: int = ipart 1\nret v9", "exact", "is no part of a result"),
    (CALL + "v6: int = iconst 1\nv8: bool = bpart 1\nret v8", "exact", "comes before a part"),
    (CALL + "ret v9", "exact", "comes before a part"),
    (CALL + "v8: bool = bpart 2\nret v8", "exact", "comes before a part"),
    (CALL + "v8: int = ipart 1\nret v8", "exact", "comes before a part"),
    (
        BRANCH + "block2():\nret v9",
        "exact",
        "v9 is not defined on every path",
    ),
    (
        BRANCH + "block2():\nleave exit[x] @0 n=v9",
        "exact",
        "v9 is not defined on every path",
    ),
]


@pytest.mark.parametrize(("body", "stage", "message"), BROKEN)
def test_a_broken_rule_is_named(body: str, stage: Stage, message: str) -> None:
    with pytest.raises(MalformedIR, match=message):
        verify(parse(f"function f:\nblock0(v0: int, v1: int, v2: bool):\n{body}\n"), stage)


def machine(body: str) -> Function:
    return parse(f"function f:\nblock0(v0: i64):\n{body}\n")


def test_a_machine_constant_fits_64_bits() -> None:
    verify(machine(f"v9: i64 = iconst {2**63 - 1}\nret v9"), "machine")
    with pytest.raises(MalformedIR, match="does not fit 64 bits"):
        verify(machine(f"v9: i64 = iconst {2**63}\nret v9"), "machine")


def test_a_machine_opcode_that_never_leaves_has_no_exit() -> None:
    with pytest.raises(MalformedIR, match="an exit that it can never take"):
        verify(machine("v9: i64 = iadd_wrap v0, v0 exit[x] @0\nret v9"), "machine")


def test_an_exact_opcode_is_gone_in_the_machine_stage() -> None:
    with pytest.raises(MalformedIR, match="not an opcode of the machine stage"):
        verify(machine("v9: i64 = iadd v0, v0 exit[x] @0\nret v9"), "machine")


def test_a_function_has_blocks() -> None:
    with pytest.raises(MalformedIR, match="f has no blocks"):
        verify(Function("f"), "exact")


def test_a_value_is_defined_once() -> None:
    function = parse("function f:\nblock0():\nv0: int = iconst 1\nv1: int = iconst 2\nret v0\n")
    function.entry.insts[1].value.id = 0
    with pytest.raises(MalformedIR, match="defines v0 a second time"):
        verify(function, "exact")


def test_a_target_is_in_the_function() -> None:
    function = parse("function f:\nblock0():\njump block1()\nblock1():\nret None\n")
    function.blocks.pop()
    with pytest.raises(MalformedIR, match="jumps to block1, which is not in the function"):
        verify(function, "exact")


def test_an_origin_is_what_defines_the_value() -> None:
    function = parse("function f:\nblock0():\nv0: int = iconst 1\nret v0\n")
    function.entry.insts[0].value.origin = function.entry
    with pytest.raises(MalformedIR, match="v0's origin is not what defines it"):
        verify(function, "exact")


def test_a_used_value_is_defined_somewhere() -> None:
    function = parse("function f:\nblock0():\nv0: int = iconst 1\nret v0\n")
    function.entry.insts.pop(0)
    with pytest.raises(MalformedIR, match="v0 is defined nowhere"):
        verify(function, "exact")


def test_unreachable_blocks_may_use_what_does_not_dominate_them() -> None:
    text = "function f:\nblock0():\nv0: int = iconst 1\nret v0\nblock1():\nret v0\n"
    verify(parse(text), "exact")


def test_opcodes_without_an_exit_may_carry_one_in_the_exact_stage() -> None:
    function = parse("function f:\nblock0(v0: int):\nv1: int = inot v0 exit[x] @0\nret v1\n")
    assert function.entry.insts[0].op is Op.inot
    verify(function, "exact")
