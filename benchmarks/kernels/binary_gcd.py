"""Greatest common divisors by shifts and subtractions, summed."""

FAMILY = "plain"
ARGUMENTS = (3_000,)
ANSWER = 241058


def kernel(n):
    total = 0
    for i in range(1, n):
        a = i * 7919
        b = 8648640 + i
        twos = 0
        while (a | b) & 1 == 0:
            a >>= 1
            b >>= 1
            twos += 1
        while a & 1 == 0:
            a >>= 1
        while b:
            while b & 1 == 0:
                b >>= 1
            if a > b:
                a, b = b, a
            b -= a
        total += a << twos
    return total
