"""What the names outside of a function mean in it."""

from __future__ import annotations

from types import FunctionType

ABSENT = object()
"""What a name that is not bound stands for."""


def lookup(function: FunctionType, name: str) -> object:
    """What the name means in the function: a global, else a builtin."""
    for namespace in (function.__globals__, function.__builtins__):
        if type(namespace) is not dict:
            return ABSENT
        if name in namespace:
            found: object = namespace[name]
            return found
    return ABSENT
