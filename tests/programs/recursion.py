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


@on((*EDGES[:12], 240, 46, 6, True, 2.5), (0, 1, 46, 240, -7, 2**63 - 1, 2.5, None))
def bezout(a, b):
    if b == 0:
        return a, 1, 0
    g, x, y = bezout(b, a % b)
    return g, y, x - a // b * y


@on((0, 1, 2, 9, 90, 91, 92, 93, 94, 95, 186, 187, 300, True, 2.5, -1))
def fibonacci_pair(n):
    if n <= 0:
        return 0, 1
    a, b = fibonacci_pair(n >> 1)
    c, d = a * (2 * b - a), a * a + b * b
    return (d, c + d) if n & 1 else (c, d)


@on((0, 1, 2, 7, 40, True, 1.5))
def least_and_greatest(n):
    if n <= 1:
        v = n * 7919 % 10007
        return v, v
    (a, b), (c, d) = least_and_greatest(n // 2), least_and_greatest(n - n // 2)
    return min(a, c), max(b, d)


@on((0, 1, 5, 12, -1), (0.5, -0.0, 3, 1e308))
def gives_all_kinds(n, x):
    if n <= 0:
        return (n, (True, x)), None, ()
    (k, (t, y)), nothing, empty = gives_all_kinds(n - 1, x)
    return (k + n, (not t, y * 1.5 if t else x)), nothing, empty


@on((0, 1, 2, 3, 4, 5, 6, 7, 30, True), (0, 2**62, 0.5, None))
def gives_several_structures(n, a):
    if n <= 0:
        return a, n
    if n == 3:
        return a, n, n
    if n == 5:
        return n
    found = gives_several_structures(n - 1, a)
    return (n, 0.5, a) if n == 6 else found if n % 2 else (n, a)


@on((0, 1, 9, 30), (1, 2**60))
def gives_nine(n, a):
    if n == 0:
        return a, 1, 2, 3, 4, 5, 6, 7, 8
    b, *_ = gives_nine(n - 1, a)
    return b + n, a, a, a, a, a, a, a, a


@on((0, 1, 9, 30, 61, 62), (1, 5, 2**61, -(2**61), 1.5))
def gives_eight(n, a):
    if n == 0:
        return a, 1, 2, a, 4, 5, a, 7
    b, c, d, e, f, g, h, i = gives_eight(n - 1, a)
    return i + n, b, c, d + b, e, f ^ c, g, h + h


@on((0, 1, 2, 20, -1), EDGES[:8], (1.5, 2, True))
def takes_tuples(n, a, x):
    (b, c), y = taking(n, ((a, 3), x), (None, len))
    return b, c, y


def taking(n, t, constants):
    (a, b), x = t
    if n <= 0:
        return (a, b), x if constants[0] is None else constants
    return taking(n - 1, ((b, a + n), x * 0.5), constants)


@on((0, 1, 5, 11), (0, 3, 17, 2**62, -4), (1, 3, -2, 2**61, 0))
def takes_ranges(n, stop, step):
    r = ranging(range(stop, stop + 9 * step, step), n) if step else 1
    return r, ranging(range(2, stop & 15), n), ranging(range(20, 2, -3), n)


def ranging(numbers, n):
    if n > 0:
        return ranging(numbers, n - 1) + len(numbers)
    t = 0
    for number in numbers:
        t ^= number
    return t


@on((0, 1, 4, 9, -3), EDGES[:8])
def takes_what_is_known(n, a):
    return knowing("up", (2, 3, 5, 7, 11), (a, 1), n), knowing("down", (), (1, a), n)


def knowing(how, primes, pair, n):
    if n <= 0:
        return pair
    a, b = pair
    if how == "up":
        return knowing(how, primes, (b, a + primes[n % 5]), n - 1)
    return knowing(how, primes, (b - len(primes), a), n - 1)


@on((0, 1, 4, 20), EDGES[:8])
def takes_a_tuple_of_arguments(n, a):
    return rotating(n, a, 1, 2.5), rotating(n), rotating(n, a, k=3)


def rotating(n, *items, k=1):
    if n <= 0:
        return items
    if len(items) == 3:
        a, b, c = items
        return rotating(n - k, b, c, a, k=k)
    return rotating(n - k, *items, k=k)


@on((0, 1, 7, 30, 31), (3, 0, -2, True))
def divides_on_the_way(n, d):
    """Leaves with parts of tuples in every frame."""
    if n <= 0:
        return 7 // d, (d, 0.5)
    a, (b, x) = divides_on_the_way(n - 1, d - (n == 20))
    return a + n // (b + 1), (b, x + a)


@on((0, 1, 7, 30, 60), (0, 5))
def catches_with_tuples(n, d):
    try:
        return divides_on_the_way(n, d)
    except ZeroDivisionError as error:
        return error.args, n


@on((*DEEP, 990))
def pairs_as_deep_as_can_be(n):
    if not n:
        return 0, n
    a, b = pairs_as_deep_as_can_be(n - 1)
    return b, a


def taken_apart(state, n):
    low, high = state
    return taken_together((high, low * 3 % 1009), n - 1) if n > 0 else state


def taken_together(state, n):
    low, high = state
    low, high = taken_apart((low + high, high), n - 1) if n > 0 else (high, low)
    return high, low


@on((0, 1, 2, 15, 40, True), SMALL)
def each_other_with_tuples(n, a):
    low, high = taken_apart((a, 1), n)
    return low * 2, high


@on((0, 1, 30, 300), (0, 1, -3, 2.5))
def gives_mostly_none(n, a):
    if n <= 0:
        return None if a else a
    gives_mostly_none(n - 1, a)
    return None
