"""Operators, comparisons and builtins in straight lines."""

# The forms that the linter warns of are what is tested.
# ruff: noqa: RET504

import math
from math import gcd

from tests.differential import EDGES, SMALL
from tests.programs.program import ANY, FACTOR, on

SQUARES = tuple(
    root**2 + off
    for root in (1, 2, 3, 94906265, 94906266, 2**31, 3037000499, 3037000500, 2**32 - 1, 2**32)
    for off in (-1, 0, 1)
)
"""Integers at which roots change, up to where registers end."""


@on(FACTOR, FACTOR, ANY)
def multiply_add(a, b, c):
    return a * b + c


@on(ANY, ANY)
def sums(a, b):
    return a + b, a - b, b - a, a + 1, 1 - a


@on(FACTOR, FACTOR)
def product(a, b):
    return a * b


@on(ANY, ANY)
def quotient(a, b):
    return a // b


@on(ANY, ANY)
def remainder(a, b):
    return a % b


@on(EDGES)
def quotients_by_constants(a):
    return a // 3, a // -3, a // 8, a // -8, a // 1, a // -1, a // 10, a // 2**40, a // (2**62 + 1)


@on(EDGES)
def remainders_by_constants(a):
    return (
        a % 3,
        a % -3,
        a % 8,
        a % -8,
        a % 1,
        a % -1,
        a % 10,
        a % 2**40,
        a % (2**62 + 1),
        a % 2**64,
    )


@on(EDGES)
def constants_divided(a):
    return (100 // a, -100 % a, 2**63 // a)


@on(ANY, ANY)
def both_parts(a, b):
    q, r = divmod(a, b)
    return q * b + r, q, r


@on(ANY, ANY)
def bits(a, b):
    return a & b, a | b, a ^ b, ~a


@on(EDGES, (*SMALL, 31, 62, 63, 64, 65, 127, 1000))
def shifted_left(a, n):
    return a << n


@on(EDGES, (*EDGES, 31, 62, 63, 64))
def shifted_right(a, n):
    return a >> n


@on(EDGES)
def constant_shifts(a):
    low = a & 0xFFFF
    small = low << 1, low << 2, low << 3, low << 4, low * 3, low * 5, low * 9, low * 8, low
    return small, a << 1, a << 33, a << 63, a >> 1, a >> 33, a >> 63, a >> 64, (a & 1) << 62


@on(EDGES)
def shift_by_a_negative_constant(a):
    return (a >> 1) << -1


@on(EDGES, (*SMALL, 4, 20))
def power(a, n):
    return a**n


@on(EDGES)
def constant_powers(a):
    return a**0, a**1, a**2, a**3, 2 ** (a & 7)


@on(ANY)
def unary(a):
    return -a, +a, ~a, not a


@on(ANY)
def negated_only(a):
    return -a


@on(ANY)
def magnitudes(a):
    return abs(a), abs(-a)


@on(EDGES, EDGES, EDGES)
def extremes(a, b, c):
    return min(a, b), max(a, b), min(a, b, c), max(c, b, a)


@on(ANY, ANY)
def extremes_of_anything(a, b):
    return min(a, b, 3), max(7, a, b)


@on(EDGES)
def bit_methods(a):
    return a.bit_length(), a.bit_count()


@on(ANY)
def conversions(a):
    return bool(a), int(a) if a == a else None


@on(ANY, ANY)
def comparisons(a, b):
    return a == b, a != b, a < b, a <= b, a > b, a >= b


@on(ANY, ANY)
def equality(a, b):
    return a == b, a != b


@on(EDGES, EDGES, EDGES)
def chained(a, b, c):
    return a < b <= c, a == b != c, a > b > c > 0


@on(ANY, ANY)
def truth_values(a, b):
    return (a and b), (a or b), (not a and not b), (a if b else 7)


@on(EDGES, EDGES)
def boolean_arithmetic(a, b):
    less = a < b
    equal = a == b
    return (
        less + equal,
        less & equal,
        less | equal,
        less ^ True,
        less * a,
        -less,
        ~(a & 1),
        less < equal,
    )


@on(EDGES, EDGES)
def boolean_locals(a, b):
    flag = a > b
    if flag:
        flag = b
    return flag, flag and a


@on(EDGES)
def identities(a):
    return a is None, a is True, a is not None


@on(ANY)
def returned_as_it_came(a):
    return a


@on(ANY)
def nothing(a):
    """Only a docstring."""


@on(ANY, ANY)
def nested_tuples(a, b):
    return ((a, (b, None)), (), "text", 3.5)


@on(EDGES, EDGES)
def swapped(a, b):
    a, b = b, a + b
    (a, b), c = (b, a), a
    return c, b, a


@on(ANY)
def unpacked(a):
    x, y = a, a
    (z,) = (x,)
    return [x, y, z]


@on(EDGES, EDGES)
def augmented(a, b):
    a += b
    a -= 3
    a *= 5
    a //= 7
    a %= 1000
    a <<= 3
    a >>= 1
    a |= 1
    a &= b
    a ^= 255
    a **= 2
    return a


@on(EDGES, EDGES)
def high_products(a, b):
    return a * b % 1000003, a * b >> 64, (a * b) & 0xFFFFFFFFFFFFFFFF, a * b // (2**61 - 1)


@on(EDGES)
def masked_hash(a):
    h = (a ^ 14695981039346656037) & 0xFFFFFFFFFFFFFFFF
    h = h * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    h ^= h >> 33
    h = h * 0xFF51AFD7ED558CCD & 0xFFFFFFFFFFFFFFFF
    return h


@on(EDGES)
def wide_constants(a):
    return a < 2**63, a == 2**64, a > -(2**63), a + 2**63, a - 10**25, a & 2**64 - 1


@on(EDGES, EDGES)
def overflow_in_the_second_operation(a, b):
    x = a + 1
    y = x * b
    z = y - a
    return x, y, z


@on(ANY, ANY)
def subscripts(a, b):
    return divmod(a, b)[1], (a, b)[0]


@on(ANY, ANY)
def divisor_of_both(a, b):
    return gcd(a, b)


@on(EDGES, EDGES, EDGES)
def divisor_of_all(a, b, c):
    return math.gcd(a, b, c), math.gcd(), math.gcd(c), math.gcd(a, 0), math.gcd(12, b)


@on(SQUARES)
def square_root(a):
    return math.isqrt(a)


@on(ANY)
def square_root_of_anything(a):
    return math.isqrt(a)


@on(EDGES)
def rounded_integers(a):
    return round(a), round(a, 2), round(a, None), round(a, True)


@on(EDGES)
def integers_rounded_to_tens(a):
    return round(a, -1)
