"""Primes below a limit, counted by trial division."""

FAMILY = "plain"
ARGUMENTS = (12_000,)
ANSWER = 1438


def kernel(n):
    count = 0
    for candidate in range(2, n):
        divisor = 2
        while divisor * divisor <= candidate:
            if candidate % divisor == 0:
                break
            divisor += 1
        else:
            count += 1
    return count
