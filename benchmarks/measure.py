"""What is compared, and the worker processes that measure it."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from benchmarks import calls, kernels, sides

PATIENCE = 20.0
"""Seconds after which a side that should have answered is taken to hang."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One function, measured on several sides."""

    group: str
    name: str
    worker: str
    """What the worker knows it by."""
    sides: tuple[str, ...] = ("CPython", "tracejit")
    family: str = ""
    note: str = ""
    inner_loops: int = 1


@dataclass(slots=True)
class Result:
    """What was found about a subject. Without a side in `seconds`, `failures` may say why."""

    subject: Subject
    seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    exits: int = 0

    def add(self, found: dict[str, Any]) -> None:
        """What a worker found: the least of everything that is a time counts."""
        for side, seconds in found["seconds"].items():
            one = seconds / self.subject.inner_loops
            self.seconds[side] = min(one, self.seconds.get(side, inf))
        self.exits = found.get("exits", self.exits)

    def ratio(self, side: str, to: str = "tracejit") -> float:
        """How many times as long as the other that side takes."""
        return self.seconds[side] / self.seconds[to]


def subjects() -> list[Subject]:
    """Everything that is compared, in the order of the report."""
    return [
        *(kernel_subject(name) for name in kernel_names()),
        Subject("overflow", "overflow", "benchmarks.overflow"),
        *(Subject("call", name, name, inner_loops=10) for name in calls.TIMERS),
    ]


def kernel_names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(kernels.__path__))


def kernel_subject(name: str) -> Subject:
    path = f"{kernels.__name__}.{name}"
    module = importlib.import_module(path)
    known = [
        side for side in sides.available() if side != "C" or sides.source_in_c(module).exists()
    ]
    return Subject("kernel", name, path, tuple(known), module.FAMILY, getattr(module, "NOTE", ""))


def measure(subject: Subject, chosen: Sequence[str], processes: int, budget: float) -> Result:
    """The subject on those sides that it has, each for so many seconds in so many processes."""
    result = Result(subject)
    wanted = [side for side in subject.sides if side in chosen]
    for side in wanted:
        if failure := trial(subject, side):
            result.failures[side] = failure
    wanted = [side for side in wanted if side not in result.failures]
    for _ in range(processes):
        for team in teams(wanted):
            found = worker(subject.worker, budget, team)
            result.add(found)
    return result


def trial(subject: Subject, side: str) -> str:
    """Why the side cannot be measured, or nothing.

    Only Numba may fail: what any other answers wrongly stops the run.
    """
    if side != "Numba":
        return ""
    try:
        return "wrong" if worker(subject.worker, 0, [side])["wrong"] else ""
    except subprocess.CalledProcessError:
        return "refuses"
    except subprocess.TimeoutExpired:
        return "hangs"


def teams(chosen: Sequence[str]) -> Iterator[list[str]]:
    """The sides that are measured by turns in one process; PyPy can only be alone."""
    yield [side for side in chosen if side != "PyPy"]
    if "PyPy" in chosen:
        yield ["PyPy"]


def worker(name: str, budget: float, team: Sequence[str]) -> dict[str, Any]:
    interpreter = sides.INTERPRETERS.get(team[0]) or sys.executable
    command = [interpreter, "-m", "benchmarks.worker", name, str(budget), *team]
    quiet = subprocess.DEVNULL if not budget else None
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=quiet,
        text=True,
        check=True,
        timeout=None if budget else PATIENCE,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    if budget and found.get("wrong"):
        raise SystemExit(f"{name} is answered wrongly by {', '.join(found['wrong'])}")
    return found
