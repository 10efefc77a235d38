"""Native loops that pay in advance: same results with any fuel, as many polls, nothing lost."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from tests.backend.native import DUMP, POLLED, Native, compiled, make_target
from tracejit.ir.interpreter import Left, interpret
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.verifier import verify
from tracejit.opt.pipeline import PASSES
from tracejit.opt.strip_mine import strip_mine

TWICE = """
function f:
block0(v0: i64, v1: i64):
    v2: i64 = iconst {step}
    v3: i64 = iconst 1
    v4: i64 = iconst 1000
    jump block1(v0, v3)
block1(v5: i64, v6: i64):
    v7: i64 = iadd_wrap v5, v2
    v8: i64 = ishl_ovf v6, v3        exit[overflow] @2 x=v6 i=v5 | v7
    poll                             exit[interrupt] @4 x=v8 i=v5 | v7
    v12: bool = {test} v7, v1
    br_if v12, block1(v7, v8), block4()
block4():
    jump block2(v0)
block2(v9: i64):
    v10: i64 = iadd_wrap v9, v2
    v13: i64 = ixor v8, v10
    v14: i64 = iand v13, v4
    v15: bool = ieq v14, v4
    br_if v15, block3(v13), block5()
block5():
    poll                             exit[interrupt] @6 x=v13 | v10
    v16: bool = {test} v10, v1
    br_if v16, block2(v10), block3(v13)
block3(v17: i64):
    ret v17
"""
FUELS = (1, 2, 3, 7, 1000)
R15 = 15


def polls() -> ctypes.c_int64:
    return ctypes.c_int64.from_address(POLLED + 16)


def twice(step: int, test: str, fuel: int) -> Native:
    function = parse(TWICE.format(step=step, test=test))
    strip_mine(function)
    verify(function, "machine")
    assert [inst.op for inst in function.insts()].count(Op.prepay) == 4
    ctypes.c_int64.from_address(POLLED).value = 0
    ctypes.c_int64.from_address(POLLED + 8).value = fuel
    polls().value = 0
    return compiled(function, target=make_target(fuel=fuel))


def ranges(step: int) -> Iterator[tuple[int, int]]:
    far = 2**63 - 1 - abs(step)
    for start in (0, 3, -2, -far, far - 20):
        for length in (1, 2, 5, 20):
            yield (start, start + length) if step > 0 else (start + length, start)
    yield from [(-far, far), (0, far)] if step > 0 else [(far, -far), (far, 0)]


@pytest.mark.parametrize("fuel", FUELS)
@pytest.mark.parametrize(("step", "test"), [(1, "ilt"), (2, "ilt"), (-1, "igt"), (-3, "igt")])
def test_any_fuel_will_do(step: int, test: str, fuel: int) -> None:
    native = twice(step, test, fuel)
    expected = parse(TWICE.format(step=step, test=test))
    for args in ranges(step):
        assert native(*args) == interpret(expected, args), (args, native.text)


@pytest.mark.parametrize("fuel", FUELS)
def test_it_polls_once_the_fuel_is_spent(fuel: int) -> None:
    native = twice(1, "ilt", fuel)
    native(1, 41)
    assert 80 // fuel - 2 <= polls().value <= 80 // fuel + 2


@pytest.mark.parametrize("fuel", FUELS)
def test_an_exit_gives_back_what_is_not_spent(fuel: int) -> None:
    """A one that doubles leaves in the 63rd iteration."""
    native = twice(1, "ilt", fuel)
    assert isinstance(native(1, 1000), Left)
    left = ctypes.c_int64.from_address(DUMP + 8 * R15).value
    assert 62 <= polls().value * fuel + fuel - left <= 64


def test_the_pass_is_in_the_pipeline() -> None:
    assert strip_mine in PASSES
