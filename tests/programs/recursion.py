"""Functions that call themselves, and each other: their calls are native."""

from tests.differential import EDGES, SMALL
from tests.programs.program import ANY, COUNT, on

DEEP = (0, 1, 30, 900, 1100, -1, True, 2.5, None)


@on((*SMALL, 11, 16, 2.5, True, "ab"))
def fibonacci(n):
    return n if not 1 < n < 18 else fibonacci(n - 1) + fibonacci(n - 2)


@on((0, 3, 4), (0, 2), (1, 4, 0.5))
def takeuchi(x, y, z):
    if y >= x:
        return z
    return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y))


@on((0, 1, 2, True), (0, 1, 5, 9, True))
def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@on(DEEP)
def is_even_number(n):
    return n == 0 or is_odd_number(n - 1)


def is_odd_number(n):
    return n != 0 and is_even_number(n - 1)


def male(n):
    return n - female(male(n - 1)) if n > 0 else 0


@on((0, 1, 7, 25, -3, True, 4.5))
def female(n):
    return n - male(female(n - 1)) if n > 0 else 1


@on((*COUNT, 20, 21, 25, 40))
def factorial(n):
    return 1 if not 0 < n < 60 else n * factorial(n - 1)


@on((1.1, -2.0, 2, True, 1e300, 0), (0, 1, 33, 50, 7, -1))
def powered(x, n):
    if n <= 0:
        return 1.0
    if n & 1:
        return x * powered(x, n - 1)
    half = powered(x, n // 2)
    return half * half


@on(DEEP)
def divides_at_the_bottom(n):
    if not n:
        return 1 // n
    return divides_at_the_bottom(n - 1) + 1


@on((0, 1, 7, 30, True, -2))
def catches_on_the_way(n):
    try:
        if n <= 0:
            return 1 // n
        return catches_on_the_way(n - 1) + 1
    except ZeroDivisionError:
        return n * 1000


@on((0, 1, 7, 30, -2, 2.5))
def catches_at_the_top(n):
    try:
        return divides_at_the_bottom(n % 50)
    except ZeroDivisionError as error:
        return error.args, n


@on(SMALL, EDGES)
def within_loops(n, a):
    t = 0
    for i in range(n % 12):
        for j in range(3):
            t += fibonacci(i - j) ^ a
        t -= within_loops(i, j) if i < 4 else a
    return t


@on(DEEP)
def gives_nothing(n):
    if n and n > 0:
        gives_nothing(n - 1)


@on((*DEEP, 100))
def gives_pairs(n):
    if n <= 0:
        return 0, 1
    a, b = gives_pairs(n - 1)
    return b, a + b


@on((*SMALL, 2.5), (1, 2, 3, True), (0, 5, 2**62, 2**63 - 1, 1.5))
def with_defaults(n, step=1, *, rest=0):
    if not 0 < n < 40:
        return rest
    return with_defaults(n - step, step, rest=rest + n) + with_defaults(0)


@on((10, 2, 0), (1, 2**61), (2,), (3,), (4,), (5, 2**62, 1.5, True))
def six(a, b, c, d, e, f):
    if a <= 0:
        return b + 2 * c + 3 * d + 4 * e + 5 * f
    return six(a - 1, c, d, e, f, b) + a


def seven(a, b, c, d, e, f, g):
    return g if a <= 0 else seven(a - 1, c, d, e, f, g, b) + a


@on((0, 3, 9, -1), (1, 2**62, 2.5))
def more_than_registers(a, b):
    return seven(a, b, b, 3, 4, 5, 6)


@on((0, 1, 5, 12, True), (2.5, -1.0, 3, 1e308), (True, False, 2))
def several_kinds(n, x, t):
    if n <= 0:
        return x if t else -x
    return several_kinds(n - 1, x * 1.5, not t) + 0.5


@on((0, 1, 9, 12), ANY)
def grows_into_floats(n, a):
    return a if n <= 0 else grows_into_floats(n - 1, n / 2) + n


@on(COUNT)
def types_that_change(n):
    return changing(n, 0), changing(n, True), changing(n, 0.5)


def changing(n, x):
    return x if not 0 < n < 5 else changing(n - 1, n > 3) + changing(n - 2, n / 2) - x


def applied(f, n):
    return f(n) if n <= 0 else f(applied(f, n - 1))


def doubled(n):
    return n * 2 + 1


@on((0, 3, 20, 62, 70, -4, 1.5))
def with_a_function(n):
    return applied(doubled, n), applied(abs, n)


def long_one(n, a):
    """Too long to be compiled in the place of its calls."""
    t = a
    if n & 1:
        t = t * 3 + 1 if t < 1000 else t - 999
    if n & 2:
        t = t * 5 + 2 if t < 2000 else t - 1999
    if n & 4:
        t = t * 7 + 3 if t < 3000 else t - 2999
    if n & 8:
        t = t * 9 + 4 if t < 4000 else t - 3999
    return t ^ n


@on((0, 5, 40), EDGES)
def through_many_long_ones(n, a):
    t = 0
    for i in range(n % 9):
        t = long_one(i, t & 4095) + long_one(t & 15, i) + long_one(i, i)
        t = long_one(i, t & 4095) + long_one(t & 15, i) + long_one(i, i)
        t = long_one(i, t & 4095) + long_one(t & 15, i) + long_one(i, i)
        t = long_one(i, t & 4095) + long_one(t & 15, i) + long_one(i, i)
        t = long_one(i, t & 4095) + long_one(t & 15, i) + long_one(i, i)
    return t, long_one(n, a)
