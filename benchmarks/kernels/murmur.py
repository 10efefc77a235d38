"""The finaliser of MurmurHash3 for 64 bits, over consecutive numbers."""

FAMILY = "masked"
ARGUMENTS = (120_000,)
ANSWER = 1635481641938168903


def kernel(n):
    total = 0
    for i in range(n):
        x = i
        x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD & 0xFFFFFFFFFFFFFFFF
        x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53 & 0xFFFFFFFFFFFFFFFF
        total = total + (x ^ x >> 33) & 0xFFFFFFFFFFFFFFFF
    return total
