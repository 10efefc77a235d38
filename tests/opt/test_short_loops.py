"""With registers of 8 bits: a loop that lost its poll ends soon, wherever it starts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest

from tests.ir.translated import translated
from tests.opt.narrow_words import registers_of
from tracejit.ir.function import Function
from tracejit.ir.interpreter import OutOfFuel
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.opt.short_loops import MAX_ITERATIONS, short_loops

LOOP = """
function f:
block0(v0: i64):
    v1: i64 = iconst {start}
    v2: i64 = iconst {bound}
    v3: i64 = iconst {by}
    v4: i64 = iconst -1
    jump block1({first})
block1(v5: i64):
    v6: i64 = iadd_wrap v5, v4
    v7: i64 = {step}
    poll                             exit[interrupt] @2 x=v7
    v8: bool = {compare} {tested}, v2
    br_if v8, {ways}
block2():
    ret v7
"""
STARTS = (-128, -3, -1, 0, 1, 5, 64, 127)
PER_ITERATION = 5
STEPS = (
    *[f"{op} v5, v3" for op in ("ishr_wrap", "ushr_wrap", "ifloordiv_wrap", "ufloordiv_wrap")],
    *[f"{op} v5, v3" for op in ("iadd_wrap", "ishl_wrap", "imul_wrap", "isub_wrap")],
    *("isub_wrap v3, v5", "iand v5, v6", "iand v6, v5", "ixor v5, v3", "ineg_wrap v5"),
)
DOUBLING = ("ishl_wrap v5, v3", "imul_wrap v5, v3", "iadd_wrap v5, v5")
COMPARES = ("ieq", "ine", "ilt", "ile", "igt", "ige", "ult", "uge")
WAYS = ("block1(v7), block2()", "block2(), block1(v7)")


def loop(step: str, compare: str, tested: str, ways: str, first: str, **numbers: int) -> Function:
    return parse(
        LOOP.format(step=step, compare=compare, tested=tested, ways=ways, first=first, **numbers)
    )


def end_soon(function: Function, starts: Sequence[int]) -> bool:
    run = translated(function, steps=10 + PER_ITERATION * MAX_ITERATIONS)
    try:
        for start in starts:
            run([start])
    except OutOfFuel:
        return False
    return True


@pytest.mark.parametrize("step", STEPS)
def test_without_a_poll_it_ends_soon(step: str) -> None:
    dropped = 0
    natural = step.startswith(("ishr", "ifloordiv"))
    with registers_of(8):
        for compare, tested, ways, first in product(COMPARES, ("v5", "v7"), WAYS, ("v0", "v1")):
            function = loop(step, compare, tested, ways, first, start=0, bound=0, by=0)
            entry, block = function.blocks[:2]
            insts = list(block.insts)
            for numbers in product((1,) if natural else (-3, 1), (0, 1, 8), (1, 2, 3, -2)):
                for constant, number in zip(entry.insts, numbers, strict=False):
                    constant.imm = number
                block.insts = list(insts)
                if natural:
                    function.ranges[block.params[0]] = (0, 127)
                short_loops(function)
                if any(inst.op is Op.poll for inst in function.insts()):
                    continue
                dropped += 1
                starts = [x for x in STARTS if x >= 0] if natural else STARTS
                assert end_soon(function, starts if first == "v0" else [0]), numbers
    assert dropped or step.startswith(("ineg", "ixor"))


@pytest.mark.parametrize(
    ("step", "fits"),
    [
        *[(step, True) for step in DOUBLING],
        *[(DOUBLING[0], False), ("iadd_wrap v5, v3", True), ("iadd_wrap v5, v6", True)],
    ],
)
def test_what_doubles_within_its_range_ends_soon(step: str, fits: bool) -> None:
    numbers = {"start": 1, "bound": 100, "by": 2}
    function = loop(step, "ilt", "v7", WAYS[0], "v0", **numbers)
    block = function.blocks[1]
    function.ranges[block.params[0]] = (1, 99)
    if fits:
        function.ranges[block.insts[1].value] = (2, 198)
    short_loops(function)
    doubles = fits and step in DOUBLING
    assert any(inst.op is Op.poll for inst in function.insts()) is not doubles
