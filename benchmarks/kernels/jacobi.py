"""Jacobi symbols of all residues of an odd number, counted."""

FAMILY = "plain"
ARGUMENTS = (45_045, 2)
ANSWER = 160320


def kernel(n, step):
    total = 0
    for i in range(1, n, step):
        a, b = i, n
        sign = 1
        while a:
            while a & 1 == 0:
                a >>= 1
                if b & 7 == 3 or b & 7 == 5:
                    sign = -sign
            a, b = b, a
            if a & 3 == 3 and b & 3 == 3:
                sign = -sign
            a %= b
        if b == 1:
            total += sign * i
    return total
