"""Knuth's 64-bit linear congruential generator: how often the highest bit is set."""

FAMILY = "masked"
ARGUMENTS = (200_000, 1)
ANSWER = (100115, 2325186649625005889)


def kernel(n, seed):
    x = seed
    high = 0
    for _ in range(n):
        x = x * 6364136223846793005 + 1442695040888963407 & 0xFFFFFFFFFFFFFFFF
        high += x >> 63
    return high, x
