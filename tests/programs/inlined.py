"""Calls of small functions, which are compiled in the place of the call."""

import math

from tests.differential import EDGES, SMALL
from tests.programs.elsewhere import scaled_elsewhere
from tests.programs.program import ANY, COUNT, on

FACTOR = 3


def clamped(x, low, high):
    if x < low:
        return low
    if x > high:
        return high
    return x


def square_plus(x, k=3, *, sign=1):
    return sign * x * x + k


def scaled(x):
    return x * FACTOR


def divided(a, b):
    return a // b


def checked(x, limit=10):
    if x > limit:
        raise ValueError(x)
    return x


def power_sum(n, b):
    s = 0
    for i in range(n):
        s += b**i
    return s


def both(a, b):
    return divmod(a, b)


def nothing(a):
    a += 1


def twice(a, b):
    try:
        return divided(a, b) + divided(b, a)
    except ZeroDivisionError:
        return -1


def is_even(n):
    return True if n <= 0 else is_odd(n - 1)


def is_odd(n):
    return False if n <= 0 else is_even(n - 1)


def first_of(a, b):
    return [a, b][0]


def steps(n):
    return range(0, n, 2)


def unbound(a):
    if a > 3:
        b = a
    return b


def posonly(a, /, b=2):
    return a - b


def applied(function, *args):
    return function(*args)


def at_least(first, *others, by=0):
    return clamped(others[0] if others else first, first + by, 2**62)


FUNCTIONS = (
    nothing, scaled, square_plus, checked, math.floor, abs, unbound, int, None, len, divided,
    lambda x: x + 1, lambda x, y=2: (x, y),
)  # fmt: skip


@on(FUNCTIONS, COUNT, SMALL)
def calls_what_it_is_given(function, n, a):
    t = 0
    for i in range(n):
        t += function(a + i)
    return t, function


@on(FUNCTIONS, FUNCTIONS, EDGES)
def passes_functions_on(f, g, a):
    h = f if a > 3 else g
    return applied(h, a), applied(applied, f, a), h


@on((divided, clamped, square_plus, max, math.gcd, nothing), EDGES, SMALL)
def calls_with_tuples(function, a, b):
    pair = a, b
    if b > 5:
        return applied(function, *pair)
    pair = (*pair, 3) if b == 2 else (a,) if b == 1 else pair
    return function(*pair), function(*(a, b))


@on(SMALL, SMALL, SMALL)
def rests(a, b, c):
    return (
        at_least(a),
        at_least(a, b),
        at_least(a, b, c, by=c),
        applied(at_least, *(c, b)) if a else at_least(by=a),
    )


@on(SMALL, SMALL)
def leaves_with_rests(a, b):
    return applied(first_of, a, b), applied(divided, a, b)


@on(COUNT, EDGES)
def clamps(n, a):
    t = 0
    for i in range(n):
        t += clamped(a + i, -100, high=2**62)
    return t


@on(COUNT, SMALL)
def defaults_and_keywords(n, a):
    t = 0
    for i in range(n):
        t += square_plus(i) - square_plus(k=i, x=a) + square_plus(a, i, sign=-1)
    return t, square_plus(a, sign=a)


@on(COUNT)
def reads_globals_there(n):
    t = 0
    for i in range(n):
        t += scaled(i) - scaled_elsewhere(i)
    return t


@on(EDGES, EDGES)
def several_deep(a, b):
    return twice(a, b), twice(b, clamped(a, 0, 5))


@on(COUNT, EDGES)
def caught_here(n, a):
    t = 0
    for i in range(n):
        try:
            t += divided(checked(i), a - i)
        except (ValueError, ZeroDivisionError) as error:
            t -= len(error.args)
    return t


@on(SMALL, SMALL)
def raises_out(a, b):
    return checked(a, limit=b) + divided(a, b)


@on(COUNT, SMALL)
def loops_inside(n, b):
    t = 0
    for i in range(n):
        t += power_sum(i, b)
    return t


@on(COUNT, EDGES)
def loops_inside_outgrow(n, b):
    return power_sum(n * 7, b), n


@on(EDGES, SMALL)
def pairs_and_nothing(a, b):
    q, r = both(a, b)
    return q, r, nothing(a), both(r, 3)


@on(COUNT)
def mutual_recursion(n):
    return is_even(n), is_odd(n)


@on(COUNT, ANY)
def leaves_inside(n, a):
    t = 0
    for i in range(n):
        t += first_of(i, a)
        t -= divided(i, 3)
    return t, first_of(a, n)


@on(COUNT)
def iterates_over_what_it_returns(n):
    t = 0
    for i in steps(n):
        for j in steps(i):
            t += i * j
    return t


@on(SMALL)
def unbound_there(a):
    return unbound(a)


@on(SMALL, SMALL)
def bad_calls(a, b):
    if a == 1:
        return clamped(a, b)
    if a == 2:
        return clamped(a, b, 3, 4)
    if a == 3:
        return clamped(a, b, low=3, high=4)
    if a == 5:
        return posonly(a=b)
    if a == 8:
        return posonly(a, c=b)
    return posonly(a) + posonly(a, b=b)


@on(ANY, ANY)
def any_types_inside(a, b):
    return clamped(a, b, 5), nothing(b)


@on(COUNT, EDGES)
def in_conditions(n, a):
    t = 0
    while clamped(t, 0, n) < n and not checked(t, limit=2**70) > a:
        t += 1 if clamped(t, 2, 4) == t else 2
    return t


@on(SMALL)
def function_in_a_variable(n):
    f = clamped if n > 2 else square_plus
    g = scaled
    return f(n, 2, 3) if n > 2 else f(n), g(n)


@on(COUNT, EDGES)
def inside_a_handler(n, a):
    t = 0
    for i in range(n):
        try:
            t += divided(a, i)
        except ZeroDivisionError:
            t += power_sum(3, a) & 0xFFFF
        finally:
            t ^= scaled(i)
    return t


def closures():
    k = 5
    depth = 0

    def inner(x):
        return x * k + depth

    @on(COUNT)
    def calls_a_cell(n):
        t = 0
        for i in range(n):
            t += inner(i)
        return t

    return calls_a_cell


closures()
