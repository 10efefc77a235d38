"""The first call of a function of thirty lines, which compiles it."""

from __future__ import annotations

from time import perf_counter
from types import FunctionType


def thirty_lines(n, modulus):
    total = count = 0
    for i in range(1, n):
        a, b = modulus, i
        x0, x1 = 1, 0
        while b:
            q, r = divmod(a, b)
            a, b = b, r
            x0, x1 = x1, x0 - q * x1
        if a != 1:
            continue
        inverse = x0 % modulus
        power = 1
        square = i
        exponent = inverse & 255
        while exponent:
            if exponent & 1:
                power = power * square % modulus
            square = square * square % modulus
            exponent >>= 1
        digits = 0
        while power > 0:
            digits += power % 10
            power //= 10
        if digits > 12 and inverse % 2 == 0:
            total += digits * i
        elif digits < 5:
            total -= min(inverse, power + i)
        else:
            count += 1
    return total, count


def times(count: int) -> list[float]:
    """The seconds that the first calls of so many copies take, one after the other."""
    from tracejit import tracejit

    expected = thirty_lines(3, 97)
    found = []
    for _ in range(count):
        copy = FunctionType(thirty_lines.__code__.replace(), globals(), "thirty_lines")
        function = tracejit(copy)
        began = perf_counter()
        answer = function(3, 97)
        found.append(perf_counter() - began)
        if answer != expected:
            raise SystemExit(f"thirty_lines answers {answer!r} rather than {expected!r}")
    return found
