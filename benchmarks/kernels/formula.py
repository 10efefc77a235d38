"""Sum of a formula over a range."""

FAMILY = "plain"
ARGUMENTS = (300_000,)
ANSWER = 26999550003450000


def kernel(n):
    total = 0
    for i in range(n):
        total += i * i * 3 - 7 * i + (i & 15)
    return total
