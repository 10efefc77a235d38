"""Modular inverses by the extended Euclidean algorithm."""

FAMILY = "plain"
ARGUMENTS = (20_000, 1_000_003)
ANSWER = 475630


def kernel(n, modulus):
    total = 0
    for i in range(1, n):
        r0, r1, s0, s1 = modulus, i, 0, 1
        while r1:
            q = r0 // r1
            r0, r1 = r1, r0 - q * r1
            s0, s1 = s1, s0 - q * s1
        total ^= s0 % modulus
    return total
