"""An exit with a value in the register of the fuel, which was given back to a native caller."""

# ruff: noqa
# fmt: off
CALLS = [
    (-9223372036854775808, -1, 65),
    (64, 4611686018427387905, 9223372036854775808),
    (-2, 8, 2147483647),
    (13, 13, -4611686018427387904),
    (-4611686018427387904, 2305843009213693957, 1),
    (-9223372036854775809, 18446744073709551557, 9223372036854775806),
    (2305843009213693957, -1, True),
    (18446744073709551615, 18446744073709551615, 9223372036854775808),
]


def first(a, b):
    x = b - (4294967296 * -9223372036854775808 + b >> 64) < a % (a | 1) >> 0 <= (a ^ b) - (a >> (a & 127))
    if a == 1:
        del a
    x = b - (4294967296 * -9223372036854775808 + b >> 64) < a % (a | 1) >> 0 <= (a ^ b) - (a >> (a & 127))
    if -9223372036854775808:
        x -= False
    return a ^ x % (b | 1)

def second(a, b):
    t1 = 0
    while b <= True and t1 < 5:
        t1 += 1
        p = b * a << 64 & first(b, a) & 9223372036854775808
        p &= 4611686018427387903
        try:
            a = first(a, a) & b & 18446744073709551615
            a %= 2147483648
            if b >> (a & 127) < p * a - b >> 90:
                return p + 0
        except OverflowError as error:
            pass
    return (a * b % 2147483647 ^ 9223372036854775807 & -1 & 18446744073709551615) & 9223372036854775807

def third(a, b=64):
    q = 0
    x, c = (c & -1, b & -1)
    while c:
        q = x % c
        x = c
        c = q
    if x != elsewhere(x, c):
        if 6364136223846793005 * q - b & 4294967295:
            pass
    return x

def program(a, b, c):
    x = b
    y = 100
    z = a
    for k in range(x, x - 3, -3):
        if y * x & 255 > y:
            y = GLOBAL - 3
            x %= 8
            x %= 8
        p = (z * z & 65535) + a & 4294967295
        if not -2305843009213693951 < p < 2305843009213693951:
            p = 7
    try:
        a *= a >> 33 & 9223372036854775808
        x = math.isqrt(abs(b + z & 255 >= second(x, x)))
        try:
            y = -((False & 18446744073709551615 | 1099511627777 + z) & 18446744073709551615)
        except ZeroDivisionError:
            if b * z & 18446744073709551615 == (3 if z < b else x) < z << 1:
                return (a, b, c, x, y, z)
            x = math.isqrt(abs(b + z ^ 255 >= second(x, x)))
            x %= 18446744073709551616
        finally:
            b = (b ^ b or first(4611686018427387904, a)) + (x + a - (b ^ b))
            b %= 2305843009213693951
    except ValueError as error:
        for p in range(a, a + 15, 3):
            t1 = 0
            while y > p and t1 < 7:
                t1 += 1
                if 3 << (a & 127) == p & 9223372036854775807:
                    pass
        raise
    except ValueError:
        pass
    return (a, b, c, x, y, z)
