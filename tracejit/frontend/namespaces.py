"""What the names outside of a function mean in it."""

from __future__ import annotations

from types import FunctionType

from tracejit.ir.variables import ABSENT


def lookup(function: FunctionType, name: str) -> object:
    """What the name means in the function: a global, else a builtin; ABSENT if it is neither."""
    for namespace in (function.__globals__, function.__builtins__):
        if type(namespace) is not dict:
            return ABSENT
        if name in namespace:
            found: object = namespace[name]
            return found
    return ABSENT
