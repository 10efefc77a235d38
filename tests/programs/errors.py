"""Exceptions: raised, caught, passed on, with their tracebacks."""

# The forms that the linter warns of are what is tested.
# ruff: noqa: F841, B012, RET504

from tests.differential import EDGES, SMALL
from tests.programs.program import ANY, COUNT, on


@on(COUNT, EDGES)
def divided_in_a_loop(n, a):
    s = 0
    for i in range(n):
        s += 100 // (i - a)
    return s


@on(EDGES, EDGES)
def division_caught(a, b):
    try:
        return a // b
    except ZeroDivisionError:
        return -1


@on(COUNT, SMALL)
def caught_in_a_loop(n, a):
    s = 0
    for i in range(n):
        try:
            s += 10 // (i - a)
        except ZeroDivisionError as error:
            s += 1000
            text = str(error)
        else:
            s += 1
    return s


@on(EDGES, EDGES)
def finally_runs(a, b):
    log = 0
    try:
        log = a % b
    finally:
        log = log + 1
    return log


@on(COUNT, SMALL)
def loop_inside_try(n, a):
    i = s = 0
    try:
        for i in range(n):
            s += 5 % (a - i)
    except (ZeroDivisionError, TypeError):
        return i, s, "caught"
    return i, s


@on(COUNT, SMALL)
def nested_handlers(n, a):
    s = 0
    try:
        for i in range(n):
            try:
                s += 7 // (i - a)
            except TypeError:
                s = -1
            finally:
                s += 1
    except ZeroDivisionError:
        s += 50
    return s


@on(EDGES)
def raised(a):
    if a > 5:
        raise ValueError("too large", a)
    return a


@on(COUNT, SMALL)
def raised_in_a_loop(n, a):
    for i in range(n):
        if i == a:
            raise KeyError(i)
    return n


@on(EDGES, EDGES)
def chained_exceptions(a, b):
    try:
        return a // b
    except ZeroDivisionError as error:
        raise RuntimeError("no quotient") from error


@on(EDGES, EDGES)
def raised_in_a_handler(a, b):
    try:
        return a % b
    except ZeroDivisionError:
        return a << -1


@on(EDGES, EDGES)
def raised_again(a, b):
    try:
        return a // b
    except ZeroDivisionError:
        a = 0
        raise


@on(ANY, SMALL)
def asserted(a, b):
    assert a != b
    assert b < 8, f"{b} is too much"
    return a


@on(EDGES, (*SMALL, -1, -64, 63, 100))
def negative_shifts(a, n):
    return (a << n) + (a >> n)


@on(COUNT, SMALL)
def unbound_after_a_loop(n, a):
    for i in range(n):
        if i == a:
            found = i
    return found


@on(COUNT)
def deleted(n):
    x = n
    del x
    if n:
        x = 3
    return x


@on(COUNT)
def deleted_in_a_loop(n):
    s = 0
    for i in range(n):
        x = i
        s += x
        if i != 4:
            del x
    return x, s


@on(EDGES, EDGES, EDGES)
def carets_within_a_line(a, b, c):
    return (a // b) + (b // c) * (c % (a - b)) + (a + b) // (c - c)


@on(ANY, ANY)
def spread_over_lines(a, b):
    return (
        a
        + (
            b
            // (
                a
                - b
            )
        )
    )  # fmt: skip


@on(EDGES)
def wrong_type_late(a):
    s = a
    for i in range(4):
        s = s + i
        if i == 3:
            s = s + "text"
    return s


@on(COUNT)
def step_of_zero(n):
    s = 0
    for i in range(0, 10, n):
        s += i
    return s


@on(EDGES)
def wrong_unpacking(a):
    x, y = (a, a, a) if a > 3 else (a,)
    return x + y


@on(COUNT, SMALL)
def returned_through_finally(n, a):
    for i in range(n):
        try:
            if i == a:
                return i
        finally:
            n -= 1
            if n == -1:
                continue
    return n


@on(EDGES)
def context_manager(a):
    class Quiet:
        def __enter__(self):
            return 5

        def __exit__(self, *error):
            return True

    with Quiet() as five:
        a = five // a
        a = a + 1
    return a


def raising(x):
    raise LookupError(x)


def halved(x):
    if x & 1:
        raising(x)
    return x // 2


@on(SMALL)
def raised_by_a_callee(n):
    s = 0
    for i in range(0, 20, 2):
        s += halved(i + (n == i))
    return s
