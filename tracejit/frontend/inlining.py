"""Calls of Python functions: the callee is traced in the place of the call."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import CodeType, FunctionType

from tracejit.frontend.liveness import Flow, flow_of
from tracejit.frontend.tracer import Frame, Leave, Tracer
from tracejit.frontend.unsupported import Unsupported, check_body, check_kind
from tracejit.ir.function import FunctionHas, KeywordDefaultIs
from tracejit.ir.shapes import Const, Shape, TupleOf

_LONGEST = 1200
"""Bytes of the code of a function that is inlined."""
_MOST_INSTRUCTIONS = 1000
"""Instructions of all functions that are inlined in one, as often as they are."""
_DEEPEST = 8


def can_inline(t: Tracer, function: FunctionType) -> bool:
    """Whether a call of the function here can be inlined: not if it is under way already."""
    code, flow = _callee(t, function)
    if flow is None or t.inlined + len(flow.instrs) > _MOST_INSTRUCTIONS:
        return False
    depth = 0
    frame: Frame | None = t.frame
    while frame is not None:
        if frame.code is code:
            return False
        depth += 1
        frame = None if frame.caller is None else frame.caller.frame
    return depth <= _DEEPEST


def _callee(t: Tracer, function: FunctionType) -> tuple[CodeType, Flow | None]:
    """The function's code, and its control flow unless it is never inlined."""
    if function not in t.callees:
        code, flow = function.__code__, None
        try:
            check_kind(function)
            if len(code.co_code) <= _LONGEST:
                flow = flow_of(code)
                check_body(function, flow.instrs)
        except Unsupported:
            flow = None
        t.callees[function] = code, flow
    return t.callees[function]


def inline(
    t: Tracer, function: FunctionType, args: Sequence[Shape], keywords: Sequence[str]
) -> None:
    """Go on in the function, which the current instruction calls; the last `args` have names."""
    code, flow = _callee(t, function)
    if flow is None or not can_inline(t, function):
        raise Leave(f"call:{function.__name__}")
    bound = _bind(t, function, code, args, keywords)
    t.assume(FunctionHas("code", code, function))
    t.inlined += len(flow.instrs)
    t.call(function, code, flow, bound)


def _bind(
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
