"""SipHash's round, with a counter as the message."""

FAMILY = "masked"
ARGUMENTS = (30_000, 0x0706050403020100, 0x0F0E0D0C0B0A0908)
ANSWER = 1801982493997031473


def kernel(n, key0, key1):
    v0 = key0 ^ 0x736F6D6570736575
    v1 = key1 ^ 0x646F72616E646F6D
    v2 = key0 ^ 0x6C7967656E657261
    v3 = key1 ^ 0x7465646279746573
    for word in range(n):
        v3 ^= word
        v0 = v0 + v1 & 0xFFFFFFFFFFFFFFFF
        v1 = (v1 << 13 | v1 >> 51) & 0xFFFFFFFFFFFFFFFF ^ v0
        v0 = (v0 << 32 | v0 >> 32) & 0xFFFFFFFFFFFFFFFF
        v2 = v2 + v3 & 0xFFFFFFFFFFFFFFFF
        v3 = (v3 << 16 | v3 >> 48) & 0xFFFFFFFFFFFFFFFF ^ v2
        v0 = v0 + v3 & 0xFFFFFFFFFFFFFFFF
        v3 = (v3 << 21 | v3 >> 43) & 0xFFFFFFFFFFFFFFFF ^ v0
        v2 = v2 + v1 & 0xFFFFFFFFFFFFFFFF
        v1 = (v1 << 17 | v1 >> 47) & 0xFFFFFFFFFFFFFFFF ^ v2
        v2 = (v2 << 32 | v2 >> 32) & 0xFFFFFFFFFFFFFFFF
        v0 ^= word
    return v0 ^ v1 ^ v2 ^ v3
