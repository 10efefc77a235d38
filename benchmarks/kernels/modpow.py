"""Modular powers by squaring: Fermat's test over many bases."""

FAMILY = "modular"
ARGUMENTS = (7_000, 1_000_000_007)
ANSWER = 6998


def kernel(n, modulus):
    passed = 0
    for base in range(2, n):
        result = 1
        square = base
        exponent = modulus - 1
        while exponent:
            if exponent & 1:
                result = result * square % modulus
            square = square * square % modulus
            exponent >>= 1
        if result == 1:
            passed += 1
    return passed
