"""Fibonacci numbers modulo a prime."""

FAMILY = "modular"
ARGUMENTS = (500_000, 1_000_003)
ANSWER = 161148


def kernel(n, modulus):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, (a + b) % modulus
    return a
