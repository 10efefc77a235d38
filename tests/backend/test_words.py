"""What is masked to 32 bits, rotations, and flags that are there already: made, and right."""

from __future__ import annotations

from itertools import product

import pytest

from tests.backend.native import Native, compiled
from tests.backend.test_selection import U32, agrees_everywhere, with_ranges
from tracejit.backend.flags import drop_tests
from tracejit.backend.lir import MachInst, Memory, Slot
from tracejit.backend.lir import inst as make
from tracejit.backend.x64 import RAX, RCX, RDX

HALVES = ("iadd_wrap", "isub_wrap", "imul_wrap", "iand", "ior", "ixor")


def masked(op: str, left: str, right: str, constant: int = 0) -> Native:
    return compiled(
        with_ranges(f"""function f:
        block0(v0: i64, v1: i64):
            v2: i64 = iconst {constant}
            v3: i64 = iconst 4294967295
            v4: i64 = {op} {left}, {right}
            v5: i64 = iand v4, v3
            ret v5
        """)
    )


@pytest.mark.parametrize("op", HALVES)
@pytest.mark.parametrize("operands", [("v0", "v1"), ("v1", "v0"), ("v0", "v0")])
def test_the_low_half_of_an_operation(op: str, operands: tuple[str, str]) -> None:
    native = masked(op, *operands)
    chosen = {inst.op.name for block in native.lir.blocks for inst in block.insts}
    assert not chosen.isdisjoint(f"{name}32" for name in ("add", "sub", "imul", "and", "or", "xor"))
    agrees_everywhere(native)


@pytest.mark.parametrize("op", HALVES)
@pytest.mark.parametrize("constant", [1, -7, 2**31, 0xEDB88320, 2**32 - 1, 2**32, -(2**40) - 3])
@pytest.mark.parametrize("swapped", [False, True])
def test_the_low_half_of_an_operation_with_a_constant(
    op: str, constant: int, swapped: bool
) -> None:
    operands = ("v2", "v0") if swapped else ("v0", "v2")
    agrees_everywhere(masked(op, *operands, constant))


def rotated(bits: int, op: str, left: int, right: int, shift: str, swapped: bool) -> Native:
    parts = "v5, v4" if swapped else "v4, v5"
    mask = f"v7: i64 = iand v6, v8\n ret {'v7' if bits == 32 else 'u64(v6)'}"
    return compiled(
        with_ranges(
            f"""function f:
        block0(v0: i64, v1: i64):
            v2: i64 = iconst {left}
            v3: i64 = iconst {right}
            v8: i64 = iconst 4294967295
            v4: i64 = ishl_wrap v0, v2
            v5: i64 = {shift} v0, v3
            v6: i64 = {op} {parts}
            {mask}
        """,
            *((U32,) if bits == 32 else ()),
        )
    )


ROTATIONS = list(
    product((32, 64), ("ior", "ixor", "iadd_wrap"), (1, 13, 31), ("ushr_wrap", "ishr_wrap"), (0, 1))
)


@pytest.mark.parametrize(("bits", "op", "count", "shift", "swapped"), ROTATIONS)
def test_rotations(bits: int, op: str, count: int, shift: str, swapped: bool) -> None:
    native = rotated(bits, op, count, bits - count, shift, swapped)
    is_one = bits == 32 or (shift == "ushr_wrap" and op != "iadd_wrap")
    assert ("rol" in native.text) == is_one
    agrees_everywhere(native)


@pytest.mark.parametrize("bits", [32, 64])
def test_what_is_no_rotation(bits: int) -> None:
    native = rotated(bits, "ior", 7, 11, "ushr_wrap", False)
    assert "rol" not in native.text
    agrees_everywhere(native)


def branching(op: str, compare: str, right: str = "v1") -> Native:
    """A result that is compared with 0 and needed as well."""
    return compiled(
        with_ranges(f"""function f:
        block0(v0: i64, v1: i64):
            v2: i64 = iconst 3
            v3: i64 = iconst 0
            v4: i64 = {op} v0, {right}
            v5: bool = {compare} v4, v3
            br_if v5, block1(), block2()
        block1():
            ret v4
        block2():
            v6: i64 = ineg_wrap v4
            ret v6
        """)
    )


@pytest.mark.parametrize("compare", ["ieq", "ine", "ilt", "ile", "igt", "ige"])
@pytest.mark.parametrize(
    ("op", "right"),
    [*[(op, "v1") for op in HALVES], ("ishl_wrap", "v2"), ("ishr_wrap", "v2"), ("ushr_wrap", "v2")],
)
def test_no_comparison_with_zero_where_the_flags_tell(op: str, right: str, compare: str) -> None:
    native = branching(op, compare, right)
    body = native.text.partition("b2:")[2]
    if op.startswith("i") and op in ("iand", "ior", "ixor"):
        assert "test" not in body
    if op == "imul_wrap" or (op.endswith("wrap") and compare in ("ile", "igt")):
        assert "test" in native.text
    agrees_everywhere(native)


@pytest.mark.parametrize("compare", ["ieq", "ine", "ilt", "ile", "igt", "ige"])
@pytest.mark.parametrize("right", ["v1", "v0", "v2"])
def test_a_sum_of_what_lives_on_is_no_address_where_its_flags_are_asked(
    right: str, compare: str
) -> None:
    native = compiled(
        with_ranges(f"""function f:
        block0(v0: i64, v1: i64):
            v2: i64 = iconst 77
            v3: i64 = iconst 0
            v4: i64 = iadd_wrap v0, {right}
            v5: bool = {compare} v4, v3
            v6: i64 = select v5, v0, v4
            v7: i64 = ixor v6, v1
            ret v7
        """)
    )
    body = native.text.partition("b4:")[2]
    assert ("lea" in body) == ("test" in body)
    assert compare in ("ile", "igt") or "lea" not in body
    agrees_everywhere(native)


CARRIES = {
    "v4, v0": True,
    "v4, v1": True,
    "v0, v4": False,
    "v4, v3": False,
}
"""Comparisons that tell the carry of v4 = v0 + v1, or something else."""


@pytest.mark.parametrize(("compared", "is_carry"), CARRIES.items())
@pytest.mark.parametrize("added", ["v3, v6", "v6, v4", "v6, v6"])
def test_a_sum_of_pairs_adds_the_carry(compared: str, is_carry: bool, added: str) -> None:
    native = compiled(
        with_ranges(
            f"""function f:
        block0(v0: i64, v1: i64):
            v3: i64 = imul_wrap v0, v1
            v4: i64 = iadd_wrap v0, v1
            v5: bool = ult {compared}
            v6: i64 = ifrom_bool v5
            v7: i64 = iadd_wrap {added}
            ret (v7,v4,v3,)
        """
        )
    )
    assert ("adc" in native.text) == (is_carry and added != "v6, v6")
    agrees_everywhere(native)


def test_a_carry_of_a_sum_further_up_is_compared_for() -> None:
    native = compiled(
        with_ranges("""function f:
        block0(v0: i64, v1: i64):
            v4: i64 = iadd_wrap v0, v1
            v3: i64 = imul_wrap v0, v4
            v5: bool = ult v4, v0
            v6: i64 = ifrom_bool v5
            v7: i64 = iadd_wrap v3, v6
            ret (v7,v4,v6,)
        """)
    )
    assert "adc" not in native.text
    agrees_everywhere(native)


@pytest.mark.parametrize("first", ["ult", "igt", "ieq"])
@pytest.mark.parametrize("second", ["ult", "igt", "ieq"])
def test_choices_by_the_same_operands_compare_once(first: str, second: str) -> None:
    native = compiled(
        with_ranges(f"""function f:
        block0(v0: i64, v1: i64):
            v2: bool = {first} v0, v1
            v3: i64 = select v2, v0, v1
            v4: bool = {second} v0, v1
            v5: i64 = select v4, v1, v0
            v6: bool = ule v0, v1
            br_if v6, block1(v3), block1(v5)
        block1(v7: i64):
            ret v7
        """)
    )
    assert native.text.partition("b5:")[2].count("cmp") == 1
    agrees_everywhere(native)


@pytest.mark.parametrize(
    ("between", "again", "drops"),
    [
        ([], make("cmp", RAX, RCX), True),
        ([make("mov", RDX, RAX), make("setb", RDX)], make("cmp", RAX, RCX), True),
        ([], make("cmp", RCX, RAX), False),
        ([], make("cmp32", RAX, RCX), False),
        ([], make("cmp", RAX, 1), False),
        ([make("mov", RAX, RDX)], make("cmp", RAX, RCX), False),
        ([make("cmovb", RCX, RDX)], make("cmp", RAX, RCX), False),
        ([make("xchg", RDX, RCX)], make("cmp", RAX, RCX), False),
        ([make("sub", RDX, RCX)], make("cmp", RAX, RCX), False),
        ([make("popcnt", RDX, RCX)], make("cmp", RAX, RCX), False),
        ([make("test", RAX, RAX)], make("cmp", RAX, RCX), False),
    ],
)
def test_a_comparison_is_made_again_where_something_has_changed(
    between: list[MachInst], again: MachInst, drops: bool
) -> None:
    insts = [make("cmp", RAX, RCX), *between, again]
    assert drop_tests(insts, make("jb", 0)) == (insts[:-1] if drops else insts)


def test_a_comparison_with_memory_is_made_again() -> None:
    for place, drops in ((Memory(RAX), False), (Slot(1), True)):
        insts = [make("cmp", place, RCX), make("mov", RDX, RCX), make("cmp", place, RCX)]
        assert len(drop_tests(insts, make("jb", 0))) == len(insts) - drops
