"""The first call of a function of thirty lines, which compiles it."""

from __future__ import annotations

from time import perf_counter

from benchmarks import sides


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


def seconds() -> float:
    """What the call takes."""
    from tracejit import tracejit

    expected = thirty_lines(3, 97)
    function = tracejit(sides.fresh(thirty_lines))
    began = perf_counter()
    answer = function(3, 97)
    took = perf_counter() - began
    if answer != expected:
        raise SystemExit(f"thirty_lines answers {answer!r} rather than {expected!r}")
    return took
