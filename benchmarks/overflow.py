"""A sum that outgrows 64 bits in the last of 200,000 iterations."""

ITERATIONS = 200_000
ARGUMENTS = (ITERATIONS, 2**63 - ITERATIONS // 2 * 3)
ANSWER = 2**63


def kernel(n, total):
    for i in range(n):
        total += 1 + (i & 1)
    return total
