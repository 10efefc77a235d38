"""What a program test is: a plain function and the calls that are made of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from types import FunctionType
from typing import TypeVar

from tests.differential import EDGES, SMALL, STRANGERS

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])

ANY = (*EDGES, *STRANGERS)
"""Everything that an argument may be."""
FACTOR = tuple(value for value in ANY if value != "ab")
"""Anything that may be multiplied by anything: no long text."""
COUNT = (*SMALL, None, 0.0, 1.5, -2.5, "ab")
"""Trip counts: nothing in it runs long."""
CALLS = 90
"""How many calls are drawn from the product of a program's argument pools."""


@dataclass(frozen=True, slots=True)
class Program:
    function: FunctionType
    calls: Sequence[Sequence[object]]


PROGRAMS: list[Program] = []


def on(*pools: Sequence[object]) -> Callable[[FunctionT], FunctionT]:
    """Test the function on arguments drawn from a pool for each of its parameters."""

    def register(function: FunctionT) -> FunctionT:
        assert isinstance(function, FunctionType)
        calls = [tuple(pool[min(3, len(pool) - 1)] for pool in pools)]
        every = list(product(*pools))
        drawn = random.Random(function.__qualname__)
        calls += every if len(every) <= CALLS else drawn.sample(every, CALLS)
        PROGRAMS.append(Program(function, calls))
        return function

    return register
