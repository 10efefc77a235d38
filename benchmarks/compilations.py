"""Compiling functions for the first time, in processes that have compiled other ones before.

`python -m benchmarks.compilations SEED KERNEL...` compiles the kernels in a random order, then what
shows how the time grows, and prints the seconds of each.
"""

from __future__ import annotations

import importlib
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from math import inf
from types import FunctionType

from benchmarks import first_call, kernels, long_function, overflow, sides
from tracejit import stats, tracejit

LENGTHS = (200, 2000)
"""Of the long functions, in bytecode instructions."""


def main(seed: str, *names: str) -> None:
    print(json.dumps(compile_all(int(seed), names)))


def compile_all(seed: int, names: Sequence[str]) -> dict[str, float]:
    """The seconds that compiling takes, by kernel, length or `first_call`."""
    compiled_in(overflow.kernel, (2, 3), 6)  # Loads what the first compilation loads.
    found: dict[str, float] = {}
    for name in random.Random(seed).sample(names, len(names)):
        module = importlib.import_module(f"{kernels.__name__}.{name}")
        found[name] = compiled_in(module.kernel, module.ARGUMENTS, module.ANSWER)
    found["first_call"] = first_call.seconds()
    for length in LENGTHS:
        function = long_function.long_function(length)
        found[str(length)] = compiled_in(function, (5, 77), function(5, 77))
    return found


def compiled_in(plain: FunctionType, arguments: tuple[int, ...], answer: object) -> float:
    function = tracejit(sides.fresh(plain))
    if function(*arguments) != answer:
        raise SystemExit(f"{plain.__name__} does not answer {answer}")
    return sum(stats(function).nanoseconds.values()) / 1e9


class Compilations:
    """The least that each took, over all processes so far."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.least: dict[str, float] = {}
        self.processes = 0

    def once_more(self) -> None:
        """In a process of its own, in another order."""
        self.processes += 1
        command = [sys.executable, "-m", "benchmarks.compilations", str(self.processes)]
        done = subprocess.run(
            [*command, *self.names], stdout=subprocess.PIPE, text=True, check=True
        )
        for name, seconds in json.loads(done.stdout).items():
            self.least[name] = min(seconds, self.least.get(name, inf))


if __name__ == "__main__":
    main(*sys.argv[1:])
