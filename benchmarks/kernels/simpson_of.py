"""Simpson's rule for functions that are given to it."""

from math import exp

FAMILY = "calls"
ARGUMENTS = (10_000,)
ANSWER = 4914007350
NOTE = "the sum stays in memory: calls of the C library keep no register for floats."


def rational(x):
    return 4.0 / (1.0 + x * x)


def bell(x):
    return exp(-x * x)


def simpson(function, low, high, n):
    width = (high - low) / n
    total = function(low) + function(high)
    for i in range(1, n, 2):
        total += 4.0 * function(low + i * width)
    for i in range(2, n, 2):
        total += 2.0 * function(low + i * width)
    return total * width / 3.0


def kernel(n):
    return int(1e9 * (simpson(rational, 0.0, 1.0, n) + simpson(bell, -3.0, 3.0, n)))
