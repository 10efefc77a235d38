"""Takeuchi's function, which calls itself for what it calls itself with."""

FAMILY = "calls"
ARGUMENTS = (14, 10, 3)
ANSWER = 4


def kernel(x, y, z):
    if y >= x:
        return z
    return kernel(kernel(x - 1, y, z), kernel(y - 1, z, x), kernel(z - 1, x, y))
