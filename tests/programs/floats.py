"""Floats, alone and with integers: operators, comparisons, conversions, loops."""

from __future__ import annotations

import math
from math import cos, sqrt

from tests.differential import EDGES, FLOATS, SMALL
from tests.programs.program import ANY, on

NUMBERS = (*FLOATS, *EDGES)
COUNT = (0, 1, 2, 3, 5, 8, 13, -1)


@on(NUMBERS, FLOATS)
def sums(a, b):
    return a + b, a - b, b - a, a * b, b * a, -a, +b, a + 1, 2 * b, b - True


@on(NUMBERS, NUMBERS)
def quotients(a, b):
    return a / b


@on(FLOATS, NUMBERS)
def floors(a, b):
    return a // b


@on(NUMBERS, FLOATS)
def remainders(a, b):
    return a % b


@on(FLOATS, FLOATS)
def both_divisions(a, b):
    return divmod(a, b)


@on(FLOATS, FLOATS)
def by_constants(a, b):
    return a / 2.0, a / 3.0, b // 0.1, b % -2.5, a / 1e-310, 1.0 / (b if b else 1.0), b / -0.125


@on(NUMBERS, NUMBERS)
def compared(a, b):
    return a < b, a <= b, a == b, a != b, a > b, a >= b, not a < b, not (a == b)  # noqa: SIM201


@on(FLOATS, FLOATS, FLOATS)
def branches(a, b, c):
    found = 0
    if a < b:
        found += 1
    if a <= c:
        found += 2
    if a == c:
        found += 4
    if b != c:
        found += 8
    if not a > c:
        found += 16
    if a >= b >= c:
        found += 32
    if a:
        found += 64
    if not b:
        found += 128
    return found, bool(a) and bool(b), a or b, b and c, a is None, b == None  # noqa: E711


@on(NUMBERS, FLOATS, FLOATS)
def extremes(a, b, c):
    return min(b, c), max(b, c), min(b, c, b), max(c, b, 0.5), abs(b), min(a, b), max(a, c)


@on(FLOATS, FLOATS)
def extremes_by_hand(a, b):
    low, high = a, a
    if b < low:
        low = b
    if b > high:
        high = b
    return low, high, a if a > b else b, b if a > b else a, a if a <= b else b


@on(FLOATS)
def whole(a):
    return int(a)


@on(FLOATS)
def rounded(a):
    return round(a)


@on(NUMBERS)
def converted(a):
    return float(a), float(), float(True), bool(a)  # noqa: UP018


@on(FLOATS)
def are_integers(a):
    return a.is_integer(), (a * 2.0).is_integer(), (1.5).is_integer()


@on(NUMBERS, FLOATS)
def powers(a, b):
    return a**b


@on(FLOATS, NUMBERS)
def powers_of_floats(a, b):
    return a**b


@on(FLOATS)
def constant_powers(a):
    return a**2, a**3, a**0, a**1.0


@on(NUMBERS)
def inverse_powers(a):
    return a**-1, a**-2, a**-3


HALFWAY = (
    0.125, 0.375, -0.125, 0.625, 2.675, 1.005, 0.045, 1.115, -1.115, 0.5, 1.5, 2.5, 5e-4, 0.0015,
    -0.0004, 1e-9, 450359962737.045, 45035996273704.96, 4503599627370.5, 12345678.90625,
)  # fmt: skip
"""Of the decimal digits, or nearly so."""


@on((*HALFWAY, *FLOATS))
def rounded_to_digits(a):
    return round(a, 2)


@on((*HALFWAY, *FLOATS))
def rounded_to_other_digits(a):
    return round(a, 0), round(a, 1), round(a, 3), round(a, None), round(a, 22) if a < 1e-7 else 0


@on((*HALFWAY, *FLOATS[:9]))
def rounded_before_the_point(a):
    return round(a, -1)


@on(FLOATS)
def roots(a):
    return a**0.5


@on(NUMBERS, FLOATS)
def powers_by_name(a, b):
    return pow(b, 2), pow(a, 1.5)


@on(FLOATS, FLOATS, COUNT)
def changing_type(a, b, n):
    total = 0
    for i in range(n):
        total += a * i
        if i == 7:
            total = i
    return total, b


@on(FLOATS, COUNT)
def from_int_to_float_and_back(a, n):
    x = 1
    for i in range(n):
        x = x * a if i % 2 else int(x) if -1e9 < x < 1e9 else 3
    return x


@on(FLOATS, FLOATS, COUNT)
def rotated(a, b, n):
    c, d, e = 0.5, -1.5, 2.5
    for i in range(n):
        a, b, c, d, e = b, c, d, e, a
        if i & 1:
            a, b = b, a
    return a, b, c, d, e


@on(FLOATS, FLOATS, COUNT)
def many_live(a, b, n):
    c, d, e, f, g, h = a + b, a - b, a * 2.0, b * 0.5, a * a, b * b
    p, q, r, s, t, u = c + 1.0, d + 2.0, e + 3.0, f + 4.0, g + 5.0, h + 6.0
    v, w, x, y, z = p * 0.5, q * 0.5, r * 0.5, s * 0.5, t * 0.5
    for i in range(n):
        a, b, c, d, e, f, g, h = b, c, d, e, f, g, h, a
        p, q, r, s, t, u = q, r, s, t, u, p
        v, w, x, y, z = w, x, y, z, v + i
        z = z // (1.0 + abs(u)) if i % 3 == 0 else z
    return a, b, c, d, e, f, g, h, p, q, r, s, t, u, v, w, x, y, z


@on(FLOATS, FLOATS, (0, 1, -1, 5, 2**62, -(2**62)))
def seen_by_an_exit(a, b, n):
    x, y = a + 1.0, b * 2.0
    n = n * 3 + 1
    z = x if n > 0 else y
    return x, y, z, n, (a, (b, 1.25)), 2.5


@on(FLOATS, FLOATS)
def strangers_leave(a, b):
    x = a * 2.0
    y = str(x) + repr(b)
    return y, x // 3.0 if b > 0 else x


@on(FLOATS, FLOATS)
def handled(a, b):
    x = a * 0.5
    try:
        x = x / b
        x = x % b
    except ZeroDivisionError as error:
        return str(error), x
    try:
        return int(x), x
    except (OverflowError, ValueError) as error:
        return str(error), x


@on(FLOATS, COUNT)
def bad_operators(a, n):
    return a << n


@on(FLOATS)
def bad_inversion(a):
    return ~a


@on(FLOATS, FLOATS)
def bad_range(a, b):
    return [*range(a)], b


@on(FLOATS)
def default_arguments(a, b=1.5, *, c=-0.0):
    return a * b + c, c


@on((3.7, 2.0, 0.0, float("nan")), (0.1, 0.5), (0, 1, 7, 1000))
def logistic(r, x, n):
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


@on((-2.0, -0.5, 0.3, 1.0), (-1.0, 0.0, 0.65), SMALL)
def escapes(x, y, limit):
    a = b = 0.0
    count = 0
    while count < limit and a * a + b * b <= 4.0:
        a, b = a * a - b * b + x, 2.0 * a * b + y
        count += 1
    return count


@on((2.0, 1e10, 0.0, 1e-300, 5e-324, float("inf")))
def newton(a):
    x, last = a / 2 if a > 1 else a + 1.0, 0.0
    steps = 0
    while x != last and steps < 50:
        last = x
        x = (x + a / x) / 2
        steps += 1
    return x, steps


@on(NUMBERS, ANY)
def mixed_with_anything(a, b):
    return a - b


@on((0.1, 0.5, 1e16), (0, 3, 1000, 200_000))
def summed_for_long(x, n):
    total = 0.0
    for i in range(n):
        total += x / (i + 1)
    return total


HALF = 0.5


@on(FLOATS)
def with_globals(a):
    return a * HALF, HALF


def _make(constant):
    def closed_over(a):
        return a * constant, constant

    return on(FLOATS)(closed_over)


_make(1.25)


@on(NUMBERS)
def roots_by_name(a):
    return sqrt(a), math.sqrt(a)


@on(NUMBERS)
def floors_by_name(a):
    return math.floor(a), math.ceil(a), math.trunc(a)


@on(NUMBERS)
def asked(a):
    return math.isnan(a), math.isinf(a), math.isfinite(a), math.fabs(a)


@on(FLOATS, NUMBERS)
def signs(a, b):
    return math.copysign(a, b), math.copysign(b, a)


@on(FLOATS)
def angles(a):
    return math.degrees(a), math.radians(a), math.pi, math.e, math.tau, math.inf


@on(NUMBERS)
def circular(a):
    return math.sin(a), cos(a), math.tan(a), math.atan(a)


@on(FLOATS)
def inverse(a):
    return math.asin(a), math.acos(a), math.atanh(a * 0.5)


@on(FLOATS)
def hyperbolic(a):
    return math.tanh(a), math.asinh(a), math.sinh(a), math.cosh(a)


@on(FLOATS)
def area_of_a_cosine(a):
    return math.acosh(a)


@on(NUMBERS)
def exponentials(a):
    return math.exp(a), math.exp2(a), math.expm1(a)


@on(NUMBERS)
def logarithms(a):
    return math.log(a), math.log2(a), math.log10(a)


@on(NUMBERS)
def logarithms_of_more(a):
    return math.log1p(a), math.cbrt(a)


@on(NUMBERS, (*NUMBERS, 1, 1.0, 2, 10))
def logarithms_to_a_base(a, b):
    return math.log(abs(a), b)


@on(NUMBERS, FLOATS)
def lengths(a, b):
    return math.hypot(a, b)


@on((*FLOATS[:14], 3, 4, 5.0), (*FLOATS[:14], 3, 4, 12.0), (*FLOATS[:14], 1e-30))
def lengths_in_space(a, b, c):
    return math.hypot(a, b, c), math.hypot(a, b), math.hypot(c), math.hypot(a, c, b, a + 1.0)


@on(FLOATS, NUMBERS)
def remainders_with_the_sign_of_the_dividend(a, b):
    return math.fmod(a, b)


@on(FLOATS)
def errors_of_measurement(a):
    return math.erf(a), math.erfc(a)


@on((*NUMBERS, 5, -5, 170, 171, 172, 1e-310, 2.5e305, -0.5, -1.5, -170.5))
def factorials(a):
    return math.gamma(a)


@on((*NUMBERS, 5, -5, 1e-310, 2.5e305, 1e306, -0.5, -1.5, -170.5))
def logarithms_of_factorials(a):
    return math.lgamma(a)


@on(NUMBERS, FLOATS)
def two_sides(a, b):
    return math.atan2(a, b), math.atan2(b, a)


@on(FLOATS, FLOATS)
def powers_of_the_module(a, b):
    return math.pow(a, b)


@on(FLOATS, FLOATS, COUNT)
def calls_among_live_floats(a, b, n):
    c, d, e, total = a * 0.5, b + 1.5, a - b, 0
    for i in range(n):
        total += math.cos(c) * d + math.exp(-abs(e))
        c, d, e = d, e, c + i
    return a, b, c, d, e, total


@on(NUMBERS)
def other_functions_of_the_module(a):
    return math.ulp(a) if a == 2 else math.hypot(a, 1.0)


@on(NUMBERS)
def other_attributes(a):
    return a.real, math.__name__, a + math.nosuch if a == 3 else a.imag
