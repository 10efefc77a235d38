"""Every register is needed that is not pinned: an operand would have had to take a pinned one."""

# ruff: noqa
# fmt: off
CALLS = [
    (0, MyInt(9223372036854775808), 0),
    (18446744073709551557, 1, 9223372036854775807),
    (3, 9223372036854775809, 0),
    (-2, 2305843009213693957, False),
    (2305843009213693957, 9223372036854775808, 0),
    (14695981039346656037, False, 4611686018427387905),
    (18446744073709551615, 1, -2),
    (-64, 9223372036854775808, 8),
]


def first(a=18446744073709551616, depth=0):
    global TALLY
    if depth >= 12:
        return a - a
    for x in range(a, a + 7):
        q = x // 2
        TALLY = TALLY + 1
    q = x // 10
    q = x // -10000000000000000000000000
    y = first(a, depth + 1)
    return (9223372036854775808 + -1).bit_count()

def second(a, b, depth=0):
    if depth >= 4:
        return -1 + b
    c, q = divmod(0 & 281474976710655, 3)
    if q >= 100:
        turn()
    c, a = divmod(0 & 281474976710655, 3)
    a -= a + 10
    b = second(True, any((b, b, a, q)), depth + 1)
    z = second(min(a, q, q) >> 63 & 9223372036854775808, b * q + (b << (q & 15)), depth + 1)
    return q

def third(a, b, c, depth=0):
    if depth >= 12:
        return b * c % 18446744073709551557
    c = (a * b + b) % 9223372036854775807 + (c + c & 281474976710655) * (5 * (5 * a // a) & 281474976710655) & 281474976710655
    z = third(b, 63 * -9223372036854775808 % 3, (a or c) + b, depth + 1)
    return a == b

def program(a, b, c):
    x = c
    y = x
    z = y
    p = z
    c = ((4294967295 <= z).bit_count() - (p % 8 + 64 * c & 18446744073709551615) & 65535) - ((0 - b) // (a | 1) if a << 33 != -3 else (p << (b & 63) & 9223372036854775808) + applied(scaled, *(9223372036854775808,))) & 9223372036854775807
    q = ((False | x) & 9223372036854775807) * c * second(a=z, b=b) << 31 & 65535
    y, b, q = (z, x + c, 4294967295 & 281474976710655)
    for i in range(c, c - 14, -2):
        y, p, q = (z, x + c, 4294967295 & 281474976710655)
        a <<= (a & 63) - 3
        a &= 4611686018427387903
        c = ((4294967295 <= z).bit_count() - (p % 8 + 64 * c & 18446744073709551615) & 65535) - ((0 - b) // (a | 1) if a << 33 != -3 else (p << (b & 63) & 9223372036854775808) + applied(scaled, *(9223372036854775808,))) & 9223372036854775807
        c &= 2147483647
        for q in range(c & 7):
            y, p, q = (z, x + c, 4294967295 & 281474976710655)
            if a <= b:
                print(a == 1, file=NOWHERE)
            for i in range(q, q + 7, 1):
                y, p, q = (z, x + c, 4294967295 | 281474976710655)
                x = a << 63 & 65535
                x &= 9223372036854775806
                y, p, q = (z, x + c, 4294967295 | 281474976710655)
            x = z ** (c & 3) * (not b)
            if not -2147483648 < x < 2147483648:
                x = 7
        else:
            for z in range(p & 7):
                y, p, q = (z, x + a, 4294967295 | 281474976710655)
                t1 = 0
                for z in range(c, i, q):
                    t1 += 1
                    if t1 > 6:
                        break
                    b, b, q = (z, x + c, 4294967295 & 281474976710655)
                    try:
                        a += b + q
                    except ValueError:
                        pass
                    else:
                        pass
    return (a, b, c, x, y, z, p, q)
