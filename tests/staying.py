"""Calls that must stay in native code."""

from __future__ import annotations

from types import FunctionType

from tracejit import stats


def native(compiled: FunctionType, *args: object) -> object:
    """What the call returns, which must not have left native code."""
    before = sum(stats(compiled).exits.values()), stats(compiled).misses
    returned = compiled(*args)
    assert before == (sum(stats(compiled).exits.values()), stats(compiled).misses)
    return returned
