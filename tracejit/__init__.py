"""Exact Python arithmetic at machine speed: `from tracejit import tracejit`."""

from tracejit.decorator import jit, tracejit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tracejit.introspect import Stats, explain, stats

__all__ = ["Stats", "explain", "jit", "stats", "tracejit"]


def __getattr__(name: str) -> object:
    """What is not needed to decorate is loaded when it is asked for."""
    if name in __all__:
        from tracejit import introspect

        return getattr(introspect, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
