"""A linear congruential generator under a 31-bit mask."""

FAMILY = "masked"
ARGUMENTS = (400_000, 12345)
ANSWER = (199786, 11968953)


def kernel(n, seed):
    x = seed
    high = 0
    for _ in range(n):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        if x > 0x3FFFFFFF:
            high += 1
    return high, x
