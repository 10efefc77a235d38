"""Butterflies of a number-theoretic transform modulo the prime 2**64 - 2**32 + 1."""

FAMILY = "modular"
ARGUMENTS = (80_000, 7)
ANSWER = (8387341279269982711, 6134208334956548321)


def kernel(n, root):
    a, b, twiddle = 1, 2, 1
    for _ in range(n):
        product = b * twiddle % 0xFFFFFFFF00000001
        a, b = (a + product) % 0xFFFFFFFF00000001, (a - product) % 0xFFFFFFFF00000001
        twiddle = twiddle * root % 0xFFFFFFFF00000001
    return a, b
