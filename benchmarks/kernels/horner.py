"""A polynomial of degree 8 by Horner's scheme, summed over an interval."""

FAMILY = "floats"
ARGUMENTS = (50_000,)
ANSWER = 23417.283752658754


def kernel(n):
    total = 0.0
    for i in range(n):
        x = i / n
        total += (
            (((((((0.5 * x - 1.25) * x + 2.0) * x - 0.75) * x + 3.5) * x - 1.5) * x + 0.25) * x)
            - 2.0
        ) * x + 1.0
    return total
