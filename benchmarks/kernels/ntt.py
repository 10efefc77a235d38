"""Butterflies of a number-theoretic transform modulo the prime 998244353."""

FAMILY = "modular"
ARGUMENTS = (150_000, 3)
ANSWER = (795355313, 75811898)


def kernel(n, root):
    a, b, twiddle = 1, 2, 1
    for _ in range(n):
        product = b * twiddle % 998244353
        a, b = (a + product) % 998244353, (a - product) % 998244353
        twiddle = twiddle * root % 998244353
    return a, b
