"""Every transfer function bounds what its opcode computes, checked member by member."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations_with_replacement, product

import pytest

from tracejit.ir.ops import Op, Opcode, Undefined
from tracejit.ir.types import BOOL, fits_i64
from tracejit.opt.intervals import TRANSFER, Interval, square

SMALL = 5
INTEGER_OPS = [op for op in TRANSFER if BOOL not in op.operands]
BOOLEAN_OPS = [op for op in TRANSFER if BOOL in op.operands]


def intervals(low: int, high: int) -> list[Interval]:
    return list(combinations_with_replacement(range(low, high + 1), 2))


def members(interval: Interval) -> range:
    return range(interval[0], interval[1] + 1)


def results(op: Opcode, given: tuple[Interval, ...]) -> Iterator[int]:
    assert op.meaning is not None
    for operands in product(*map(members, given)):
        try:
            result = int(op.meaning(*operands))
        except Undefined:
            continue
        if fits_i64(result):  # The others leave; far shifts are not bounded exactly.
            yield result


def check(op: Opcode, given: tuple[Interval, ...]) -> None:
    low, high = TRANSFER[op](*given)
    for result in results(op, given):
        assert low <= result <= high, f"{op.name}{given} gives {result}, outside {low}..{high}"


@pytest.mark.parametrize("op", INTEGER_OPS, ids=lambda op: op.name)
def test_every_small_interval(op: Opcode) -> None:
    for given in product(intervals(-SMALL, SMALL), repeat=len(op.operands)):
        check(op, given)


def test_every_small_interval_squared() -> None:
    for interval in intervals(-SMALL, SMALL):
        found = [x * x for x in members(interval)]
        assert square(interval) == (min(found), max(found))


@pytest.mark.parametrize("op", BOOLEAN_OPS, ids=lambda op: op.name)
def test_every_interval_of_booleans(op: Opcode) -> None:
    for given in product(intervals(0, 1), repeat=len(op.operands)):
        check(op, given)


@pytest.mark.parametrize("op", INTEGER_OPS, ids=lambda op: op.name)
def test_intervals_of_eight_bits(op: Opcode) -> None:
    rng = random.Random(op.name)
    for _ in range(6):
        given = [sorted((rng.randint(-128, 127), rng.randint(-128, 127))) for _ in op.operands]
        check(op, tuple((low, high) for low, high in given))


@pytest.mark.parametrize("op", INTEGER_OPS, ids=lambda op: op.name)
def test_single_operands_give_single_results(op: Opcode) -> None:
    assert op.meaning is not None
    if op in (Op.iand, Op.ior, Op.ixor, Op.ibit_count):
        return  # These bound by powers of two; constants are folded before.
    for operands in product(range(-SMALL, SMALL + 1), repeat=len(op.operands)):
        try:
            result = int(op.meaning(*operands))
        except Undefined:
            continue
        assert TRANSFER[op](*((x, x) for x in operands)) == (result, result)
