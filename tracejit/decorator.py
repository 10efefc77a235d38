"""The public interface: the decorator, and what it can tell about a function."""

from __future__ import annotations

from types import FunctionType

from tracejit.options import read_options
from tracejit.runtime.platform import unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final, TypeVar, overload
    from weakref import WeakKeyDictionary

    from tracejit.ir.types import Signature
    from tracejit.runtime import dispatcher
    from tracejit.runtime.dispatcher import State
    from tracejit.runtime.version import NativeCode

    F = TypeVar("F", bound=Callable[..., Any])
else:
    # Importing `typing` takes longer than all the rest.
    def overload(function):
        return function


_unavailable: str | None = unsupported()
"""Why nothing of the runtime is loaded, or None."""
if _unavailable is None:
    try:
        from tracejit.runtime import dispatcher
    except ImportError as error:
        # An interpreter of its own beside the main one may load neither ctypes nor cffi.
        _unavailable = f"{error}"

_options: Final = read_options()
_untouched: Final[list[WeakKeyDictionary[FunctionType, str]]] = []
"""Decorated functions that were left alone, and why; empty until there is one."""


@overload
def tracejit(function: F, /) -> F: ...
@overload
def tracejit() -> Callable[[F], F]: ...  # noqa: F811  # an overload
def tracejit(  # noqa: F811  # an overload
    function: F | None = None, /
) -> F | Callable[[F], F]:
    """Compile the function to machine code when it is called. Use as `@tracejit` or `@tracejit()`.

    Gives back the same function object, whose results, exceptions, tracebacks and side effects stay
    what they are. What cannot be compiled runs in the interpreter; `explain` tells what and why.
    A `staticmethod` or `classmethod` has its function compiled. Raises TypeError for anything else
    that is not a plain Python function.
    """
    if function is None:
        return tracejit
    plain = function.__func__ if isinstance(function, (staticmethod, classmethod)) else function
    if not isinstance(plain, FunctionType):
        given = type(function).__name__
        raise TypeError(f"tracejit decorates plain Python functions (def or lambda), not {given}")
    outcome = _attach(plain)
    if isinstance(outcome, str):
        _leave_alone(plain, outcome)
    return function


def _attach(function: FunctionType) -> State | str:
    """Have the function compiled when it is called; or why not."""
    if not _options.enabled:
        return "TRACEJIT=0"
    return _unavailable or dispatcher.attach(function, _compile)


def _leave_alone(function: FunctionType, reason: str) -> None:
    if not _untouched:
        import weakref

        _untouched.append(weakref.WeakKeyDictionary())
    _untouched[0][function] = reason


def state_of(function: Any) -> State | str:
    """What the runtime knows of a decorated function, or why it was left alone.

    Raises TypeError for what is no function and ValueError for one that is not decorated.
    """
    plain = getattr(function, "__func__", function)
    if not isinstance(plain, FunctionType):
        raise TypeError(
            f"expected a function decorated with tracejit, not {type(function).__name__}"
        )
    state = None if _unavailable else dispatcher.state_of(plain)
    if state is not None:
        return state
    if not _untouched or plain not in _untouched[0]:
        raise ValueError(f"{plain.__qualname__} is not decorated with tracejit")
    return _untouched[0][plain]


def _compile(function: FunctionType, signature: Signature) -> NativeCode | str:
    # Loads Keystone and bytecode: not before the first compile.
    from tracejit.compiler import compile_version

    return compile_version(function, signature, _options)


def jit(expression: str) -> FunctionType:
    """A compiled function that evaluates the expression: `jit("a * b + c")(3, 4, 5) == 17`.

    Its parameters are the expression's names, in order of appearance; names of builtins that are
    called stay builtins. Raises TypeError if the expression is not a string, and SyntaxError,
    pointing at the place, if it is malformed.
    """
    from tracejit.expression import function_of

    return tracejit(function_of(expression))
