"""The generator wyrand: both halves of a 128-bit product, combined."""

FAMILY = "masked"
ARGUMENTS = (200_000, 42)
ANSWER = 16515116980424363911


def kernel(n, seed):
    state = seed
    total = 0
    for _ in range(n):
        state = state + 0xA0761D6478BD642F & 0xFFFFFFFFFFFFFFFF
        product = state * (state ^ 0xE7037ED1A0B428DB)
        total ^= (product >> 64 ^ product) & 0xFFFFFFFFFFFFFFFF
    return total
