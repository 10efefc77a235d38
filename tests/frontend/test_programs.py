"""The IR of every program, run by the interpreter of the IR, does what CPython does."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from copy import deepcopy
from types import FunctionType

import pytest

from tests.differential import fresh
from tests.frontend.continuing import Exits, arguments, at, beyond, exact, finished, observed
from tests.programs import arithmetic, calls, errors, inlined, loops, recursion, sequences
from tests.programs.program import PROGRAMS, Program
from tracejit.frontend.unsupported import Unsupported

MODULES = {
    module.__name__ for module in (arithmetic, calls, errors, inlined, loops, recursion, sequences)
}
OWN = [program for program in PROGRAMS if program.function.__module__ in MODULES]
CALLS = 8


def exits_to_try(draw: random.Random) -> Iterator[Exits]:
    yield exact
    yield beyond(64)
    yield beyond(9)
    for _ in range(4):
        yield at(draw.randrange(40))


def check(function: FunctionType, calls: Sequence[Sequence[object]]) -> None:
    draw = random.Random(function.__qualname__)
    for given in calls:
        if arguments(function, given) is None:
            continue
        with warnings.catch_warnings(record=True) as expected_warnings:
            warnings.simplefilter("always")
            args = deepcopy(given)
            expected = observed(fresh(function), args, args)
        if expected[1] and expected[1][0] is RecursionError:
            continue  # The interpreter of the IR makes more frames.
        for number, exits in enumerate(exits_to_try(draw)):
            with warnings.catch_warnings(record=True) as found_warnings:
                warnings.simplefilter("always")
                args = arguments(function, deepcopy(given)) or []
                found = finished(fresh(function), args, exits, bridges=number % 3)
            assert found == expected, (function.__name__, given, number)
            assert len(found_warnings) == len(expected_warnings)


@pytest.mark.parametrize("program", OWN, ids=lambda program: program.function.__name__)
def test_a_program_built_and_interpreted_does_what_cpython_does(program: Program) -> None:
    draw = random.Random(program.function.__qualname__)
    calls = list(program.calls)
    try:
        check(program.function, draw.sample(calls, min(CALLS, len(calls))))
    except Unsupported as reason:
        pytest.skip(f"left alone: {reason}")
