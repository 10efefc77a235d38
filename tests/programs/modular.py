"""Masks, remainders and shifts of what outgrows a register."""

from tests.differential import EDGES, SMALL
from tests.programs.program import ANY, FACTOR, on

MODULI = (2, 3, 97, 2**31 - 1, 2**32, 2**61 - 1, 2**63 - 25, 2**64 - 59, 0, -7, 10**20)


@on(FACTOR, FACTOR, MODULI)
def product_modulo(x, y, m):
    return x * y % m


@on(EDGES, EDGES, MODULI)
def multiply_add_modulo(x, y, m):
    return (x * y + x) % m, (x * y - y) % m, (x - y * y) % m


@on(EDGES, EDGES, MODULI)
def product_over(x, y, m):
    return x * y // m


@on(EDGES, EDGES)
def product_shifted(x, y):
    return x * y >> 7, x * y >> 63, x * y >> 64, x * y >> 100, (x * y + y) >> 200


@on(EDGES, EDGES)
def folded_product(x, y):
    t = (x & 0xFFFFFFFFFFFFFFFF) * (y & 0xFFFFFFFFFFFFFFFF)
    return (t & 0xFFFFFFFFFFFFFFFF) ^ (t >> 64)


@on(EDGES, EDGES, MODULI)
def matrix_element(a, b, m):
    return (a * b + b * (a + 1)) % m, (a * a - b * b) % m


@on(EDGES, EDGES, MODULI)
def product_in_two_places(a, b, m):
    t = a * b
    q = t // m
    r = t % m
    return q, r, divmod(a * b, m)


@on(EDGES, EDGES, MODULI)
def product_seen_by_a_handler(a, b, m):
    t = None
    try:
        t = a * b
        return t % m
    except ZeroDivisionError:
        return t


@on(FACTOR, SMALL, (*MODULI, None))
def power_modulo(b, e, m):
    return pow(b, e, m)


@on(EDGES, (0, 1, 2, 3, 10**9, 2**63, 2**70, -1, True), MODULI)
def large_power_modulo(b, e, m):
    return pow(b, e, m), pow(b, 2)


@on(SMALL, SMALL)
def power_as_a_function(b, e):
    return pow(b, e)


@on((0, 1, 50), EDGES)
def lehmer(n, x):
    for _ in range(n):
        x = x * 6364136223846793005 % (2**63 - 25)
    return x


@on((0, 1, 9), EDGES)
def lehmer_by_mersenne_primes(n, x):
    y = x
    for _ in range(n):
        x = x * 48271 % 2147483647
        y = (y * 437799614237992725 - x) % 2305843009213693951
    return x, y


@on((0, 1, 9), EDGES)
def checksums(n, x):
    a, b, c = 1, 0, x % 65537
    for i in range(n):
        a = (a + (i * 167 & 255)) % 65521
        b = (b + a) % 65521
        c = (c * c - a) % 65537
    return b << 16 | a, c


@on((0, 1, 9), EDGES, MODULI)
def fibonacci_modulo(n, a, m):
    b, c = 1, 0
    for i in range(n):
        a, b, c = b, (a + b) % m, (c - b + i) % m
    return a, b, c


@on((0, 5, 1000003), EDGES, MODULI)
def power_by_squaring(e, x, m):
    result = 1
    while e:
        if e & 1:
            result = result * x % m
        x = x * x % m
        e >>= 1
    return result


@on((0, 1, 20), EDGES, ANY)
def fnv1a(n, h, byte):
    for i in range(n):
        h = ((h ^ (byte + i & 255)) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


@on((0, 1, 20), EDGES)
def xorshift(n, x):
    total = 0
    for _ in range(n):
        x ^= x >> 12
        x ^= (x << 25) & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 27
        total = (total + x * 2685821657736338717) & 0xFFFFFFFFFFFFFFFF
    return total, x


@on((0, 1, 20), EDGES)
def splitmix(n, s):
    total = 0
    for _ in range(n):
        s = (s + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        z = s
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        total ^= z ^ (z >> 31)
    return total


@on((0, 1, 20), EDGES)
def permuted_generator(n, state):
    total = 0
    for _ in range(n):
        old = state
        state = (old * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        shifted = (((old >> 18) ^ old) >> 27) & 0xFFFFFFFF
        turn = (old >> 59) & 31
        total = (total + ((shifted >> turn) | (shifted << (-turn & 31)))) & 0xFFFFFFFF
    return total


@on((0, 1, 9), EDGES, EDGES)
def butterflies(n, a, root):
    b, twiddle = 2, 1
    for _ in range(n):
        product = b * twiddle % 0xFFFFFFFF00000001
        a, b = (a + product) % 0xFFFFFFFF00000001, (a - product) % 0xFFFFFFFF00000001
        twiddle = twiddle * root % 0xFFFFFFFF00000001
    return a, b, abs(a - b)


@on((0, 1, 9), EDGES, EDGES)
def two_seeds(n, x, y):
    while n > 0:
        x, y = (y ^ (x << 3)) & 0xFFFFFFFFFFFFFFFF, x
        if x & 4:
            y = (y + 1) & 0xFFFFFFFFFFFFFFFF
        n -= 1
    return x, y


@on((2, 3, 4, 15, 97, 561, 2**31 - 1, 2**61 - 1, 2**62 + 1, 2**64 - 59, 2**64 - 1, 1, 0, True))
def miller_rabin(n):
    if n < 2 or n % 2 == 0:
        return n == 2
    d, s = n - 1, 0
    while d % 2 == 0:
        d //= 2
        s += 1
    for k in range(12):
        a = (2 + k * k) % n
        if a == 0:
            continue
        x = pow(a, d, n)
        if x == 1 or x == n - 1:
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


@on(EDGES)
def bits_and_bytes_in_the_other_order(x):
    x &= 0xFFFFFFFFFFFFFFFF
    half = x & 0xFFFFFFFF
    half = (half & 0xFF) << 24 | (half & 0xFF00) << 8 | half >> 8 & 0xFF00 | half >> 24
    r = x >> 1 & 0x5555555555555555 | (x & 0x5555555555555555) << 1
    r = r >> 2 & 0x3333333333333333 | (r & 0x3333333333333333) << 2
    r = r >> 4 & 0x0F0F0F0F0F0F0F0F | (r & 0x0F0F0F0F0F0F0F0F) << 4
    r = r >> 8 & 0x00FF00FF00FF00FF | (r & 0x00FF00FF00FF00FF) << 8
    seen = r
    r = r >> 16 & 0x0000FFFF0000FFFF | (r & 0x0000FFFF0000FFFF) << 16
    return half, seen, r >> 32 | (r & 0xFFFFFFFF) << 32, x // (half - 0x12345678)


NEVER_LEAVE = [
    (fnv1a, (20, 0xCBF29CE4, 7)),
    (xorshift, (20, 88172645463325252)),
    (permuted_generator, (20, 12345)),
    (splitmix, (20, 12345)),
    (lehmer, (50, 42)),
    (lehmer_by_mersenne_primes, (50, -42)),
    (checksums, (50, 42)),
    (power_modulo, (123456789012345678, 10**18, 2**61 - 1)),
    (bits_and_bytes_in_the_other_order, (2**64 - 3,)),
    (product_modulo, (2**62, 2**61 - 3, 2**63 - 25)),
    (butterflies, (20, 5, 7)),
    (xorshift, (20, 2**64 - 3)),
    (product_modulo, (2**64 - 1, 2**63 + 5, 2**64 - 59)),
    (power_modulo, (2**64 - 2, 2**64 - 60, 2**64 - 59)),
    (two_seeds, (20, 5, 7)),
    (miller_rabin, (2**61 - 1,)),
]
"""Functions that stay native from end to end on these arguments."""
