"""Two runs beside each other: what a call does, as data that compares."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import copysign, inf, nan
from types import CellType, FunctionType, TracebackType
from typing import TypeAlias

Function: TypeAlias = Callable[..., object]
Data: TypeAlias = object
"""Tuples of strings, numbers and types: equal exactly when nothing tells the originals apart."""


class MyInt(int):
    """A subclass of int, which compiled code must not take for one."""

    def __repr__(self) -> str:
        return f"MyInt({int(self)})"


EDGES: Sequence[object] = (
    0, 1, -1, 2, -2, 3, 7, -7, 10, 63, 64, 65, -64,
    2**30 - 1, 2**30, -(2**30), 2**31 - 1, 2**31, -(2**31), 2**32,
    2**60, 2**62 - 1, 2**62, 2**62 + 1, -(2**62) - 1, -(2**62), -(2**62) + 1,
    2**63 - 2, 2**63 - 1, 2**63, 2**63 + 1, -(2**63) - 1, -(2**63), -(2**63) + 1,
    2**64 - 1, 2**64, -(2**64), 10**25, -(10**25),
    False, True, MyInt(0), MyInt(5), MyInt(-3), MyInt(2**63),
)  # fmt: skip
"""Integers at which representations change."""

STRANGERS: Sequence[object] = (None, 0.0, 1.5, -2.5, 1e300, float("inf"), float("nan"), "", "ab")
"""Arguments that are no integers."""

FLOATS: Sequence[object] = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, 0.1, -7.3, 1e-3, 100.0, 1e10,
    2.0**52 + 0.5, 2.0**53, 2.0**53 + 2, -(2.0**53), 2.0**62, 2.0**63, -(2.0**63), 2.0**64, 1e22,
    1.7976931348623157e308, -1.7976931348623157e308, 1e154, 1e-154, 2.2250738585072014e-308,
    5e-324, -5e-324, 1e-310, 1.0 - 2.0**-53, 1.0 + 2.0**-52, inf, -inf, nan, -nan,
)  # fmt: skip
"""Floats at which arithmetic changes: the least and the greatest, those with few digits, zeros."""

SMALL: Sequence[object] = (0, 1, 2, 3, 5, 8, 13, -1, -2, -5, True, False, MyInt(4))
"""Trip counts, exponents and shift counts that stay cheap."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call did: what it returned or raised, and what it left its arguments as."""

    returned: Data
    raised: Data
    arguments: Data


def observe(function: Function, *args: object, **keywords: object) -> Outcome:
    """Call the function and record everything that Python code can see of it."""
    before = (*args, *keywords.values())
    try:
        returned = fingerprint(function(*args, **keywords), before)
        raised = None
    except Exception as error:
        returned = None
        raised = exception_data(error)
    return Outcome(returned, raised, fingerprint(before, ()))


def fingerprint(value: object, arguments: Sequence[object] = ()) -> Data:
    """The value's exact type and content, all the way down."""
    kind = type(value)
    if isinstance(value, int):
        return kind, hex(value)
    if isinstance(value, tuple | list):
        return kind, tuple(fingerprint(item, arguments) for item in value)
    if isinstance(value, dict):
        return kind, tuple((fingerprint(k), fingerprint(v)) for k, v in value.items())
    if isinstance(value, float):
        # Of two that are no numbers, cold code in CPython keeps another one than warm code.
        return kind, value.hex(), value == value and copysign(1.0, value)
    if isinstance(value, complex | str | bytes | range | type(None) | BaseException):
        return kind, repr(value)
    if isinstance(value, type(iter(range(0)))):
        return kind, repr(value.__reduce__())
    return kind, next((i for i, argument in enumerate(arguments) if argument is value), None)


def exception_data(error: BaseException | None, depth: int = 5) -> Data:
    """The exception's type, arguments and traceback, and those of its cause and context."""
    if error is None or depth == 0:
        return None
    return (
        type(error),
        fingerprint(error.args),
        text_of(error),
        tuple(getattr(error, "__notes__", ())),
        traceback_data(error.__traceback__, carets=not moves_its_carets(error)),
        error.__suppress_context__,
        exception_data(error.__cause__, depth - 1),
        exception_data(error.__context__, depth - 1),
    )


def moves_its_carets(error: BaseException) -> bool:
    """Whether CPython itself points the carets elsewhere once a function is warm.

    3.11 replaces two loads of locals by one instruction, and blames the first for the second.
    """
    return sys.version_info < (3, 12) and isinstance(error, UnboundLocalError)


def text_of(error: BaseException) -> str:
    try:
        return str(error)
    except ValueError:  # an argument has more digits than `str` gives
        return "too long"


def traceback_data(traceback: TracebackType | None, carets: bool = True) -> Data:
    """Each entry's function, file, line numbers and caret columns, except those of this module.

    Without `carets`, the last entry's place in the file is left out.
    """
    entries = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename != __file__:
            position = list(code.co_positions())[traceback.tb_lasti // 2]
            known = carets or traceback.tb_next is not None
            entries.append(
                (
                    code.co_name,
                    code.co_qualname,
                    code.co_filename,
                    code.co_firstlineno,
                    (traceback.tb_lineno, position) if known else None,
                )
            )
        traceback = traceback.tb_next
    return tuple(entries)


def fresh(function: FunctionType) -> FunctionType:
    """The function anew, with its own code object, globals and closure cells.

    In the copy of its globals, its own name is the copy.
    """
    closure = tuple(CellType(cell.cell_contents) for cell in function.__closure__ or ())
    names = dict(function.__globals__)
    copy = FunctionType(
        function.__code__.replace(), names, function.__name__, function.__defaults__, closure
    )
    copy.__kwdefaults__ = function.__kwdefaults__ and dict(function.__kwdefaults__)
    copy.__qualname__ = function.__qualname__
    names[function.__name__] = copy
    return copy


class Difference(AssertionError):
    """A call that came out differently than in CPython."""

    def __init__(self, call: str, number: int, plain: Outcome, compiled: Outcome) -> None:
        self.call, self.number, self.plain, self.compiled = call, number, plain, compiled
        super().__init__(self.text())

    def text(self) -> str:
        lines = [f"{self.call}, call number {self.number}"]
        for field in ("returned", "raised", "arguments"):
            plain, compiled = getattr(self.plain, field), getattr(self.compiled, field)
            if plain != compiled:
                lines += [f"  {field} by CPython:  {plain}", f"  {field} by tracejit: {compiled}"]
        return "\n".join(lines)


def compare(
    plain: Function,
    compiled: Function,
    calls: Iterable[Sequence[object]],
    repeats: int = 6,
    seed: int = 0,
) -> None:
    """Make each call on both, in step, `repeats` times, in an order that the seed shuffles.

    Raises Difference at the first call that does not come out the same.
    """
    order = list(calls)
    # First as given: the calls that a version is compiled for come in an order that the test chose.
    schedule = list(order)
    shuffler = random.Random(seed)
    for _ in range(repeats - 1):
        shuffler.shuffle(order)
        schedule += order
    for number, args in enumerate(schedule, 1):
        expected, found = observe(plain, *deepcopy(args)), observe(compiled, *deepcopy(args))
        if expected != found:
            name = getattr(plain, "__name__", "function")
            text = f"{name}({', '.join(map(repr, args))})"
            raise Difference(text, number, expected, found)
