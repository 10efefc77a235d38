"""Fibonacci numbers modulo a prime by powers of a 2x2 matrix."""

FAMILY = "modular"
ARGUMENTS = (900, 1_000_000_007)
ANSWER = 690067363


def kernel(n, modulus):
    total = 0
    for i in range(n):
        exponent = i * 1_000_003_000_017
        a, b, c, d = 1, 0, 0, 1
        p, q, r, s = 1, 1, 1, 0
        while exponent:
            if exponent & 1:
                a, b, c, d = (
                    (a * p + b * r) % modulus,
                    (a * q + b * s) % modulus,
                    (c * p + d * r) % modulus,
                    (c * q + d * s) % modulus,
                )
            p, q, r, s = (
                (p * p + q * r) % modulus,
                (p * q + q * s) % modulus,
                (r * p + s * r) % modulus,
                (r * q + s * s) % modulus,
            )
            exponent >>= 1
        total ^= b
    return total
