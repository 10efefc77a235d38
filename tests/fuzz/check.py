"""Runs a program plain and decorated, and keeps what came out wrong."""

from __future__ import annotations

import hashlib
import io
import math
import random
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path
from types import FunctionType

from tests.differential import (
    EDGES,
    FLOATS,
    SMALL,
    STRANGERS,
    Difference,
    Function,
    MyInt,
    compare,
    fingerprint,
)
from tests.fuzz.generate import HELPERS, PAIR, generate

REGRESSIONS = Path(__file__).parent.parent / "regressions"
CALLS = 8
"""Argument tuples for each program."""
REPEATS = 12
ROOM = 3 << 27
"""Bytes that a program may get: more, like `"ab" * 2**31`, would take seconds to fill."""


@dataclass(frozen=True, slots=True)
class Case:
    """A program and the calls to make of it."""

    source: str
    calls: Sequence[Sequence[object]]


CALM = (0, 1, 2, 3, 5, 8, 13, 100, 1000003, 2**31, -1, -2, -5, -1000, True, False)
"""Arguments that leave a calm program alone to run to its end."""


CALM_FLOATS = (0.5, 1.5, -2.25, 3.0, 10.0, 0.1, 100.75, -1e3, 1e6, 0.0)

LARGE = (2**63 - 1, 2**63 - 2, -(2**63), -(2**63) + 1, 2**62, 2**62 + 1, -(2**62), 2**61 + 5)
"""Arguments from which most arithmetic outgrows a register."""

UNSIGNED = (2**63, 2**63 + 1, 2**64 - 1, 2**64 - 2, 2**64 - 59, 0xCBF29CE484222325, 2**64)


def make_case(chooser: random.Random, calm: bool | None = None) -> Case:
    """A program and its calls; by default, half of the cases are calm."""
    if calm is None:
        calm = chooser.randrange(2) == 1
    source, floats = generate(chooser, calm)
    calls = [make_arguments(chooser, calm, floats) for _ in range(CALLS)]
    if f"def program(a, {PAIR})" in source:
        calls = [(a, tuple(pair)) for a, *pair in calls]
    return Case(source, calls)


def make_arguments(chooser: random.Random, calm: bool, floats: bool) -> tuple[object, ...]:
    """Three arguments: mostly small integers, often edges, seldom something else."""
    pools = (
        [CALM] * 12 + [EDGES] if calm else [SMALL] * 6 + [EDGES] * 3 + [LARGE] * 4 + [UNSIGNED] * 2
    )
    if floats:
        pools = [CALM_FLOATS] * 12 + pools if calm else [*pools, *[CALM_FLOATS, FLOATS] * 10]
    if not calm and chooser.randrange(10) == 9:
        pools = [*pools, STRANGERS, STRANGERS, STRANGERS]
    chosen = [pools[chooser.randrange(len(pools))] for _ in range(3)]
    return tuple(pool[chooser.randrange(len(pool))] for pool in chosen)


def helper(value: int) -> int:
    return value + 1 if value != 3 else value // 0


def elsewhere(a: int, b: int = 3) -> int:
    return a - b if a > LEAST else b


LEAST = -5

PREAMBLE = """
def bump():
    global GLOBAL
    GLOBAL += 1

def turn():
    global first, second
    first, second = second, first

def make(factor):
    def scaled(x):
        return x * factor + 1 if x < 1000003 else factor
    return scaled

scaled = make(3)

def make_count():
    total = 0
    def count(by):
        nonlocal total
        total = total + by if -1000003 < total < 1000003 else by
        return total
    return count

count = make_count()

STATE = 88172645463325252

def draw():
    global STATE
    STATE = (STATE * 6364136223846793005 + 1) & 0xFFFFFFFFFFFFFFFF
    return STATE >> 40

def applied(function, *args):
    return function(*args)
"""


def build(source: str, name: str = "program") -> FunctionType:
    """The program's function, in globals of its own."""
    log: list[object] = []
    names: dict[str, object] = {
        "LOG": log,
        "TALLY": 0,
        "GLOBAL": 1000,
        "NOWHERE": io.StringIO(),
        "math": math,
        "sqrt": math.sqrt,
        "note": log.append,
        "helper": helper,
        "elsewhere": elsewhere,
        "first": helper,
        "second": helper,
    }
    exec(compile(PREAMBLE, "<preamble>", "exec"), names)
    exec(compile(source, f"<{name}>", "exec"), names)
    function = names["program"]
    assert isinstance(function, FunctionType)
    return function


def other(a: int, b: int = 0, c: int = 0) -> int:
    return a + b - c


def change_defaults(names: dict[str, object]) -> None:
    for function in called_by(names):
        function.__defaults__ = (1,) * len(function.__defaults__ or ())


def change_code(names: dict[str, object]) -> None:
    for function in called_by(names):
        function.__code__ = other.__code__
    scaled = names["scaled"]
    assert isinstance(scaled, FunctionType)
    assert scaled.__closure__ is not None
    scaled.__closure__[0].cell_contents = 7


def called_by(names: dict[str, object]) -> Iterator[FunctionType]:
    """The functions that a program calls, which are its own."""
    for name in HELPERS:
        function = names.get(name)
        if isinstance(function, FunctionType) and function.__globals__ is names:
            yield function


SHADES = {
    "abs": int, "min": max, "max": min, "bool": int, "int": abs, "float": int, "round": abs,
}  # fmt: skip
"""What some builtins mean once a program's globals shadow them."""
CHANGES: Sequence[Callable[[dict[str, object]], None]] = (change_defaults, change_code)


def shade(names: dict[str, object]) -> None:
    names.update(SHADES)


def check(case: Case, decorate: Callable[[FunctionType], Function], repeats: int = REPEATS) -> None:
    """Raise Difference where the decorated program does not do what the plain one does."""
    plain, decorated = build(case.source), build(case.source)
    compiled = decorate(decorated)
    with confined():
        compare(plain, compiled, case.calls, repeats)
        for change in (CHANGES[len(case.source) % len(CHANGES)], shade):
            for function in (plain, decorated):
                change(function.__globals__)
            compare(plain, compiled, case.calls, 1)
    for name in ("LOG", "TALLY", "GLOBAL", "STATE"):
        expected, found = plain.__globals__[name], decorated.__globals__[name]
        if fingerprint(expected) != fingerprint(found):
            raise AssertionError(f"{name} is {found!r} rather than {expected!r}")


@contextmanager
def confined() -> Iterator[None]:
    """Let the process get no more memory than `ROOM`."""
    limit, most = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def case_of_seed(seed: int) -> Case:
    return make_case(random.Random(seed))


def save(case: Case, claim: str, directory: Path = REGRESSIONS) -> Path:
    """Write the case as a regression file, named after its content."""
    text = f'"""{claim}"""\n\n# ruff: noqa\n# fmt: off\n'
    text += "CALLS = [\n" + "".join(f"    {tuple(call)!r},\n" for call in case.calls) + "]\n\n\n"
    text += case.source
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    path = directory / f"found_{digest}.py"
    path.write_text(text)
    return path


def load(path: Path) -> Case:
    """The case of a regression file: its CALLS, and the function as its text."""
    text = path.read_text()
    names: dict[str, object] = {"MyInt": MyInt, "inf": inf, "nan": nan}
    # The functions come after the calls.
    head, start, body = text.partition("\ndef ")
    exec(head, names)
    calls = names["CALLS"]
    assert isinstance(calls, list)
    return Case((start + body).lstrip("\n"), calls)


__all__ = ["Case", "Difference", "build", "case_of_seed", "check", "load", "make_case", "save"]
