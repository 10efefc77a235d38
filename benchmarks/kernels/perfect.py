"""Perfect numbers below a limit, by adding up every divisor."""

FAMILY = "plain"
ARGUMENTS = (900,)
ANSWER = 6028496


def kernel(n):
    found = 0
    for i in range(2, n):
        divisors = 1
        for d in range(2, i // 2 + 1):
            if i % d == 0:
                divisors += d
        if divisors == i:
            found = found * 1000 + i
    return found
