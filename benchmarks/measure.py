"""What is measured, and how: each measurement times one thing, warm, after checking its answer."""

from __future__ import annotations

import importlib
import pkgutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from types import FunctionType

import pyperf

from benchmarks import calls, kernels

Timer = Callable[[int], float]
"""Runs so many loops and gives the seconds that they took."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One function measured plain and decorated."""

    group: str
    name: str
    prepare: Callable[[Callable[[FunctionType], FunctionType]], Timer]
    """Gives the timer of the function that it has decorated with what it is given."""
    loops: tuple[int, int]
    """How many loops make one value, plain and decorated."""
    inner_loops: int = 1

    def sides(self) -> Iterator[tuple[str, Callable[[], Timer], int]]:
        yield "CPython", lambda: self.prepare(lambda function: function), self.loops[0]
        yield "tracejit", lambda: self.prepare(decorator()), self.loops[1]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A pair's results."""

    pair: Pair
    plain: pyperf.Benchmark
    compiled: pyperf.Benchmark

    @property
    def ratio(self) -> float:
        """How many times as fast the decorated function is."""
        return float(self.plain.median() / self.compiled.median())


@dataclass(frozen=True, slots=True)
class Duration:
    """Something that happens once, measured in fresh processes."""

    name: str
    seconds: float


def decorator() -> Callable[[FunctionType], FunctionType]:
    from tracejit import tracejit

    return tracejit


def fresh(function: FunctionType) -> FunctionType:
    """A copy with a code object of its own."""
    copy = FunctionType(function.__code__.replace(), function.__globals__, function.__name__)
    copy.__defaults__ = function.__defaults__
    return copy


def pairs() -> list[Pair]:
    """Everything that is compared, in the order of the report."""
    return [
        *(kernel_pair(name) for name in kernel_names()),
        kernel_pair("overflow", "benchmarks.overflow", "overflow", (1, 4)),
        *(
            Pair("call", name, lambda decorate, time=time: time(decorate), (50_000, 50_000), 10)  # type: ignore[misc]
            for name, time in calls.TIMERS.items()
        ),
    ]


def kernel_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(kernels.__path__))


def kernel_pair(
    name: str, module: str = "", group: str = "kernel", loops: tuple[int, int] = (1, 10)
) -> Pair:
    def prepare(decorate: Callable[[FunctionType], FunctionType]) -> Timer:
        found = importlib.import_module(module or f"{kernels.__name__}.{name}")
        kernel, arguments = decorate(fresh(found.kernel)), found.ARGUMENTS
        for _ in range(3):
            answer = kernel(*arguments)
            if answer != found.ANSWER:
                raise SystemExit(f"{name} answers {answer!r} rather than {found.ANSWER!r}")
        return lambda loops: time_loops(kernel, arguments, loops)

    return Pair(group, name, prepare, loops)


def time_loops(function: FunctionType, arguments: Sequence[object], loops: int) -> float:
    began = perf_counter()
    for _ in range(loops):
        function(*arguments)
    return perf_counter() - began


IMPORT = """
from time import perf_counter
began = perf_counter()
from tracejit import tracejit
print(perf_counter() - began)
"""
FIRST = """
from benchmarks.first_call import times
print(*times(21))
"""


def durations(processes: int) -> list[Duration]:
    """The import, the first compilation in a process, and the first call of one more function."""
    imports = [child(IMPORT)[0] for _ in range(processes)]
    firsts = [child(FIRST) for _ in range(processes)]
    once = statistics.median(first for first, *_ in firsts)
    later = statistics.median(statistics.median(times) for _, *times in firsts)
    return [
        Duration("`from tracejit import tracejit`", statistics.median(imports)),
        Duration("first call of a 30-line kernel, compilation included", later),
        Duration("once in a process: loading `bytecode` and Keystone", once - later),
    ]


def child(program: str) -> list[float]:
    """The numbers that a program prints in an interpreter of its own."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) for word in done.stdout.split()]
