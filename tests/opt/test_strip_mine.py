"""However much fuel there is, a strip-mined loop does what it did, up to the ends of registers."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.ir.translated import translated
from tests.opt.narrow_words import registers_of
from tracejit.ir.function import Function
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.types import unsigned
from tracejit.ir.verifier import verify
from tracejit.opt.strip_mine import strip_mine

LOOP = """
function f:
block0(v0: i64, v1: i64):
    v2: i64 = iconst {step}
    v3: i64 = iconst 0
    v4: bool = {test} {start}, {stop}
    br_if v4, block1({start}, v3), block3(v3)
block1(v5: i64, v6: i64):
    v7: i64 = iadd_wrap v5, v2
    v8: i64 = ixor v5, v6
    v9: i64 = imul_ovf v8, v2        exit[overflow] @2 x=v6 | v7
    v10: i64 = iconst 77
    v11: bool = ieq v9, v10
    br_if v11, block3(v9), block2()
block2():
    poll                             exit[interrupt] @4 x=v9 i=v5 | v7
    v12: bool = {test} v7, {stop}
    br_if v12, block1(v7, v9), block3(v9)
block3(v13: i64):
    ret v13
"""
BITS = 5


def limited(function: Function, fuel: list[int], tank: int) -> Function:
    """The function with so much fuel, of which each poll makes a full tank again."""

    def prepay(wanted: int) -> int:
        paid = min(unsigned(wanted), fuel[0])
        fuel[0] -= paid
        return paid

    def refund(given: int) -> int:
        fuel[0] += given
        assert 0 <= fuel[0] <= tank
        return 0

    def poll() -> int:
        assert fuel[0] == 0
        fuel[0] = tank
        return 0

    meanings = {Op.prepay: prepay, Op.refund: refund, Op.poll: poll}
    for inst in function.insts():
        if inst.op in meanings:
            inst.result = inst.result or function.new_value("i64", inst)
            inst.op = replace(inst.op, meaning=meanings[inst.op])
    return function


@pytest.mark.parametrize(("test", "step"), [("ilt", 1), ("ilt", 3), ("igt", -1), ("igt", -2)])
@pytest.mark.parametrize(("start", "stop"), [("v0", "v1"), ("v3", "v1"), ("v0", "v3")])
@pytest.mark.parametrize("tank", [1, 2, 7, 100])
def test_it_does_what_it_did(test: str, step: int, start: str, stop: str, tank: int) -> None:
    text = LOOP.format(test=test, step=step, start=start, stop=stop)
    expected, mined = translated(parse(text)), parse(text)
    strip_mine(mined)
    verify(mined, "machine")
    assert any(inst.op is Op.prepay for inst in mined.insts())
    fuel = [tank]
    found = translated(limited(mined, fuel, tank))
    most = (1 << BITS - 1) - abs(step)  # Else the variable would not fit.
    with registers_of(BITS):
        for args in product(range(-most, most + 1), repeat=2):
            fuel[0] = tank if args[0] % 2 else 0
            assert found(args) == expected(args), args
