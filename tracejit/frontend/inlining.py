"""Calls of Python functions: the callee is traced in the place of the call."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import CodeType, FunctionType

from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import FunctionHas, KeywordDefaultIs
from tracejit.ir.shapes import Const, Shape, TupleOf

_LONGEST = 1200
"""Bytes of the code of a function that is inlined."""
_MOST_INSTRUCTIONS = 1000
"""Instructions of all functions that are inlined in one, as often as they are."""
_DEEPEST = 8


def can_inline(t: Tracer, function: FunctionType) -> bool:
    """Whether a call of the function here can be inlined.

    Not if it is under way already; or, if it may call itself, if so many that may are under way.
    """
    callee = t.program.callee(function)
    if callee.flow is None or len(callee.code.co_code) > _LONGEST:
        return False
    if t.inlined + len(callee.flow.instrs) > _MOST_INSTRUCTIONS:
        return False
    chain = t.frame.chain()
    if len(chain) > _DEEPEST:
        return False
    if t.program.is_recursive(function):
        return sum([t.program.is_recursive(frame.python) for frame in chain]) <= t.times
    return all(frame.code is not callee.code for frame in chain)


def inline(
    t: Tracer, function: FunctionType, args: Sequence[Shape], keywords: Sequence[str]
) -> None:
    """Go on in the function, which the current instruction calls; the last `args` have names."""
    callee = t.program.callee(function)
    assert callee.flow is not None
    bound = bind(t, function, callee.code, args, keywords)
    t.assume(FunctionHas("code", callee.code, function))
    t.inlined += len(callee.flow.instrs)
    t.call(function, callee.code, callee.flow, bound)


def bind(
    t: Tracer,
    function: FunctionType,
    code: CodeType,
    args: Sequence[Shape],
    keywords: Sequence[str],
) -> dict[str, Shape]:
    """The function's parameters as the call binds them; leaves where it raises."""
    named = code.co_argcount + code.co_kwonlyargcount
    parameters = code.co_varnames[:named]
    by_position = len(args) - len(keywords)
    bound = dict(zip(parameters[: code.co_argcount], args[:by_position], strict=False))
    if code.co_flags & inspect.CO_VARARGS:
        bound[code.co_varnames[named]] = TupleOf(tuple(args[code.co_argcount : by_position]))
    elif by_position > code.co_argcount:
        raise Leave(f"call:{function.__name__}")
    for name, arg in zip(keywords, args[by_position:], strict=True):
        if name in bound or name not in parameters[code.co_posonlyargcount :]:
            raise Leave(f"call:{function.__name__}")
        bound[name] = arg
    missing = [name for name in parameters if name not in bound]
    if missing:
        bound.update(_defaults(t, function, parameters[: code.co_argcount], missing))
    return bound


def _defaults(
    t: Tracer, function: FunctionType, positional: Sequence[str], missing: Sequence[str]
) -> dict[str, Shape]:
    """The defaults of the missing parameters."""
    given = function.__defaults__ or ()
    # The last ones belong together, should there be more defaults than parameters.
    defaults = dict(zip(reversed(positional), reversed(given), strict=False))
    by_keyword = function.__kwdefaults__ or {}
    found: dict[str, Shape] = {}
    for name in missing:
        if name in defaults:
            t.assume(FunctionHas("defaults", given, function))
            found[name] = Const(defaults[name])
        elif name in by_keyword and name not in positional:
            value = by_keyword[name]
            t.assume(FunctionHas("kwdefaults", by_keyword, function))
            t.assume(KeywordDefaultIs(name, value, function))
            found[name] = Const(value)
        else:
            raise Leave(f"call:{function.__name__}")
    return found
