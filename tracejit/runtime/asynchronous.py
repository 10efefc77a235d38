"""What may come between while the compiler works for a caller who must not notice."""

from __future__ import annotations

import ctypes
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, TracebackType

_EXTRA_FRAMES = 1000
_inside: list[int] = []
"""The recursion limit, as often as it is raised right now."""


class headroom:
    """More frames than the recursion limit allows: compiling is not the user's recursion."""

    __slots__ = ()

    def __enter__(self) -> None:
        if not _inside:
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(limit + _EXTRA_FRAMES)
            _inside.append(limit)
        else:
            _inside.append(_inside[0])

    def __exit__(self, *_: object) -> None:
        limit = _inside.pop()
        if not _inside:
            # `sys.setrecursionlimit` would refuse where the frame that is here stands at the limit.
            ctypes.pythonapi.Py_SetRecursionLimit(limit)


def is_asynchronous(error: BaseException) -> bool:
    """Whether the exception comes from a signal handler, not from the code that it went through."""
    return not isinstance(error, Exception) or handler_traceback(error) is not None


def handler_traceback(error: BaseException) -> TracebackType | None:
    """The exception's traceback from a signal handler on: without the code that was interrupted."""
    handlers = _handlers()
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code not in handlers:
        traceback = traceback.tb_next
    return traceback


def _handlers() -> set[CodeType]:
    # Not `signal`, whose Python code may be what failed.
    import _signal  # type: ignore[import-not-found]

    handlers = [_signal.getsignal(number) for number in _signal.valid_signals()]
    found = set()
    for handler in handlers:
        for callee in (handler, getattr(handler, "__func__", None), type(handler).__call__):
            code = getattr(callee, "__code__", None)
            if code is not None:
                found.add(code)
    return found
