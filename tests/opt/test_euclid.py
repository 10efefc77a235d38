"""Stein's algorithm gives what the loop of remainders gave, and nothing else is taken for one."""

from __future__ import annotations

from itertools import product

import pytest

from tests.opt.narrow_words import registers_of
from tracejit.ir.function import Function
from tracejit.ir.interpreter import interpret
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.printer import print_function
from tracejit.ir.verifier import verify
from tracejit.opt.euclid import euclid

BITS = 6
LOOP = """
function f:
block0(v0: i64, v1: i64):
    v2: i64 = iconst 0
    v3: bool = {entered} v1, v2
    v6: i64 = iconst 1
    br_if v3, block1(), {otherwise}
block1():
    v4: i64 = {first}
    v5: bool = {test} v4, v2
    br_if v5, {ways}
block2(v1{x}: i64, v1{y}: i64):
    poll                             exit[interrupt] @2 a=v10 b=v11
    v12: i64 = {again}
    v17: i64 = {more}
    v13: bool = {test} {tested}
    br_if {decides}, {back}
block3(v14: i64, v15: i64):
    v16: i64 = iadd_wrap v14, v15
    jump block4({end}, v15)
block4(v18: i64, v19: i64):
    ret (v18,v19,)
"""
PARTS = {
    "entered": "ine",
    "test": "ine",
    "tested": "v12, v2",
    "decides": "v13",
    "more": "iconst 5",
    "otherwise": "block4(v0, v1)",
    "first": "imod_wrap v0, v1",
    "again": "imod_wrap v10, v11",
    "given": "v1, v4",
    "next": "v11, v12",
    "last": "v11, v12",
    "end": "v14",
}
OPS = ("imod_wrap", "imod_ovf", "umod_wrap")
TESTS = ("ine", "ieq", "igt", "ile", "ugt")


def loop(swapped: bool = False, turned: bool = False, **parts: str) -> Function:
    """With the parameters in the other order, with the ways of the branches turned round."""
    parts = PARTS | parts
    if parts["again"].startswith("imod_ovf"):
        parts["again"] += " exit[zero-division] @4 a=v10 b=v11"
    given, following = parts["given"], parts["next"]
    if swapped:
        given, following = (", ".join(each.split(", ")[::-1]) for each in (given, following))
    ways = [f"block2({given})", "block4(v1, v4)"]
    back = [f"block2({following})", f"block3({parts['last']})"]
    if turned:
        ways.reverse()
        back.reverse()
    parts |= {"ways": ", ".join(ways), "back": ", ".join(back)}
    return parse(LOOP.format(x=int(swapped), y=1 - swapped, **parts))


def is_replaced(function: Function) -> bool:
    before = print_function(function)
    euclid(function)
    verify(function, "machine")
    counts = [inst.value for inst in function.insts() if inst.op is Op.itrailing_zeros]
    assert counts or print_function(function) == before
    assert all(function.range_of(count) == (0, 63) for count in counts)
    return bool(counts)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("op", OPS)
def test_every_pair_of_integers_has_the_divisor_it_had(op: str, test: str, swapped: bool) -> None:
    parts = {"test": test, "entered": "igt" if test in ("igt", "ile") else "ine"}
    parts["first"] = f"{op.replace('ovf', 'wrap')} v0, v1"
    expected, function = (
        loop(swapped, test in ("ieq", "ile"), again=f"{op} v10, v11", **parts) for _ in range(2)
    )
    if op == "umod_wrap" and test in ("igt", "ile"):
        assert not is_replaced(function)
        return
    assert is_replaced(function)
    half = 1 << BITS - 1
    step = 1 if test == "ine" and not swapped else 7
    with registers_of(BITS):
        for args in product(range(-half, half), range(-half, half, step)):
            assert interpret(function, args) == interpret(expected, args), args


def test_what_is_known_to_be_positive_needs_no_division_in_a_loop() -> None:
    for op, low, divides in (
        ("imod_wrap", 0, False),
        ("imod_wrap", -1, True),
        ("imod_ovf", 0, True),
        ("umod_wrap", -1, False),
    ):
        first = f"{op.replace('ovf', 'wrap')} v0, v1"
        function = loop(first=first, again=f"{op} v10, v11")
        block = function.blocks[2]
        function.ranges[block.params[1]] = (low, 2**63 - 1)
        assert is_replaced(function)
        assert (block in function.blocks) == divides


NOT_EUCLID: dict[str, dict[str, str]] = {
    "another remainder": {"again": "imod_wrap v11, v10"},
    "a remainder by itself": {"again": "imod_wrap v11, v11"},
    "a remainder of something else": {"again": "imod_wrap v0, v11"},
    "a quotient": {"again": "ifloordiv_wrap v10, v11"},
    "more is computed": {"more": "iadd_wrap v10, v11"},
    "the dividend goes on": {"next": "v10, v12"},
    "the remainder comes twice": {"next": "v12, v12"},
    "it stops at 1": {"tested": "v12, v6"},
    "the divisor is tested": {"tested": "v11, v2"},
    "something else decides": {"decides": "v3"},
    "it goes on where nothing remains": {"test": "ieq"},
    "it goes on where what remains is negative": {"test": "ilt"},
    "the dividend is asked for": {"last": "v10, v12"},
    "a constant of the loop is asked for": {"last": "v11, v17"},
    "the divisor is read behind": {"end": "v11"},
}


@pytest.mark.parametrize("parts", NOT_EUCLID.values(), ids=NOT_EUCLID)
def test_other_loops_stay(parts: dict[str, str]) -> None:
    for swapped in (False, True):
        assert is_replaced(loop(swapped))
        assert not is_replaced(loop(swapped, **parts))


BEGINS: dict[str, dict[str, str]] = {
    "with a remainder": {"takes": "0"},
    "with the arguments": {"given": "v0, v1"},
    "with the divisor and the dividend": {"given": "v1, v0"},
    "with another divisor": {"given": "v6, v4"},
    "with a remainder of another kind": {"first": "umod_wrap v0, v1"},
    "with a quotient": {"first": "ifloordiv_wrap v0, v1"},
    "with an unsigned quotient": {
        "again": "umod_wrap v10, v11",
        "first": "ufloordiv_wrap v0, v1",
        "takes": "0",  # The loop's own is not there any more.
    },
    "in two ways": {"entered": "igt", "otherwise": "block2(v0, v0)"},
}


@pytest.mark.parametrize("parts", BEGINS.values(), ids=BEGINS)
def test_the_first_remainder_is_taken_unless_it_was(parts: dict[str, str]) -> None:
    parts = {"again": "imod_ovf v10, v11", **parts}
    taken = parts.pop("takes", "1")
    expected, function = loop(**parts), loop(**parts)
    assert is_replaced(function)
    with registers_of(BITS):
        for args in product(range(-32, 32, 3), range(-32, 32)):
            assert interpret(function, args) == interpret(expected, args), args
    more, before = (
        sum(inst.op in (Op.imod_wrap, Op.umod_wrap) for inst in each.insts())
        for each in (function, expected)
    )
    assert more - before == int(taken)


TWO_LOOPS = """
function f:
block0(v0: i64, v1: i64):
    v2: i64 = iconst 0
    v3: i64 = imod_wrap v0, v1
    v4: bool = ine v3, v2
    br_if v4, block1(v1, v3), block3(v1)
block1(v5: i64, v6: i64):
    v7: i64 = imod_wrap v5, v6
    v8: bool = ine v7, v2
    br_if v8, block1(v6, v7), block2(v6, v7)
block2(v9: i64, v10: i64):
    v11: i64 = imod_ovf v9, v10      exit[zero-division] @2 a=v9 b=v10
    v12: bool = ine v11, v2
    br_if v12, block2(v10, v11), block3(v10)
block3(v13: i64):
    ret v13
"""


def test_a_loop_that_ends_where_another_one_begins_stays() -> None:
    expected, function = parse(TWO_LOOPS), parse(TWO_LOOPS)
    assert is_replaced(function)
    for args in product((-12, 1, 18, 35), (-9, 1, 4, 12)):
        assert interpret(function, args) == interpret(expected, args)
    function = parse(TWO_LOOPS.replace("imod_ovf", "umod_wrap").replace("imod", "umod"))
    assert is_replaced(function)
    assert sum(inst.op is Op.umod_wrap for inst in function.insts()) == 2
