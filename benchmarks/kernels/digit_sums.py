"""Decimal digit sums of the numbers below a limit."""

FAMILY = "plain"
ARGUMENTS = (60_000,)
ANSWER = 1230000


def kernel(n):
    total = 0
    for i in range(n):
        x = i
        while x:
            total += x % 10
            x //= 10
    return total
