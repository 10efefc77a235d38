"""Ackermann's function, several hundred calls deep."""

FAMILY = "calls"
ARGUMENTS = (2, 120)
ANSWER = 243
NOTE = "gcc makes loops of the calls whose result is returned; here each has its frame."


def kernel(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return kernel(m - 1, 1)
    return kernel(m - 1, kernel(m, n - 1))
