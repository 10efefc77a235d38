"""Interval arithmetic: for each opcode, bounds of the result from bounds of the operands.

An interval is (low, high), both inclusive, of mathematical integers; a `bool` is 0 or 1. The bounds
hold where the result is defined: a divisor is then not 0, a shift count not negative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from tracejit.ir.ops import Op, Opcode
from tracejit.ir.types import I64_MAX, I64_MIN, U64_MAX, WORD

Interval: TypeAlias = tuple[int, int]

I64_RANGE: Final = (I64_MIN, I64_MAX)
U64_RANGE: Final = (0, U64_MAX)
BOOL_RANGE: Final = (0, 1)
NO, YES = (0, 0), (1, 1)
_FAR = WORD
"""A shift to the left by this much takes anything but 0 out of a register."""


def fits_register(x: Interval) -> bool:
    """Whether a register holds every member, all read as signed integers or all as unsigned."""
    low, high = x
    return low >= I64_MIN and high <= (I64_MAX if low < 0 else U64_MAX)


def hull(x: Interval, y: Interval) -> Interval:
    """The smallest interval that covers both."""
    return min(x[0], y[0]), max(x[1], y[1])


def add(x: Interval, y: Interval) -> Interval:
    return x[0] + y[0], x[1] + y[1]


def sub(x: Interval, y: Interval) -> Interval:
    return x[0] - y[1], x[1] - y[0]


def mul(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    if a >= 0 and c >= 0:
        return a * c, b * d
    corners = (a * c, a * d, b * c, b * d)
    return min(corners), max(corners)


def square(x: Interval) -> Interval:
    """Of what may be negative, what exceeds the signed integers is not worth being unsigned."""
    a, b = x
    least, most = sorted((a * a, b * b))
    return mul(x, x) if a < 0 and most > I64_MAX else (0 if a < 0 < b else least, most)


def neg(x: Interval) -> Interval:
    return -x[1], -x[0]


def absolute(x: Interval) -> Interval:
    a, b = x
    if a >= 0:
        return x
    return (-b, -a) if b <= 0 else (0, max(-a, b))


def shl(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    least, most = min(max(c, 0), _FAR), min(max(d, 0), _FAR)
    return a << (most if a < 0 else least), b << (least if b < 0 else most)


def shr(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    enough = max(a.bit_length(), b.bit_length())
    least, most = min(max(c, 0), enough), min(max(d, 0), enough)
    return a >> (least if a < 0 else most), b >> (most if b < 0 else least)


def floordiv(x: Interval, y: Interval) -> Interval:
    return _by_sign(_floordiv_positive, x, y, lambda found: found)


def mod(x: Interval, y: Interval) -> Interval:
    return _by_sign(_mod_positive, x, y, neg)


def _by_sign(
    of_positive: Callable[[Interval, Interval], Interval],
    x: Interval,
    y: Interval,
    mirrored: Callable[[Interval], Interval],
) -> Interval:
    """Divide by the positive divisors, and by the negative ones with both signs turned round."""
    c, d = y
    if c > 0:
        return of_positive(x, y)
    parts = []
    if d > 0:
        parts.append(of_positive(x, (1, d)))
    if c < 0:
        parts.append(mirrored(of_positive(neg(x), (max(1, -d), -c))))
    if not parts:
        return x  # Division by nothing but 0: there is no result to bound.
    return parts[0] if len(parts) == 1 else hull(*parts)


def _floordiv_positive(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    return a // (c if a < 0 else d), b // (d if b < 0 else c)


def _mod_positive(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    if a >= 0 and b < c:
        return x
    if c == d and a // c == b // c:
        return a % c, b % c
    return 0, min(b, d - 1) if a >= 0 else d - 1


def invert(x: Interval) -> Interval:
    return ~x[1], ~x[0]


def bitand(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    if a >= 0:
        return 0, min(b, d) if c >= 0 else b
    if c >= 0:
        return 0, d
    return invert(bitor(invert(x), invert(y)))


def bitor(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    if b < 0 and d < 0:
        return max(a, c), -1
    if a >= 0 and c >= 0:
        return max(a, c), _ones(max(b, d))
    if b < 0 or d < 0:  # one is negative throughout, and so is the result
        return _or_low(x, y), -1
    return min(a, c), _ones(max(b, d))


def _or_low(x: Interval, y: Interval) -> int:
    """x | y is at least whichever is negative."""
    return x[0] if x[1] < 0 and y[0] >= 0 else y[0] if y[1] < 0 and x[0] >= 0 else min(x[0], y[0])


def bitxor(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    low, high = min(a, c), max(b, d)
    if low >= 0:
        return 0, _ones(high)
    reach = max(_ones(max(high, 0)), _ones(~low))
    if (b < 0 and c >= 0) or (d < 0 and a >= 0):
        return ~reach, -1
    if b < 0 and d < 0:
        return 0, reach
    return ~reach, reach


def _ones(x: int) -> int:
    """The least 2**k - 1 that is not below x."""
    return int((1 << x.bit_length()) - 1)


def minimum(x: Interval, y: Interval) -> Interval:
    return min(x[0], y[0]), min(x[1], y[1])


def maximum(x: Interval, y: Interval) -> Interval:
    return max(x[0], y[0]), max(x[1], y[1])


def bit_length(x: Interval) -> Interval:
    a, b = absolute(x)
    return a.bit_length(), b.bit_length()


def bit_count(x: Interval) -> Interval:
    a, b = absolute(x)
    return (1 if a else 0), b.bit_length()


def same(x: Interval) -> Interval:
    return x


def less(x: Interval, y: Interval) -> Interval:
    if x[1] < y[0]:
        return YES
    return NO if x[0] >= y[1] else BOOL_RANGE


def less_equal(x: Interval, y: Interval) -> Interval:
    if x[1] <= y[0]:
        return YES
    return NO if x[0] > y[1] else BOOL_RANGE


def greater(x: Interval, y: Interval) -> Interval:
    return less(y, x)


def greater_equal(x: Interval, y: Interval) -> Interval:
    return less_equal(y, x)


def equal(x: Interval, y: Interval) -> Interval:
    if x[1] < y[0] or y[1] < x[0]:
        return NO
    return YES if x[0] == x[1] == y[0] == y[1] else BOOL_RANGE


def not_equal(x: Interval, y: Interval) -> Interval:
    return negation(equal(x, y))


def negation(x: Interval) -> Interval:
    return 1 - x[1], 1 - x[0]


def choice(condition: Interval, x: Interval, y: Interval) -> Interval:
    if condition[0] == condition[1]:
        return x if condition[0] else y
    return hull(x, y)


TRANSFER: Final[dict[Opcode, Callable[..., Interval]]] = {
    Op.iadd: add,
    Op.isub: sub,
    Op.imul: mul,
    Op.ineg: neg,
    Op.iabs: absolute,
    Op.ishl: shl,
    Op.ishr: shr,
    Op.ifloordiv: floordiv,
    Op.imod: mod,
    Op.inot: invert,
    Op.iand: bitand,
    Op.ior: bitor,
    Op.ixor: bitxor,
    Op.imin: minimum,
    Op.imax: maximum,
    Op.ibit_length: bit_length,
    Op.ibit_count: bit_count,
    Op.ifrom_bool: same,
    Op.ieq: equal,
    Op.ine: not_equal,
    Op.ilt: less,
    Op.ile: less_equal,
    Op.igt: greater,
    Op.ige: greater_equal,
    Op.bnot: negation,
    Op.band: minimum,
    Op.bor: maximum,
    Op.bxor: not_equal,
    Op.select: choice,
}
"""What each opcode of the exact stage does to intervals."""
