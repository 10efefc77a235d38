"""What happens once in a process: the import, and what the first compilation loads."""

from __future__ import annotations

import os
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
from benchmarks import first_call
print(first_call.seconds())
"""


@dataclass(frozen=True, slots=True)
class Once:
    """Durations in seconds."""

    importing: float
    first_call: float
    """The first call of thirty lines, which compiles them and loads what that takes."""


def once(processes: int) -> Once:
    """Medians over so many processes."""
    imports = [child(IMPORT) for _ in range(processes)]
    firsts = [child(FIRST) for _ in range(processes)]
    return Once(statistics.median(imports), statistics.median(firsts))


def child(program: str) -> float:
    """The number that a program prints in an interpreter of its own, which may cache bytecode."""
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, text=True, check=True)
    return float(done.stdout)
