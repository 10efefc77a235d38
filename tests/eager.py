"""A runtime without patience or thrift, so that tests reach what is far away soon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from tracejit.runtime import dispatcher

NEVER = 10**9


@contextmanager
def eager(resume_threshold: int = 2) -> Iterator[None]:
    """Compile resume functions at once, however far away, and never give a function up.

    Errors of the compiler are raised.
    """
    dispatcher.strict.append(True)
    try:
        with patch.multiple(
            dispatcher,
            _RESUME_THRESHOLD=resume_threshold,
            _MAX_DEPTH=5,
            _FIRST_MISSES=NEVER,
            _ENOUGH_MISSES=NEVER,
            _ENOUGH_EXITS=NEVER,
        ):
            yield
    finally:
        dispatcher.strict.pop()


@contextmanager
def strict() -> Iterator[None]:
    """The runtime as it is, but errors of the compiler are raised."""
    dispatcher.strict.append(True)
    try:
        yield
    finally:
        dispatcher.strict.pop()
