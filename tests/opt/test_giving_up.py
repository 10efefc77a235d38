"""Where range analysis finds no fixpoint in time, what it says instead holds too."""

from __future__ import annotations

from types import FunctionType

import pytest

from tests.differential import compare, fresh
from tests.eager import strict
from tests.opt.test_random_programs import check
from tracejit import tracejit
from tracejit.opt import ranges


def handed_round(a: int, b: int, c: int) -> tuple[object, ...]:
    x = a
    for _ in range(3):
        x, b, c = b, c, x
    return x, b, c, x < b


def reduced(a: int, b: int, c: int) -> tuple[object, ...]:
    power = 1
    for _ in range(4):
        power = power * (b & 255) % 18446744073709551557
        c = c * c % 18446744073709551557
        a = c - 1 if a < b else -a
    return power, c, a


CALLS = [
    (2**64 - 1, 5, -3),
    (-3, 2**64 - 1, 5),
    (2**63, -(2**63), 2**63 - 1),
    (7, 2**63 - 1, 2**64 - 2),
    (-7, 2**31, True),
]


@pytest.mark.parametrize("sweeps", [0, 1])
@pytest.mark.parametrize("program", [handed_round, reduced])
def test_a_program_comes_out_as_in_cpython(
    program: FunctionType, sweeps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "MAX_SWEEPS", sweeps)
    for first in range(len(CALLS)):
        with strict():
            compare(program, tracejit(fresh(program)), CALLS[first:] + CALLS[:first], 2)


@pytest.mark.parametrize("seed", range(10_000, 10_120, 4))
def test_a_random_program_keeps_its_meaning(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "MAX_SWEEPS", seed % 8 // 4)
    check(seed)
