"""Mertens' function: the Moebius function, a function with a loop and three returns, added up."""

FAMILY = "calls"
NOTE = "d * d, d + 1 and -sign are checked for overflow; the divisions for their width."
ARGUMENTS = (10_000,)
ANSWER = 1424086843


def moebius(n):
    sign = 1
    d = 2
    while d * d <= n:
        if n % d == 0:
            n //= d
            if n % d == 0:
                return 0
            sign = -sign
        d += 1
    if n > 1:
        return -sign
    return sign


def kernel(n):
    total = 0
    for k in range(1, n):
        total = total * 3 + moebius(k) & 0xFFFFFFFF
    return total
