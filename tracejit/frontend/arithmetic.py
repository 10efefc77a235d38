"""Operators and truth."""

from __future__ import annotations

import sys
from typing import Final

from tracejit.frontend.decode import Instr
from tracejit.frontend.floats import float_operation
from tracejit.frontend.integers import power
from tracejit.frontend.sequences import is_tuple, items_of
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, Shape, TupleOf
from tracejit.ir.types import BOOL, F64, INT
from tracejit.ir.value import Value

_INTEGER: Final = {
    "+": (Op.iadd, "overflow"),
    "-": (Op.isub, "overflow"),
    "*": (Op.imul, "overflow"),
    "//": (Op.ifloordiv, "zero-division"),
    "%": (Op.imod, "zero-division"),
    "<<": (Op.ishl, "shift"),
    ">>": (Op.ishr, "shift"),
    "&": (Op.iand, "overflow"),
    "|": (Op.ior, "overflow"),
    "^": (Op.ixor, "overflow"),
}
_BOOLEAN: Final = {"&": Op.band, "|": Op.bor, "^": Op.bxor}
_WITH_TRUTH: Final = (int, bool, float, str, tuple, type(None))
"""Types of constants that are true or false, whatever the program does."""
_INVERTING_BOOL_WARNS = sys.version_info >= (3, 12)


def binary_op(t: Tracer, instr: Instr) -> None:
    right, left = t.stack.pop(), t.stack.pop()
    t.stack.append(_binary(t, instr.arg, left, right))


def _binary(t: Tracer, symbol: str, left: Shape, right: Shape) -> Shape:
    if symbol in _BOOLEAN and t.is_bool(left) and t.is_bool(right):
        return t.compute(_BOOLEAN[symbol], t.as_bool(left), t.as_bool(right))
    if symbol == "/" or t.is_float(left) or t.is_float(right):
        return float_operation(t, symbol, left, right)
    if symbol == "**":
        return power(t, left, right)
    if symbol == "+" and is_tuple(left) and is_tuple(right):
        return TupleOf((*items_of(t, left), *items_of(t, right)))
    a, b = t.as_int(left), t.as_int(right)
    if symbol not in _INTEGER:
        raise Leave("type:int")
    op, reason = _INTEGER[symbol]
    return t.emit(op, a, b, reason=reason)


def unary_negative(t: Tracer, instr: Instr) -> None:
    operand = t.stack.pop()
    if t.is_float(operand):
        t.stack.append(t.compute(Op.fneg, t.as_float(operand)))
    else:
        t.stack.append(t.emit(Op.ineg, t.as_int(operand)))


def unary_positive(t: Tracer, instr: Instr) -> None:
    operand = t.stack.pop()
    t.stack.append(operand if t.is_float(operand) else t.as_int(operand))


def unary_invert(t: Tracer, instr: Instr) -> None:
    operand = t.stack.pop()
    if _INVERTING_BOOL_WARNS and t.is_bool(operand):
        raise Leave("deprecated")
    t.stack.append(t.emit(Op.inot, t.as_int(operand)))


def unary_not(t: Tracer, instr: Instr) -> None:
    found = truth(t, t.stack.pop())
    t.stack.append(Const(not found) if isinstance(found, bool) else t.compute(Op.bnot, found))


def to_bool(t: Tracer, instr: Instr) -> None:
    t.stack.append(truth_shape(t, t.stack.pop()))


def truth_shape(t: Tracer, shape: Shape) -> Shape:
    found = truth(t, shape)
    return Const(found) if isinstance(found, bool) else found


def truth(t: Tracer, shape: Shape) -> Value | bool:
    """Whether the object is true: a value of type bool, or known."""
    match shape:
        case Value() if shape.type == BOOL:
            return shape
        case Value() if shape.type == INT:
            return t.emit(Op.ine, shape, t.iconst(0))
        case Value() if shape.type == F64:
            return t.compute(Op.fne, shape, t.fconst(0.0))
        case Const(value) if type(value) in _WITH_TRUTH:
            return bool(value)
        case TupleOf(items):
            return bool(items)
    raise t.wrong_type(shape)


HANDLERS = {
    "BINARY_OP": binary_op,
    "TO_BOOL": to_bool,
    "UNARY_INVERT": unary_invert,
    "UNARY_NEGATIVE": unary_negative,
    "UNARY_NOT": unary_not,
    "UNARY_POSITIVE": unary_positive,
}
