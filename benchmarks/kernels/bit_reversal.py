"""Words of 64 bits reversed by swapping ever larger groups of bits."""

FAMILY = "masked"
ARGUMENTS = (40_000,)
ANSWER = 52157172013830532


def kernel(n):
    total = 0
    for i in range(n):
        x = i * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        x = x >> 1 & 0x5555555555555555 | (x & 0x5555555555555555) << 1
        x = x >> 2 & 0x3333333333333333 | (x & 0x3333333333333333) << 2
        x = x >> 4 & 0x0F0F0F0F0F0F0F0F | (x & 0x0F0F0F0F0F0F0F0F) << 4
        x = x >> 8 & 0x00FF00FF00FF00FF | (x & 0x00FF00FF00FF00FF) << 8
        x = x >> 16 & 0x0000FFFF0000FFFF | (x & 0x0000FFFF0000FFFF) << 16
        total ^= x >> 32 | (x & 0xFFFFFFFF) << 32
    return total
