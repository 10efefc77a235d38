"""Greatest common divisors of all pairs of numbers below a limit, summed.

Bound by the last branch of each pair, and in C by the processor's divider too.
"""

FAMILY = "plain"
ARGUMENTS = (260,)
ANSWER = 243452


def kernel(n):
    total = 0
    for i in range(1, n):
        for j in range(1, n):
            a, b = i, j
            while b:
                a, b = b, a % b
            total += a
    return total
