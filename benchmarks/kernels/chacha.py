"""ChaCha's quarter round on four words of 32 bits, again and again."""

FAMILY = "masked"
ARGUMENTS = (40_000,)
ANSWER = (779376568, 4157028751, 2846665401, 59513148)


def kernel(n):
    a, b, c, d = 0x11111111, 0x01020304, 0x9B8D6F43, 0x01234567
    for _ in range(n):
        a = a + b & 0xFFFFFFFF
        d ^= a
        d = (d << 16 | d >> 16) & 0xFFFFFFFF
        c = c + d & 0xFFFFFFFF
        b ^= c
        b = (b << 12 | b >> 20) & 0xFFFFFFFF
        a = a + b & 0xFFFFFFFF
        d ^= a
        d = (d << 8 | d >> 24) & 0xFFFFFFFF
        c = c + d & 0xFFFFFFFF
        b ^= c
        b = (b << 7 | b >> 25) & 0xFFFFFFFF
    return a, b, c, d
