"""Calls of functions, of builtins, and of methods of numbers."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Final

from tracejit.frontend.builtins import compiled_call
from tracejit.frontend.decode import NULL_AFTER_CALLABLE, Instr
from tracejit.frontend.inlining import can_inline, inline
from tracejit.frontend.names import read_attribute
from tracejit.frontend.natives import call_natively
from tracejit.frontend.sequences import items_of, unshared
from tracejit.frontend.stack import push_callable
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.shapes import Const, Null
from tracejit.ir.types import BOOL, INT
from tracejit.ir.value import Value

_METHODS: Final = {"bit_length": int.bit_length, "bit_count": int.bit_count}
_WITH_KEYWORDS: Final = 1
_FLOAT_METHODS: Final = {"is_integer": float.is_integer}


def load_method(t: Tracer, instr: Instr) -> None:
    receiver = t.stack.pop()
    if isinstance(receiver, Const) and type(receiver.value) is ModuleType:
        push_callable(t, read_attribute(t, receiver.value, instr.arg))
        return
    integer = (
        type(receiver.value) in (int, bool)
        if isinstance(receiver, Const)
        else isinstance(receiver, Value) and receiver.type in (INT, BOOL)
    )
    if not (integer or t.is_float(receiver)):
        raise t.wrong_type(receiver)
    method = (_METHODS if integer else _FLOAT_METHODS).get(instr.arg)
    if method is None:
        raise Leave(f"call:{instr.arg}")
    t.stack += (Const(method), receiver)


def call(t: Tracer, instr: Instr) -> None:
    _call(t, instr.arg, ())


def call_kw(t: Tracer, instr: Instr) -> None:
    _call(t, *instr.arg)


def call_unpacked(t: Tracer, instr: Instr) -> None:
    """A call with a tuple of all arguments, whose length is known."""
    if instr.arg & _WITH_KEYWORDS:
        raise Leave("call:**")
    args = items_of(t, t.stack.pop())
    t.stack += args
    _call(t, len(args), ())


def _call(t: Tracer, count: int, keywords: tuple[str, ...]) -> None:
    first = len(t.stack) - count
    args = t.stack[first:]
    callee, receiver = t.stack[first - 2 : first]
    del t.stack[first - 2 :]
    if not NULL_AFTER_CALLABLE and isinstance(callee, Null):
        callee, receiver = receiver, callee
    if not isinstance(receiver, Null):
        args.insert(0, receiver)
    if not isinstance(callee, Const):
        raise t.wrong_type(callee)
    if isinstance(callee.value, FunctionType):
        unshared(t, args)
        way = inline if can_inline(t, callee.value) else call_natively
        way(t, callee.value, args, keywords)
        return
    compiled = compiled_call(callee.value)
    name = getattr(callee.value, "__name__", "object")
    if compiled is None or keywords:
        raise Leave(f"call:{name}")
    fewest, most, handler = compiled
    if not fewest <= len(args) <= most:
        raise Leave(f"call:{name}")
    handler(t, args)


HANDLERS = {
    "LOAD_METHOD": load_method,
    "CALL": call,
    "CALL_KW": call_kw,
    "CALL_FUNCTION_EX": call_unpacked,
}
