"""Globals, builtins and closure cells as constants under assumptions."""

from __future__ import annotations

from types import FunctionType

from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import CellIs, GlobalIs
from tracejit.ir.shapes import Const

KNOWN_CALLABLES = {id(known) for known in (abs, min, max, bool, int, divmod, pow, range)}
"""The identities of the builtins that are compiled."""
ABSENT = object()
"""What a name that is not bound stands for."""


def global_constant(t: Tracer, name: str) -> Const:
    """What a global or builtin name stands for; leaves unless it is of use in native code."""
    value = lookup(t.python, name)
    _check_useful(name, value, "global")
    t.assumptions.setdefault(name, GlobalIs(name, value))
    return Const(value)


def lookup(function: FunctionType, name: str) -> object:
    """What the name means in the function: a global, else a builtin."""
    for namespace in (function.__globals__, function.__builtins__):
        if type(namespace) is not dict:
            return ABSENT
        if name in namespace:
            found: object = namespace[name]
            return found
    return ABSENT


def closure_constant(t: Tracer, index: int) -> Const:
    """What the closure cell of this index contains; leaves unless it is of use in native code."""
    name = t.python.__code__.co_freevars[index]
    closure = t.python.__closure__
    assert closure is not None
    try:
        value: object = closure[index].cell_contents
    except ValueError:
        value = ABSENT
    _check_useful(name, value, "cell")
    t.assumptions.setdefault(index, CellIs(index, value))
    return Const(value)


def _check_useful(name: str, value: object, kind: str) -> None:
    if type(value) in (int, bool, type(None)) or id(value) in KNOWN_CALLABLES:
        return
    if value is ABSENT:
        raise Leave(f"unbound-{kind}:{name}")
    if isinstance(value, type) and issubclass(value, BaseException):
        raise Leave(f"raise:{name}")
    raise Leave(f"{'call' if callable(value) else kind}:{name}")
