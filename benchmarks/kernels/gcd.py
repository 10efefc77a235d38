"""Greatest common divisors of pairs of 60-bit numbers, by Euclid's algorithm, summed.

C divides in each step; the optimiser leaves one division, and shifts and subtractions.
"""

FAMILY = "plain"
ARGUMENTS = (1000,)
ANSWER = 2880


def kernel(n):
    total = 0
    for i in range(n):
        a, b = 1152921504606846976 - 977 * i, 872819140084174283 + i
        while b:
            a, b = b, a % b
        total += a
    return total
