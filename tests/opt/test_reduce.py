"""Remainders by constants without a division are exact, and within the bounds that are claimed."""

from __future__ import annotations

from itertools import product

import pytest

from tests.opt.narrow_words import registers_of
from tests.opt.test_eight_bits import PAIR_BITS, WORDS, Program, check
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.types import I64, unsigned, wrap_i64
from tracejit.ir.value import Value
from tracejit.opt.intervals import Interval
from tracejit.opt.reduce import Reducer, Reduction, Way, cheapest, split

FAR = 1000
"""More cycles than any reduction takes."""
NEAR_POWERS = sorted(
    {(1 << k) + c for k in range(2, 9) for c in (-5, -3, -1, 1, 3)} & set(range(3, 256))
)


class Machine:
    """Computes what a reduction asks for at once, and checks what it says of the result."""

    def __init__(self) -> None:
        self.numbers: dict[Value, int] = {}

    def given(self, number: int) -> Value:
        value = Value(len(self.numbers), I64)
        self.numbers[value] = wrap_i64(number)
        return value

    def new(self, inst: Inst, bounds: Interval) -> Value:
        assert inst.op.meaning is not None
        found = int(inst.op.meaning(*(self.numbers[arg] for arg in inst.args)))
        low, high = bounds
        assert low <= (found if low < 0 else unsigned(found)) <= high
        return self.given(found)

    def remainder(self, how: Reduction, *operands: int) -> int:
        reducer = Reducer(how, self.new, self.given)
        values = [self.given(number) for number in operands]
        found = reducer.of_one(*values) if len(values) == 1 else reducer.of_two(*values)
        return unsigned(self.numbers[found])


def test_a_modulus_is_close_to_a_power_of_two() -> None:
    for modulus in range(3, 300):
        shift, factor = split(modulus)
        assert modulus == (1 << shift) - factor
        assert abs(factor) <= modulus // 3 + 1


@pytest.mark.parametrize(
    "bounds", [(-128, 127), (0, 255), (-20, 90), (-3, 120), (60, 120), (-127, 127)]
)
def test_what_a_register_holds_is_reduced_exactly(bounds: Interval) -> None:
    with registers_of(8):
        for modulus in NEAR_POWERS:
            how = cheapest(bounds, modulus, FAR)
            if how is not None:
                for x in range(bounds[0], bounds[1] + 1):
                    assert Machine().remainder(how, x) == x % modulus


@pytest.mark.parametrize("bounds", [(0, 225), (-128, 127), (-120, 105), (-16, 70)])
def test_a_pair_by_the_goldilocks_prime(bounds: Interval) -> None:
    """With registers of four bits."""
    how = Reduction(Way.GOLDILOCKS, 13, bounds)
    with registers_of(4):
        for x in range(bounds[0], bounds[1] + 1):
            assert Machine().remainder(how, x >> 4, x) == x % 13


@pytest.mark.parametrize("bounds", [(-100, 20), (-1, 0), (-3, 60)])
def test_what_may_be_negative_is_raised(bounds: Interval) -> None:
    p = Program()
    low, high = bounds
    clamped = p.emit(Op.imax, p.emit(Op.imin, p.x, p.const(high)), p.const(low))
    made = [p.emit(Op.imod, clamped, p.const(modulus)) for modulus in (3, 10, 11, 13, 77)]
    check(p.ret(*made), WORDS, [0], exits=False)


def divisions(p: Program) -> int:
    return sum(
        inst.op in (Op.imod, Op.ifloordiv) or "mod" in inst.op.name or "div" in inst.op.name
        for inst in p.function.insts()
    )


@pytest.mark.parametrize("op", [Op.iadd, Op.isub], ids=lambda op: op.name)
@pytest.mark.parametrize("modulus", [3, 5, 7, 8, 9, 11, 13, 15])
def test_sums_and_differences_of_remainders(op: Op, modulus: int) -> None:
    for first, second in product((False, True), repeat=2):
        p = Program(PAIR_BITS)
        x = p.unsigned(p.x) if first else p.x
        y = p.unsigned(p.y) if second else p.y
        residues = [p.emit(Op.imod, value, p.const(modulus)) for value in (x, y)]
        made = p.emit(Op.imod, p.emit(op, *residues), p.const(modulus))
        check(p.ret(made), range(-8, 8), range(-8, 8), bits=PAIR_BITS)


@pytest.mark.parametrize("modulus", [7, 15, 17, 31, 61, 63, 65, 127, 129, 241, 251, 255])
def test_remainders_of_products(modulus: int) -> None:
    for factor in (3, 7, -5, 100, 200):
        p = Program()
        made = p.emit(Op.imul, p.x, p.const(factor), hidden=True)
        check(p.ret(p.emit(Op.imod, made, p.const(modulus))), WORDS, [0], exits=False)


@pytest.mark.parametrize("modulus", [31, 127, 241])
def test_a_square_and_what_is_added_to_its_remainder(modulus: int) -> None:
    p = Program()
    small = p.emit(Op.iand, p.x, p.const(63))
    square = p.emit(Op.imod, p.emit(Op.imul, small, small), p.const(modulus))
    total = p.emit(Op.imod, p.emit(Op.iadd, square, small), p.const(modulus))
    check(p.ret(square, total), WORDS, [0])


def test_a_remainder_shares_the_division_of_a_quotient() -> None:
    p = Program()
    x = p.emit(Op.iand, p.x, p.const(63))
    quotient = p.emit(Op.ifloordiv, x, p.const(31))
    function = p.ret(quotient, p.emit(Op.imod, x, p.const(31)))
    check(function, WORDS, [0], exits=False)
    assert divisions(p) == 1
