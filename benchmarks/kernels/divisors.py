"""Sums of divisors, in pairs up to the square root."""

FAMILY = "plain"
ARGUMENTS = (9_000,)
ANSWER = 66600167


def kernel(n):
    total = 0
    for i in range(1, n):
        d = 1
        while d * d <= i:
            q, r = divmod(i, d)
            if r == 0:
                total += d
                if q != d:
                    total += q
            d += 1
    return total
