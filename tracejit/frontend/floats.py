"""Arithmetic on floats, and on floats mixed with integers."""

from __future__ import annotations

import sys
from typing import Final

from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, Shape
from tracejit.ir.value import Value

_OPERATIONS: Final = {"+": Op.fadd, "-": Op.fsub, "*": Op.fmul}
_DIVISIONS: Final = {"/": Op.fdiv, "//": Op.ffloordiv, "%": Op.fmod}
_COMPARISONS: Final = {
    "<": Op.flt,
    "<=": Op.fle,
    "==": Op.feq,
    "!=": Op.fne,
    ">": Op.fgt,
    ">=": Op.fge,
}


def float_operation(t: Tracer, symbol: str, left: Shape, right: Shape) -> Value:
    """The result of an operator with a float among its operands, or of `/`."""
    if symbol == "**":
        return _power(t, left, right)
    if symbol in _OPERATIONS:
        return t.compute(_OPERATIONS[symbol], t.as_float(left), t.as_float(right))
    if symbol not in _DIVISIONS:
        raise Leave("type:float")
    if t.is_float(left) or t.is_float(right):
        a, b = t.as_float(left), t.as_float(right)
    else:
        # The quotient of what is rounded already may not be what is nearest to the exact one.
        a, b = t.as_exact_float(left), t.as_exact_float(right)
    if not isinstance(right, Const) or not right.value:
        b = t.emit(Op.fnonzero, b, reason="zero-division")
    return t.compute(_DIVISIONS[symbol], a, b)


def compare_floats(t: Tracer, symbol: str, left: Shape, right: Shape) -> Value:
    """A comparison with a float among its operands: integers are not rounded."""
    return t.compute(_COMPARISONS[symbol], t.as_exact_float(left), t.as_exact_float(right))


def is_whole(t: Tracer, x: Value) -> Value:
    """Whether the float is an integer."""
    return t.compute(Op.band, t.compute(Op.feq, t.compute(Op.ffloor, x), x), is_finite(t, x))


def is_finite(t: Tracer, x: Value) -> Value:
    return t.compute(Op.fle, t.compute(Op.fabs, x), t.fconst(sys.float_info.max))


def _power(t: Tracer, left: Shape, right: Shape) -> Value:
    """By the function that CPython calls too, where that does all that CPython does.

    A negative base is for integral exponents only, known ones here: CPython, too, takes the base's
    magnitude, and gives the result its sign if the exponent is odd.
    """
    base, exponent = t.as_float(left), t.as_float(right)
    known = float(right.value) if isinstance(right, Const) else 0.5  # type: ignore[arg-type]  # a number
    if known.is_integer():
        result = t.compute(Op.fpow, t.compute(Op.fabs, base), exponent)
    else:
        leave_unless(t, t.compute(Op.fge, base, t.fconst(0.0)), "power")
        result = t.compute(Op.fpow, base, exponent)
    leave_unless(t, _is_normal(t, t.emit(Op.ffinite, result, reason="power")), "power")
    return t.compute(Op.fcopysign, result, base) if known % 2 == 1 else result


def _is_normal(t: Tracer, positive: Value) -> Value:
    """Whether it is 0 or has a full mantissa: else the C library may speak of an error."""
    small = t.compute(Op.fge, positive, t.fconst(sys.float_info.min))
    return t.compute(Op.bor, small, t.compute(Op.feq, positive, t.fconst(0.0)))


def leave_unless(t: Tracer, condition: Value, reason: str) -> None:
    """Go on only where the condition holds."""
    leaves, on = t.new_block(), t.new_block()
    t.branch(condition, Target(on, []), Target(leaves, []))
    t.enter(leaves)
    t.leave(reason)
    t.enter(on)
