"""Times the sides of one subject by turns, in a process of its own, and prints what it found.

`python -m benchmarks.worker NAME SECONDS SIDE...` takes a module with a kernel, or a call's name.
Without seconds it only says which sides answer wrongly. Runs in PyPy too.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from time import perf_counter
from types import ModuleType
from typing import Any

from benchmarks import calls, sides

Timer = Callable[[int], float]
"""Runs so many loops and gives the seconds that they took."""

TURN = 0.005
"""Seconds that a turn takes, unless one loop takes longer."""
WARM_CALLS = 3


def main(name: str, budget: str, *chosen: str) -> None:
    measure = call if name in calls.TIMERS else kernel
    print(json.dumps(measure(name, float(budget), chosen)))


def call(name: str, budget: float, chosen: Sequence[str]) -> dict[str, Any]:
    timers = {side: calls.TIMERS[name](sides.decorator(side)) for side in chosen}
    return {"seconds": shortest(timers, budget)}


def kernel(name: str, budget: float, chosen: Sequence[str]) -> dict[str, Any]:
    """A module's kernel; without a side's answer being right, nothing of it is measured."""
    module = importlib.import_module(name)
    kernels = {side: sides.prepare(side, module) for side in chosen}
    found: dict[str, Any] = {}
    found["wrong"] = [side for side in chosen if not answers(kernels[side], module)]
    if found["wrong"] or not budget:
        return found
    if "tracejit" in kernels:
        found["exits"] = departures(kernels["tracejit"])
    timers = {
        side: partial(time_loops, kernel, module.ARGUMENTS) for side, kernel in kernels.items()
    }
    found["seconds"] = shortest(timers, budget)
    return found


def answers(kernel: sides.Call, module: ModuleType) -> bool:
    """Whether the kernel gives the answer, and a number of the same type, again and again."""
    expected = repr(module.ANSWER)
    return all(repr(kernel(*module.ARGUMENTS)) == expected for _ in range(WARM_CALLS))


def time_loops(kernel: sides.Call, arguments: tuple[int, ...], loops: int) -> float:
    began = perf_counter()
    for _ in range(loops):
        kernel(*arguments)
    return perf_counter() - began


def shortest(timers: Mapping[str, Timer], budget: float) -> dict[str, float]:
    """The seconds that one loop of each takes at best, when each may take so many in all.

    They alternate in short turns, the next being that of the side that has had the least time: on a
    machine whose speed changes from one moment to the next, only the minima of many turns compare.
    """
    loops = {side: max(1, round(TURN / timer(1))) for side, timer in timers.items()}
    spent = dict.fromkeys(timers, 0.0)
    best = dict.fromkeys(timers, inf)
    while (side := min(spent, key=lambda side: spent[side])) and spent[side] < budget:
        seconds = timers[side](loops[side])
        spent[side] += seconds
        best[side] = min(best[side], seconds / loops[side])
    return best


def departures(kernel: Any) -> int:
    """How often native code was left so far, calls that it did not take included."""
    from tracejit import stats

    numbers = stats(kernel)
    left = sum(count for reason, count in numbers.exits.items() if reason != "interrupt")
    return left + numbers.misses


if __name__ == "__main__":
    main(*sys.argv[1:])
