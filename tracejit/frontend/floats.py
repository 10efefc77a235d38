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
_MOST_DIGITS: Final = 22
"""All smaller powers of ten are floats, too."""
_FIRST_WITHOUT_HALVES: Final = 2.0**52
_SPLITTER: Final = 2.0**27 + 1
"""A product with it has the upper half of a float's digits."""


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


def round_to(t: Tracer, number: Shape, digits: int) -> Value:
    """The nearest number of so many decimal digits behind the point, of two the even one.

    What the multiplication by the power of ten loses is known exactly; it decides where the product
    is halfway between integers. The integer and the power are floats, so that their quotient is the
    one that CPython gets from the decimal digits.
    """
    if not t.is_float(number):
        if digits < 0:
            raise Leave("negative-digits")
        return t.as_int(number)
    if not 0 <= digits <= _MOST_DIGITS:
        raise Leave("digits")
    x, power = t.as_float(number), 10.0**digits
    product = t.compute(Op.fmul, x, t.fconst(power))
    small = t.compute(Op.flt, t.compute(Op.fabs, product), t.fconst(_FIRST_WITHOUT_HALVES))
    leave_unless(t, small, "big-float")
    nearest = t.compute(Op.fround, product)
    past = t.compute(Op.fsub, product, nearest)
    halfway = t.compute(Op.feq, t.compute(Op.fabs, past), t.fconst(0.5))
    tie, join = t.new_block(), t.new_block([nearest])
    t.branch(halfway, Target(tie, []), Target(join, [nearest]))
    t.enter(tie)
    error = _error_of_product(t, x, power, product)
    further = t.compute(Op.fgt, t.compute(Op.fmul, past, error), t.fconst(0.0))
    other = t.compute(Op.fadd, nearest, t.compute(Op.fadd, past, past))
    t.jump_within(join, t.compute(Op.select, further, other, nearest))
    t.enter(join)
    rounded = t.compute(Op.fdiv, join.params[0], t.fconst(power))
    return t.compute(Op.fcopysign, rounded, x)


def _error_of_product(t: Tracer, x: Value, factor: float, product: Value) -> Value:
    """x * factor - product, exactly, where nothing overflows.

    T. J. Dekker, "A floating-point technique for extending the available precision", 1971.
    """
    big = t.compute(Op.fmul, x, t.fconst(_SPLITTER))
    high = t.compute(Op.fsub, big, t.compute(Op.fsub, big, x))
    low = t.compute(Op.fsub, x, high)
    factor_high = factor * _SPLITTER - (factor * _SPLITTER - factor)
    upper, lower = t.fconst(factor_high), t.fconst(factor - factor_high)
    error = t.compute(Op.fsub, t.compute(Op.fmul, high, upper), product)
    error = t.compute(Op.fadd, error, t.compute(Op.fmul, high, lower))
    error = t.compute(Op.fadd, error, t.compute(Op.fmul, low, upper))
    return t.compute(Op.fadd, error, t.compute(Op.fmul, low, lower))


def leave_unless(t: Tracer, condition: Value, reason: str) -> None:
    """Go on only where the condition holds."""
    leaves, on = t.new_block(), t.new_block()
    t.branch(condition, Target(on, []), Target(leaves, []))
    t.enter(leaves)
    t.leave(reason)
    t.enter(on)
