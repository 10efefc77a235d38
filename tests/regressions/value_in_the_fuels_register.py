"""A value that an exit restores is in the register that held the fuel before the last poll."""

# ruff: noqa
# fmt: off
CALLS = [
    (2, 0, 1),
    (8, -5, 2),
    (1000003, 0, 1),
    (-5, -2, True),
    (-1000, -2, 13),
    (-1, 2147483648, 2),
    (8, -5, -1),
    (5, 5, 100),
]


def program(a, b, c):
    x = b
    y = 0
    a, z, y = (c, y % 2, b - 100)
    if -3:
        for p in range(4):
            b -= min(b, b, x)
            y = -1 * 2 // 97 + (5 - 2) << (c & 127) & 18446744073709551615
            if not -1000003 < y < 1000003:
                y = 7
        y = -1 * 2 // 2 + (5 - 2) << (c & 127) & 18446744073709551615
    y, p = divmod(7 if x == z else c, y | 1)
    z, z = (64, x | x)
    if (False < 5 >= x) != c << 70 & 9223372036854775808:
        z, z = (64, a | x)
        x, y = divmod((-1 * x - z) % (b | 1), 9223372036854775807)
    else:
        p = divmod(3 or c, 2147483648)[1] if 5 - True >= 3 | c else c - p if False > a < 64 else c
    if (3 if b > a else z) >= x ** 3:
        y = a * (bool(z) & (a != 10)) // 2147483647
        y %= 2147483648
    try:
        t1 = 0
        for k in range(1, p):
            t1 += 1
            if t1 > 8:
                break
            p, z = divmod(b - p, 0 | 1)
            p = (z | False + a) * ((a >> 62) - (c - -2147483648))
            p %= 2305843009213693951
            z = 3 * -(p == k)
            z %= 4611686018427387904
        a += a <= c
        b = (-1 & y) + (c + x) - bool(z - p)
    except ValueError as error:
        b %= c | 1
    return (a, b, c, x, y, z, p)
