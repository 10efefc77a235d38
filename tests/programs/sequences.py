"""Tuples and ranges as values: indexed, iterated, compared, searched, passed around."""

# The forms that the linter warns of are what is tested.
# ruff: noqa: RUF005, SIM300, RUF060

import math

from tests.differential import EDGES, FLOATS, SMALL
from tests.programs.program import ANY, COUNT, on

PRIMES = (2, 3, 5, 7, 11, 13)
WEIGHTS = (0.5, 0.25, -0.0, 1e300)
MIXED = (1, 2.5, True, None, (3, 4), 2**64)
INDICES = (*SMALL, 4, 5, 6, 7, -6, -7, 2**62, -(2**63), 2**64)
REALS = (*FLOATS[:12], *FLOATS[-4:])


def pair(a, b):
    return a, b


def length_of(numbers):
    return len(numbers)


def total_of(numbers):
    total = 0
    for number in numbers:
        total += number
    return total


@on(SMALL, EDGES)
def known_indices(a, b):
    t = a, b, 3
    return t[0], t[-1], t[True], t[-3], pair(a, b)[1], divmod(b, 7)[1], len(t)


@on(INDICES)
def indices_beyond(a):
    t = (a, 1)
    return t[2] if a == 1 else t[-3] if a == 2 else ()[a] if a == 3 else PRIMES[a]


@on(INDICES, EDGES)
def any_index(i, a):
    return (a, 5, a, 7, 8)[i]


@on(INDICES, REALS)
def any_index_of_floats(i, x):
    t = x, 1.5, -x
    return t[i], WEIGHTS[i]


@on(ANY, EDGES)
def index_of_any_type(i, a):
    return (a, False, True)[i]


@on(INDICES)
def any_index_of_several_types(i):
    item = MIXED[i]
    return item, item is None


@on(COUNT, EDGES)
def indices_in_a_loop(n, a):
    t = 0
    for i in range(n):
        t += PRIMES[i % 6] * (a, 1, -1)[i % 3]
        t += (True, False)[i & 1]
    return t


FUNCTIONS = (length_of, math.floor, lambda x: x + 1)


@on((0, 1, 2, -1, 3), FLOATS[:12])
def functions_by_index(i, x):
    functions = (math.floor, math.ceil, abs)
    return functions[i](x)


@on(EDGES, REALS, SMALL)
def loops_over_items(a, x, b):
    t = 0
    for item in (a, x, b, True, 1.5):
        t += item
    for item in ():
        t += item
    return t


@on(COUNT, SMALL)
def loops_in_loops(n, a):
    t = 0
    for i in range(n):
        for p in PRIMES:
            if p == a:
                continue
            if i % p == 0:
                break
            for q in (i, p):
                t += q * p
        else:
            t -= i
    return t


@on(SMALL, SMALL)
def while_in_a_loop_over_items(a, b):
    t = 0
    for n in (a, b, 7):
        while n > 0:
            t += n
            n -= 2
            if t > 100:
                continue
            t += 1
    return t


@on(COUNT)
def leaves_in_a_loop_over_items(n):
    found = []
    t = 0
    for item in (n, 2, 3.5):
        for i in range(n):
            t += i * item
        found.append(t)
    return found


@on(SMALL, SMALL)
def raises_in_a_loop_over_items(a, b):
    t = 0
    for item in (3, a, b, 5):
        try:
            t += 10 // item
        except ZeroDivisionError:
            t -= 1
    return t, 10 // b


@on(SMALL, EDGES)
def passed_on(a, b):
    t = pair(a, b)
    return length_of(t), total_of(t), total_of((*t,)), total_of(t + (1, 2)), total_of(t + t)


@on((0, 1, 2, 3))
def long_tuples(n):
    t = 0
    for item in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20):
        for other in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18):
            t += item * other + n
    return t, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)[n]


@on(SMALL, SMALL, (*SMALL[:4], 1.0, 0.5, None, "ab"))
def comparisons(a, b, c):
    s, t = (a, b), (b, c)
    return s == t, s != t, s == (a, b), s != (a,), (a, (b, 1)) == (b, (a, True)), s == (b, a, c)


@on(SMALL, REALS, SMALL)
def orders(a, x, b):
    s, t = (a, x, 1), (b, x, a)
    return s < t, s <= t, s > t, s >= t, s < (a,), (a,) <= s, (a, x) <= (a, x), () < s


@on(REALS, REALS)
def not_a_number_in_tuples(x, y):
    return (
        (x,) == (y,),
        (x, 1) == (x, 1),
        x in (x, y),
        x in (1.0, 0.5),
        y not in (0.0, x),
        (x,) < (y,),
    )


@on(EDGES, SMALL)
def membership(a, b):
    return a in (1, b, 7), a not in PRIMES, a in (), None in (a, None), a in ("ab", 3, a)


@on(REALS, SMALL)
def membership_of_floats(x, b):
    return x in (1, 2.5, b), 1.0 in (b, 3), x in PRIMES


@on(("ab", None, 3, 1.5))
def membership_of_anything(a):
    return a in (None, True), a in (3, 4)


@on(EDGES, EDGES, SMALL)
def ranges_as_values(a, b, c):
    r = range(a, b, c)
    return len(r), 5 in r, a in r, b not in r


@on(INDICES, SMALL, SMALL)
def ranges_by_index(i, a, c):
    return range(a)[i], range(a, 20, 3)[i], range(10, a, -c)[i]


@on(SMALL, SMALL)
def lengths_of_ranges(a, b):
    return (
        len(range(a)),
        len(range(a, b)),
        len(range(b, a, -1)),
        len(range(a, 17, 5)),
        len(range(9, b, -4)),
    )


@on(SMALL, SMALL)
def ranges_backwards(a, b):
    t = 0
    for i in reversed(range(a, b + 9, 2)):
        t = t * 3 + i
    for i in reversed(range(a)):
        t = t * 3 - i
    for i in reversed(range(b, a, -3)):
        t ^= i
    return t


@on(EDGES, SMALL)
def sums_of_items(a, b):
    return sum((a, b, True)), sum(()), sum((), True), sum((b,), a), sum((b, 1), 2)


@on(REALS)
def sums_of_floats(x):
    return sum((x, 1.5, x))


@on(EDGES, REALS)
def any_and_all(a, x):
    return any((a, x)), all((a, x, 1)), any(()), all(()), any((0, None, ())), all(("a", a))


@on(EDGES, SMALL)
def extremes_of_items(a, b):
    return min((a, b, 3)), max((a, b)), max(PRIMES), min((a,))


@on((*SMALL, 1.5))
def extreme_of_none(a):
    return max(()) if a == 1 else max(a) if a == 1.5 else min((a, 2))


@on(SMALL, SMALL)
def unpacks(a, b):
    (x, y), z = (a, b), (b, 1)
    p, q = z if a > 2 else (x, y)
    return x, y, p, q


@on(SMALL)
def unpacks_too_many(a):
    x, y = (a, a, a) if a == 3 else (1, 2)
    return x + y


@on((1, 2, 3, 1.5, None))
def constant_globals(a):
    if a is None:
        return PRIMES
    for p in PRIMES:
        if p == a:
            return p, MIXED[4][0]
    return MIXED, WEIGHTS[-1]


class Deceptive(tuple):
    """What a tuple is taken for by those who look at its items."""

    def __getitem__(self, index):
        return 77

    def __iter__(self):
        return iter((5, 6, 7))

    def __len__(self):
        return 9

    def __bool__(self):
        return False

    def __eq__(self, other):
        return True

    __hash__ = None


class Falsy(int):
    def __bool__(self):
        return False

    def __eq__(self, other):
        return True

    __hash__ = None


DECEPTIVE = Deceptive((1, 2))
FALSY = Falsy(5)


def with_deceptive_defaults(which, t=DECEPTIVE, n=FALSY):
    if which == 0:
        return t[0], len(t)
    if which == 1:
        return sum(t)
    if which == 2:
        return 1 if t else 2
    if which == 3:
        return t == None, n == None  # noqa: E711
    if which == 4:
        return 3 in t
    if which == 5:
        return any((n, n))
    a, b, c = t
    return a, b, c


@on((0, 1, 2, 3, 4, 5, 6))
def deceptive_defaults(which):
    return with_deceptive_defaults(which)


def many(a, b=2, *rest, k=3):
    return a - b, rest, k


@on(SMALL, EDGES, (0.5, True, -0.0))
def star_calls(a, b, x):
    t, u = (a, b), (x, 1)
    return (
        many(*t),
        many(a, *t),
        many(*t, b),
        many(*u, *t, a),
        many(*t, *()),
        many(a, *t, b // (a - 2) if a < 3 else 1),
        many(*(a,), *PRIMES),
        max(*t),
        divmod(*(b, 7)),
    )


@on((0, 1, 2, 3), EDGES)
def star_calls_that_do_not_bind(n, a):
    t = (a, 1)
    if n == 0:
        return pair(*t, a)
    if n == 1:
        return pair(*a)
    if n == 2:
        return pair(*t[:1])
    return pair(a, *range(1))


@on(SMALL, EDGES)
def tuples_of_tuples(a, b):
    t = (a, b)
    u = (*t, 1, *t)
    v = (b // a, *u, 7 % b if b else 1, *t[1:])
    return u, v, (*v,), (*(), a)


@on(COUNT, EDGES)
def tuples_that_turn(n, a):
    t = (a, 1, 2)
    for i in range(n):
        t = (*t[1:], t[0] + i)
    return t, sum(t), sum((*t, *t))


@on(SMALL, EDGES)
def slices(a, b):
    t = (a, b, 3, True)
    return (
        t[1:],
        t[:2],
        t[:],
        t[-2:],
        t[1:-1],
        t[::2],
        t[::-1],
        t[3:0:-2],
        t[7:],
        t[True:],
        t[: -(2**70)],
        PRIMES[2:4],
        t[1:][0] - 1,
        len(t[a:]),
    )


@on((0, 1, 2, 3, 4), SMALL)
def slices_that_leave(n, a):
    t = (a, 1, 2)
    if n == 0:
        return t[::0]
    if n == 1:
        return t[1.5:]
    if n == 2:
        return t[a : a + 1], range(5)[1:]
    if n == 3:
        return [a, 1, 2][1:], "text"[1:]
    return t[a]


@on(SMALL, EDGES)
def lists_that_are_never_seen(a, b):
    x, y = [b, a]
    t = sum([a, 3, y])
    for item in [a, b, 5]:
        t += item
    return x, t, [a, b, 1][a & 1], max([a, b]), len([a, *PRIMES]), [4, 5, 6][a % 3], all([a, b])


@on(SMALL, EDGES)
def lists_that_are_seen(a, b):
    made = other = [a, b]
    other.append(3)
    held = ([a], 1)
    held[0].append(b)
    nested = [[a], b]
    for item in nested[:1]:
        item.append(1)
    return made, other, held, nested, changed([b]), [a] == [a], [a, *[b]], ([1], 2)[0]


def changed(items):
    items.append(len(items))
    return items


@on(COUNT, EDGES)
def comprehensions(n, a):
    squares = [i * i for i in (a, n, 2)]
    return squares, [i - a for i in range(n)], sum([i * a for i in (n, 1, a)])


GIVEN = (
    (1, 2), (3, 2.5), (0, 0), (-5, True), (2**62, 2**62), (2**63, 1), (2**64, 1), (None, 1), (1,),
    (), (1, 2, 3), ((1, 2), 3), (1, (2.5, None)), ("a", 1), (2**31, -(2**31)), [1, 2], 7, None,
    (math.inf, -0.0), tuple(range(8)), tuple(range(9)), (1, 2, 3, 4.5),
)  # fmt: skip


@on(GIVEN)
def items_of_a_given_tuple(t):
    return t[0], t[-1], len(t), t


@on(GIVEN, INDICES)
def given_tuple_indexed(t, i):
    return t[i]


@on(GIVEN)
def given_tuple_unpacked(t):
    a, b = t
    return a * b + a, b, (b, t)


@on(GIVEN, COUNT)
def given_tuple_in_a_loop(t, n):
    total = 0
    for _ in range(n):
        for x in t:
            total += x
        total *= 3
    return total, t


@on(GIVEN, GIVEN)
def given_tuples_compared(t, u):
    return t == u, t < u, 2 in t, t + u


@on(GIVEN, COUNT)
def given_tuple_or_another(t, n):
    for i in range(n):
        t = (i, t[0]) if i % 3 == 2 else t
    return t


@on(GIVEN, SMALL)
def given_tuple_passed_on(t, n):
    return total_of(t) + length_of(t) + pair(t, n)[0][0]


@on(GIVEN)
def nested_given_tuple(t):
    if len(t) == 2 and t[1] is not None:
        (a, b), c = t
        return t[0], a + b + c
    return t


@on(GIVEN, COUNT)
def fibonacci_from(t, n):
    return fibonacci_from((t[1], t[0] + t[1]), n - 1) if n > 0 else t


@on((*SMALL, 2**62, 2**63, 2**64 - 1, -(2**63), 2**64, True), SMALL)
def returned_ranges(a, b):
    if b == 1:
        return range(a)
    if b == 2:
        return range(b, a, 3), (range(a, b, -1), a)
    return range(a, 10, b)


@on(SMALL, (*EDGES[:9], 0.5))
def ranges_given_back(n, a):
    numbers, (others, k) = ranges_from_the_bottom(n, a)
    t = 0
    for number in numbers:
        t += number * k
    return numbers, others, t, len(others)


def ranges_from_the_bottom(n, a):
    if n <= 0:
        return range(n), (range(a, n, -1), a)
    numbers, (others, k) = ranges_from_the_bottom(n - 1, a & 15)
    return range(numbers.start if n == 9 else n), (others, k + n)
