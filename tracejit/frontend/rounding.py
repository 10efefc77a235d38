"""Functions of floats whose exact result is rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracejit.frontend.floats import leave_unless
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Shape
from tracejit.ir.value import Value

_MOST_DIGITS: Final = 22
"""All smaller powers of ten are floats, too."""
_FIRST_WITHOUT_HALVES: Final = 2.0**52
_SPLITTER: Final = 2.0**27 + 1
"""A product with it has the upper half of a float's digits."""
_LEAST, _GREATEST = 1e-140, 1e140
"""Numbers whose squares, and the errors of these, are floats of full precision."""
_DOUBT: Final = 2.0**-40
"""By how much of it the correction of a root may be wrong: what CPython computes is closer."""


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
    error = _error_of_product(t, x, t.fconst(power), product)
    further = t.compute(Op.fgt, t.compute(Op.fmul, past, error), t.fconst(0.0))
    other = t.compute(Op.fadd, nearest, t.compute(Op.fadd, past, past))
    t.jump_within(join, t.compute(Op.select, further, other, nearest))
    t.enter(join)
    rounded = t.compute(Op.fdiv, join.params[0], t.fconst(power))
    return t.compute(Op.fcopysign, rounded, x)


def hypot(t: Tracer, numbers: Sequence[Value]) -> Value:
    """The square root of the sum of their squares.

    CPython rounds the exact result, computed to twice a float's digits. So does this, and leaves
    where more digits are needed to tell how (A. Ziv, "Fast evaluation of elementary mathematical
    functions with correctly rounded last bit", 1991), or where the numbers ought to be scaled.
    """
    sizes = [t.compute(Op.fabs, number) for number in numbers]
    largest = sizes[0]
    for size in sizes[1:]:
        largest = t.compute(Op.fmax, largest, size)
    inside = t.compute(
        Op.band,
        t.compute(Op.fgt, largest, t.fconst(_LEAST)),
        t.compute(Op.flt, largest, t.fconst(_GREATEST)),
    )
    leave_unless(t, inside, "math")
    total, lost = _square(t, sizes[0])
    for size in sizes[1:]:
        square, error = _square(t, size)
        total, more = _sum(t, total, square)
        lost = t.compute(Op.fadd, lost, t.compute(Op.fadd, error, more))
    root = t.compute(Op.fsqrt, total)
    square, error = _square(t, root)
    rest = t.compute(Op.fsub, t.compute(Op.fsub, total, square), error)
    rest = t.compute(Op.fadd, rest, lost)
    correction = t.compute(Op.fdiv, rest, t.compute(Op.fadd, root, root))
    doubt = t.compute(Op.fmul, correction, t.fconst(_DOUBT))
    bounds = (t.compute(op, correction, doubt) for op in (Op.fadd, Op.fsub))
    found, other = (t.compute(Op.fadd, root, bound) for bound in bounds)
    leave_unless(t, t.compute(Op.feq, found, other), "math")
    return found


def _sum(t: Tracer, a: Value, b: Value) -> tuple[Value, Value]:
    """The sum as it is rounded, and what it loses (D. E. Knuth, TAOCP 2, 4.2.2)."""
    total = t.compute(Op.fadd, a, b)
    added = t.compute(Op.fsub, total, a)
    of_a = t.compute(Op.fsub, a, t.compute(Op.fsub, total, added))
    return total, t.compute(Op.fadd, of_a, t.compute(Op.fsub, b, added))


def _square(t: Tracer, x: Value) -> tuple[Value, Value]:
    """The square as it is rounded, and what it loses."""
    square = t.compute(Op.fmul, x, x)
    return square, _error_of_product(t, x, x, square)


def _error_of_product(t: Tracer, x: Value, y: Value, product: Value) -> Value:
    """x * y - product, exactly, where nothing overflows.

    T. J. Dekker, "A floating-point technique for extending the available precision", 1971.
    """
    x_high, x_low = _halves(t, x)
    y_high, y_low = (x_high, x_low) if x is y else _halves(t, y)
    error = t.compute(Op.fsub, t.compute(Op.fmul, x_high, y_high), product)
    error = t.compute(Op.fadd, error, t.compute(Op.fmul, x_high, y_low))
    error = t.compute(Op.fadd, error, t.compute(Op.fmul, x_low, y_high))
    return t.compute(Op.fadd, error, t.compute(Op.fmul, x_low, y_low))


def _halves(t: Tracer, x: Value) -> tuple[Value, Value]:
    """Two floats of half the digits, whose sum is the float."""
    big = t.compute(Op.fmul, x, t.fconst(_SPLITTER))
    high = t.compute(Op.fsub, big, t.compute(Op.fsub, big, x))
    return high, t.compute(Op.fsub, x, high)
