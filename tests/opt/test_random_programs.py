"""Every pass leaves the meaning of random programs alone."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.opt.generate import EDGES, generate
from tests.opt.observe import Observed, TooMuch, observe
from tracejit.ir.function import Function
from tracejit.ir.printer import print_function
from tracejit.ir.types import DIGIT_MAX, INT
from tracejit.ir.verifier import verify
from tracejit.opt.intervals import I64_RANGE, Interval
from tracejit.opt.pipeline import optimise
from tracejit.opt.wide import NoExit

PROGRAMS = 120
INPUTS = 5
BOUNDS = (I64_RANGE, (-DIGIT_MAX, DIGIT_MAX), I64_RANGE, (0, DIGIT_MAX))
"""Of the arguments."""


class Broken(AssertionError):
    """A pass changed what a program means."""


def inputs(seed: int, bounds: Interval) -> list[Sequence[object]]:
    rng = random.Random(~seed)
    low, high = bounds
    numbers = [n for n in (*bounds, *EDGES, *range(-12, 13)) if low <= n <= high]
    return [(rng.choice(numbers), rng.choice(numbers), rng.random() < 0.5) for _ in range(INPUTS)]


def check(seed: int) -> int:
    """Compare the program before and after each pass; the number of runs compared."""
    function = generate(seed)
    bounds = BOUNDS[seed % len(BOUNDS)]
    function.ranges = {param: bounds for param in function.entry.params if param.type == INT}
    verify(function, "exact")
    before: dict[int, Observed] = {}
    given = inputs(seed, bounds)
    for at, args in enumerate(given):
        try:
            before[at] = observe(function, args)
        except TooMuch:
            continue
    stage = "exact"

    def on_pass(name: str, function: Function) -> None:
        nonlocal stage
        stage = "machine" if name == "narrow" else stage
        verify(function, stage)
        for at, expected in before.items():
            try:
                problem = difference(expected, observe(function, given[at], 20_000))
            except TooMuch:
                problem = "does not end"
            if problem:
                raise Broken(f"{seed}: {name}{given[at]}: {problem}\n{print_function(function)}")

    try:
        optimise(function, on_pass)
    except NoExit:
        return 0
    return len(before)


def difference(before: Observed, after: Observed) -> str:
    """What is wrong with a run, given the run of the exact program; nothing if it is fine."""
    if after.stray:
        return after.stray[0]
    if after.returned is not None:
        return "" if after.returned == before.returned else f"{before} became {after}"
    if after.left == before.left:
        return ""
    if after.left not in before.states:
        return f"left in a state that was not passed: {after.left} of {before}"
    return "left without a reason" if before.fits and not after.negative else ""


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_passes_keep_the_meaning(seed: int) -> None:
    check(seed)
