"""The logistic map in its chaotic range: the last value."""

FAMILY = "floats"
ARGUMENTS = (100_000,)
ANSWER = 0.9203768694495417


def kernel(n):
    x = 0.5
    for _ in range(n):
        x = 3.7 * x * (1.0 - x)
    return x
