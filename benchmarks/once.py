"""What happens once, each in fresh processes: the import, the first compilation, compilations."""

from __future__ import annotations

import statistics
import subprocess
import sys
from dataclasses import dataclass

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
LONG = """
from benchmarks.long_function import compiling
print(*compiling(200, 2000))
"""


@dataclass(frozen=True, slots=True)
class Once:
    """Durations in seconds."""

    importing: float
    first_call: float
    """The first call of a 30-line kernel, which compiles it."""
    loading: float
    """What the first compilation in a process takes more."""
    short: float
    """Compiling a function of 200 instructions."""
    long: float
    """Compiling one of 2,000."""


def once(processes: int) -> Once:
    """Medians over so many processes, and the least of what compiling the long functions took."""
    imports = [child(IMPORT)[0] for _ in range(processes)]
    firsts = [child(FIRST) for _ in range(processes)]
    longs = [child(LONG) for _ in range(processes)]
    first = statistics.median(first for first, *_ in firsts)
    later = statistics.median(statistics.median(times) for _, *times in firsts)
    short, long = (min(times) for times in zip(*longs, strict=True))
    return Once(statistics.median(imports), later, first - later, short, long)


def child(program: str) -> list[float]:
    """The numbers that a program prints in an interpreter of its own."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) for word in done.stdout.split()]
