"""An unrolled loop gives and leaves what the loop would have."""

from __future__ import annotations

from itertools import product

import pytest

from tests.ir.translated import translated
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.verifier import verify
from tracejit.opt.unroll import MAX_INSTS, MAX_ITERATIONS, unroll

TEST_AT_THE_TOP = """
function f:
block0(v0: i64):
    v1: i64 = iconst {start}
    v2: i64 = iconst {bound}
    v3: i64 = iconst {by}
    jump block1(v1, v0)
block1(v4: i64, v5: i64):
    v6: i64 = iadd_wrap v5, v4
    v7: bool = {compare} v4, v2
    br_if v7, {ways}
block2():
    v8: i64 = ifloordiv_ovf v6, v4   exit[zero-division] @2 i=v4 t=v5 | v6
    v9: i64 = {step}
    poll                             exit[interrupt] @4 i=v9 t=v8
    jump block1(v9, v8)
block3():
    ret (v4,v5,v6,)
"""
TEST_AT_THE_BOTTOM = """
function f:
block0(v0: i64):
    v1: i64 = iconst {start}
    v2: i64 = iconst {bound}
    v3: i64 = iconst {by}
    jump block1(v1, v0)
block1(v4: i64, v5: i64):
    v8: i64 = ifloordiv_ovf v5, v4   exit[zero-division] @2 i=v4 t=v5
    poll                             exit[interrupt] @4 i=v4 t=v8
    v9: i64 = {step}
    v7: bool = {compare} v9, v2
    br_if v7, {ways}
block2():
    jump block1(v9, v8)
block3():
    ret (v4,v5,v8,v9,)
"""
STEPS = ("iadd_wrap v4, v3", "isub_wrap v3, v4", "imul_wrap v4, v3", "ishl_wrap v4, v3")
COMPARES = ("ieq", "ine", "ilt", "igt")
NUMBERS = (-100, -1, 0, 1, 7, 2**63 - 1)


@pytest.mark.parametrize("text", [TEST_AT_THE_TOP, TEST_AT_THE_BOTTOM])
@pytest.mark.parametrize("ways", ["block2(), block3()", "block3(), block2()"])
@pytest.mark.parametrize("step", STEPS)
def test_it_gives_and_leaves_what_the_loop_would_have(text: str, ways: str, step: str) -> None:
    unrolled = 0
    for compare, start, bound, by in product(COMPARES, (-3, 0, 1), (0, 5, 17), (1, 2, 40)):
        numbers = {"start": start, "bound": bound, "by": by}
        looping, function = (
            parse(text.format(ways=ways, step=step, compare=compare, **numbers)) for _ in range(2)
        )
        unroll(function)
        verify(function, "machine")
        if any(inst.op is Op.poll for inst in function.insts()):
            continue
        unrolled += 1
        expected, found = translated(looping), translated(function)
        for number in NUMBERS:
            assert found([number]) == expected([number]), (compare, numbers, number)
    assert unrolled


@pytest.mark.parametrize(
    ("bound", "is_unrolled"), [(1, True), (MAX_ITERATIONS, True), (MAX_ITERATIONS + 1, False)]
)
def test_few_iterations_are_unrolled(bound: int, is_unrolled: bool) -> None:
    text = TEST_AT_THE_TOP.format(
        start=1, bound=bound + 1, by=1, ways="block2(), block3()", compare="ilt", step=STEPS[0]
    )
    function = parse(text)
    assert 2 * MAX_ITERATIONS <= MAX_INSTS
    unroll(function)
    assert any(inst.op is Op.poll for inst in function.insts()) is not is_unrolled
