"""Fibonacci numbers by their definition: nothing but calls."""

FAMILY = "calls"
ARGUMENTS = (21,)
ANSWER = 10946


def kernel(n):
    return n if n < 2 else kernel(n - 1) + kernel(n - 2)
