"""Marsaglia's xorshift of 64 bits with Vigna's multiplier: outputs combined."""

FAMILY = "masked"
ARGUMENTS = (100_000, 88172645463325252)
ANSWER = 13102463203135807449


def kernel(n, seed):
    x = seed
    total = 0
    for _ in range(n):
        x ^= x >> 12
        x ^= x << 25 & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 27
        total ^= x * 0x2545F4914F6CDD1D & 0xFFFFFFFFFFFFFFFF
    return total
