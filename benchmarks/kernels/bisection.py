"""Roots of x**3 - x - c by bisection, for many c, summed."""

FAMILY = "calls"
ARGUMENTS = (800,)
ANSWER = 1390.5269121072315
NOTE = "which end moves is a branch; gcc chooses by masks."


def cubic(x, c):
    return x * x * x - x - c


def root(function, c, low, high):
    while high - low > 1e-12:
        middle = (low + high) / 2.0
        if function(middle, c) < 0.0:
            low = middle
        else:
            high = middle
    return low


def kernel(n):
    total = 0.0
    for i in range(1, n):
        total += root(cubic, i * 0.01, 1.0, 3.0)
    return total
