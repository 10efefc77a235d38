"""Comparisons, identity and membership."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Final, TypeGuard

from tracejit.frontend.decode import Instr
from tracejit.frontend.floats import compare_floats
from tracejit.frontend.sequences import is_in_range, is_tuple, items_of
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, RangeIter, RangeOf, Shape, TupleOf
from tracejit.ir.types import BOOL, F64, INT
from tracejit.ir.value import Value

_COMPARISONS: Final = {
    "<": Op.ilt,
    "<=": Op.ile,
    "==": Op.ieq,
    "!=": Op.ine,
    ">": Op.igt,
    ">=": Op.ige,
}
_OF_LENGTHS: Final = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
}
_PLAIN: Final = (int, bool, float, str, type(None))
"""Types of constants that are equal as soon as they are compared, whatever the program does."""


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
    if type(left) is not Value and is_tuple(left) and is_tuple(right):
        return _compare_tuples(t, symbol, items_of(t, left), items_of(t, right))
    if t.is_float(left) or t.is_float(right):
        return compare_floats(t, symbol, left, right)
    return t.emit(_COMPARISONS[symbol], t.as_int(left), t.as_int(right))


def _is_none(shape: Shape) -> bool:
    return isinstance(shape, Const) and shape.value is None


def _equals_none(t: Tracer, symbol: str, other: Shape) -> Const:
    match other:
        case Const(None):
            return Const(symbol == "==")
        case TupleOf() | RangeOf() | RangeIter():
            return Const(symbol == "!=")
        case Const(value) if type(value) in (*_PLAIN, tuple):
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


def _compare_tuples(t: Tracer, symbol: str, left: Sequence[Shape], right: Sequence[Shape]) -> Shape:
    """By the first items that differ, else by the lengths."""
    if symbol in ("==", "!=") and len(left) != len(right):
        return Const(symbol == "!=")
    found: Shape = Const(_OF_LENGTHS[symbol](len(left), len(right)))
    for a, b in reversed([*zip(left, right, strict=False)]):
        same = equal(t, a, b)
        if isinstance(same, Const) and same.value:
            continue
        differing = Const(symbol == "!=") if symbol in ("==", "!=") else compare(t, symbol, a, b)
        if isinstance(same, Const):
            found = differing
        else:
            chosen = (t.as_bool(shape) for shape in (same, found, differing))
            found = t.compute(Op.select, *chosen)
    return found


def equal(t: Tracer, left: Shape, right: Shape) -> Shape:
    """Whether two objects are the same or equal, as containers ask of their items.

    So they find a float again that is not a number, and equal to none.
    """
    if left is right:
        return Const(True)
    if _is_plain(left) and _is_plain(right):
        return Const((left.value,) == (right.value,))
    return compare(t, "==", left, right)


def _is_plain(shape: Shape) -> TypeGuard[Const]:
    return isinstance(shape, Const) and type(shape.value) in _PLAIN


def contains_op(t: Tracer, instr: Instr) -> None:
    container, item = t.stack.pop(), t.stack.pop()
    found: Shape = Const(False)
    if isinstance(container, RangeOf):
        found = is_in_range(t, t.as_int(item), container)
    else:
        for other in items_of(t, container):
            same = equal(t, item, other)
            if isinstance(same, Const) and isinstance(found, Const):
                found = Const(same.value or found.value)
            else:
                found = t.compute(Op.bor, t.as_bool(found), t.as_bool(same))
    if instr.arg:
        found = (
            Const(not found.value)
            if isinstance(found, Const)
            else t.compute(Op.bnot, t.as_bool(found))
        )
    t.stack.append(found)


HANDLERS = {
    "COMPARE_OP": compare_op,
    "CONTAINS_OP": contains_op,
    "IS_OP": is_op,
}
