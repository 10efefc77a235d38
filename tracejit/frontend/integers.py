"""Functions of integers that take several instructions: powers, divisors, roots."""

from __future__ import annotations

from typing import Final

from tracejit.frontend.floats import float_operation, leave_unless
from tracejit.frontend.tracer import Tracer
from tracejit.ir.function import Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, Shape
from tracejit.ir.types import U64_MAX
from tracejit.ir.value import Value

_LONGEST_EXPANSION: Final = 64
"""Larger constant exponents take the loop: few integers have such powers in 64 bits."""
_GREATEST_ROOT: Final = 2**32 - 1
"""Of what a register holds."""


def power(t: Tracer, left: Shape, right: Shape) -> Shape:
    """left ** right, of integers"""
    base, exponent = t.as_int(left), t.as_int(right)
    if isinstance(right, Const):
        constant = t.small(right)
        if constant < 0:
            return _reciprocal_power(t, base, constant)
        if constant <= _LONGEST_EXPANSION:
            return _constant_power(t, base, constant)
    if isinstance(left, Const) and left.value == 2:
        # Undefined, like the shift, for negative exponents only.
        return t.emit(Op.ishl, t.iconst(1), exponent, reason="power")
    return _variable_power(t, base, exponent)


def _reciprocal_power(t: Tracer, base: Value, exponent: int) -> Value:
    """A `float`, computed as of floats; of 0 there is none."""
    nonzero = t.emit(Op.fnonzero, t.as_float(base), reason="zero-division")
    return float_operation(t, "**", nonzero, Const(exponent))


def _constant_power(t: Tracer, base: Value, exponent: int) -> Value:
    """Square and multiply from the highest bit: every intermediate result is a smaller power."""
    if exponent == 0:
        return t.iconst(1)
    result = base
    for bit in f"{exponent:b}"[1:]:
        result = t.emit(Op.imul, result, result)
        if bit == "1":
            result = t.emit(Op.imul, result, base)
    return result


def _variable_power(t: Tracer, base: Value, exponent: Value) -> Value:
    """Square and multiply from the lowest bit, never squaring beyond the highest."""
    zero, one = t.iconst(0), t.iconst(1)
    negative = t.new_block()
    loop = t.new_block([base, base, base])
    square, done = t.new_block(), t.new_block([base])
    t.branch(
        t.emit(Op.ilt, exponent, zero), Target(negative, []), Target(loop, [one, base, exponent])
    )
    t.enter(negative)
    t.leave("negative-power")
    t.enter(loop)
    result, factor, left = loop.params
    odd = t.emit(Op.ine, t.emit(Op.iand, left, one), zero)
    result = t.emit(Op.imul, result, t.compute(Op.select, odd, factor, one))
    left = t.emit(Op.ishr, left, one)
    t.branch(t.emit(Op.igt, left, zero), Target(square, []), Target(done, [result]))
    t.enter(square)
    t.jump_within(loop, result, t.emit(Op.imul, factor, factor), left)
    t.enter(done)
    return done.params[0]


def modular_power(t: Tracer, base: Value, exponent: Value, modulus: Value) -> Value:
    """pow(base, exponent, modulus): square and multiply from the lowest bit."""
    zero, one = t.iconst(0), t.iconst(1)
    leaves, positive = t.new_block(), t.new_block()
    loop, done = t.new_block([base, base, base]), t.new_block([base])
    natural = t.compute(Op.band, t.emit(Op.ige, exponent, zero), t.emit(Op.igt, modulus, zero))
    t.branch(natural, Target(positive, []), Target(leaves, []))
    t.enter(leaves)
    t.leave("modular-power")
    t.enter(positive)
    first = t.emit(Op.imod, one, modulus)
    reduced = t.emit(Op.imod, base, modulus)
    t.branch(
        t.emit(Op.igt, exponent, zero),
        Target(loop, [first, reduced, exponent]),
        Target(done, [first]),
    )
    t.enter(loop)
    result, factor, left = loop.params
    odd = t.emit(Op.ine, t.emit(Op.iand, left, one), zero)
    product = t.emit(Op.imul, result, t.compute(Op.select, odd, factor, one))
    result = t.emit(Op.imod, product, modulus)
    squared = t.emit(Op.imod, t.emit(Op.imul, factor, factor), modulus)
    left = t.emit(Op.ishr, left, one)
    t.branch(
        t.emit(Op.igt, left, zero), Target(loop, [result, squared, left]), Target(done, [result])
    )
    t.enter(done)
    return done.params[0]


def greatest_common_divisor(t: Tracer, a: Value, b: Value) -> Value:
    """Euclid's algorithm, on two integers that are not negative."""
    zero = t.iconst(0)
    loop, done = t.new_block([a, b]), t.new_block([a])
    t.branch(t.emit(Op.ine, b, zero), Target(loop, [a, b]), Target(done, [a]))
    t.enter(loop)
    x, y = loop.params
    remainder = t.emit(Op.imod, x, y, reason="zero-division")
    more = t.emit(Op.ine, remainder, t.iconst(0))
    t.branch(more, Target(loop, [y, remainder]), Target(done, [y]))
    t.enter(done)
    return done.params[0]


def integer_square_root(t: Tracer, n: Value) -> Value:
    """The root of the nearest float: in a register, never too small, too large by at most one."""
    leave_unless(t, t.emit(Op.ige, n, t.iconst(0)), "math")
    leave_unless(t, t.emit(Op.ile, n, t.iconst(U64_MAX)), "math")
    root = t.compute(Op.fsqrt, t.emit(Op.ito_float, n, reason="wide"))
    nearest = t.emit(Op.fto_int, root, reason="big-float")
    bounded = t.emit(Op.imin, nearest, t.iconst(_GREATEST_ROOT))
    candidate = t.emit(Op.imax, bounded, t.iconst(0))
    beyond = t.emit(Op.igt, t.emit(Op.imul, candidate, candidate), n)
    return t.emit(Op.isub, candidate, t.compute(Op.ifrom_bool, beyond))
