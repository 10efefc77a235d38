"""Operators, comparisons and truth."""

from __future__ import annotations

import sys
from typing import Final

from tracejit.frontend.decode import Instr
from tracejit.frontend.floats import compare_floats, float_operation
from tracejit.frontend.integers import power
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, RangeIter, RangeOf, Shape, TupleOf
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
COMPARISONS: Final = {
    "<": Op.ilt,
    "<=": Op.ile,
    "==": Op.ieq,
    "!=": Op.ine,
    ">": Op.igt,
    ">=": Op.ige,
}
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
        case Const(int() | None | str() | tuple() | float() as value):
            return bool(value)
        case TupleOf(items):
            return bool(items)
    raise t.wrong_type(shape)


def compare_op(t: Tracer, instr: Instr) -> None:
    right, left = t.stack.pop(), t.stack.pop()
    t.stack.append(compare(t, instr.arg, left, right))


def compare(t: Tracer, symbol: str, left: Shape, right: Shape) -> Shape:
    if symbol in ("==", "!="):
        if _is_none(left) or _is_none(right):
            return _equals_none(t, symbol, right if _is_none(left) else left)
        if t.is_bool(left) and t.is_bool(right):
            differ = t.compute(Op.bxor, t.as_bool(left), t.as_bool(right))
            return differ if symbol == "!=" else t.compute(Op.bnot, differ)
    if t.is_float(left) or t.is_float(right):
        return compare_floats(t, symbol, left, right)
    return t.emit(COMPARISONS[symbol], t.as_int(left), t.as_int(right))


def _is_none(shape: Shape) -> bool:
    return isinstance(shape, Const) and shape.value is None


def _equals_none(t: Tracer, symbol: str, other: Shape) -> Const:
    match other:
        case Const(None):
            return Const(symbol == "==")
        case Const(int() | str() | tuple() | float()) | TupleOf() | RangeOf() | RangeIter():
            return Const(symbol == "!=")
        case Value() if other.type in (INT, BOOL, F64):
            return Const(symbol == "!=")
    raise t.wrong_type(other)


def is_op(t: Tracer, instr: Instr) -> None:
    right, left = t.stack.pop(), t.stack.pop()
    if isinstance(right, Const) and _is_singleton(right):
        same = _is(t, left, right.value)
    elif isinstance(left, Const) and _is_singleton(left):
        same = _is(t, right, left.value)
    else:
        raise Leave("identity")
    inverted = bool(instr.arg)
    if isinstance(same, bool):
        t.stack.append(Const(same is not inverted))
    else:
        t.stack.append(t.compute(Op.bnot, same) if inverted else same)


def _is_singleton(shape: Const) -> bool:
    return isinstance(shape.value, bool | None | type(...))


def _is(t: Tracer, shape: Shape, singleton: object) -> Value | bool:
    """Whether the object is None, False, True or Ellipsis."""
    if isinstance(shape, Const):
        return shape.value is singleton
    if isinstance(shape, Value) and shape.type == BOOL and isinstance(singleton, bool):
        return shape if singleton else t.compute(Op.bnot, shape)
    return isinstance(shape, Value) and t.object_types.get(shape) is type(singleton)


HANDLERS = {
    "BINARY_OP": binary_op,
    "COMPARE_OP": compare_op,
    "IS_OP": is_op,
    "TO_BOOL": to_bool,
    "UNARY_INVERT": unary_invert,
    "UNARY_NEGATIVE": unary_negative,
    "UNARY_NOT": unary_not,
    "UNARY_POSITIVE": unary_positive,
}
