"""Loops of every form."""

# The forms that the linter warns of are what is tested.
# ruff: noqa: B007

from tests.differential import EDGES, SMALL, MyInt
from tests.programs.program import ANY, COUNT, on

BIG = (2**31, 2**62, 2**63 - 5, 2**63 - 2, 2**63 + 3, 10**25, -(2**63) + 4, -(10**25), 7, 0)


@on(COUNT)
def triangle(n):
    s = 0
    for i in range(n):
        s += i
    return s


@on(COUNT, EDGES)
def sum_of_a_formula(n, a):
    s = 0
    for i in range(n):
        s += i * i * 3 - a * i + (i ^ a)
    return s


@on(COUNT, COUNT, COUNT)
def steps(a, b, c):
    s, i = 0, None
    for i in range(a, b, c):
        s = s * 3 + i
    return s, i


@on(COUNT)
def downwards(n):
    s = ()
    last = -1
    for i in range(n, -3, -1):
        last = last * 2 + i
    return last, s, i


@on(BIG, (1, 2, 3, 2**61, 2**62, -1, -2, -(2**62), MyInt(1), True))
def at_the_edge_of_the_word(start, step):
    s, seen = 0, 0
    for i in range(start, start + step * 5, step):
        s ^= i
        seen += 1
    return s, seen, i


@on(BIG)
def left_after_some(n):
    k = 0
    for i in range(n):
        k += i
        if i >= 20:
            break
    else:
        return "all", k
    return i, k


@on(COUNT)
def variable_after_the_loop(n):
    for i in range(n):
        pass
    return i


@on(COUNT)
def assigned_in_the_body(n):
    s = 0
    for i in range(n):
        i = i * 10
        s += i
        i = -1
    return s


@on(COUNT, EDGES)
def searched(n, wanted):
    for i in range(n):
        if i * i == wanted:
            break
    else:
        return -1
    return i


@on(COUNT, COUNT)
def nested(n, m):
    s = 0
    for i in range(n):
        for j in range(m):
            for k in range(i, j):
                s += i * j - k
    return s


@on(COUNT, COUNT)
def nested_breaks(n, m):
    found = 0
    for i in range(n):
        if i == 3:
            continue
        for j in range(i, m):
            if (i + j) % 5 == 4:
                break
            found += 1
        else:
            found += 100
        if found > 500:
            return found, i
    return found


@on(COUNT)
def counted_down(n):
    s = 0
    while n > 0:
        s = s * 2 + n
        n -= 1
    else:
        s = -s
    return s


@on(tuple(x for x in EDGES if x > 0))
def collatz(n):
    steps = 0
    while n != 1 and steps < 300:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps, n


@on(EDGES, EDGES)
def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


@on(EDGES, EDGES)
def extended_gcd(a, b):
    x0, x1, y0, y1 = 1, 0, 0, 1
    while b != 0:
        q, a, b = a // b, b, a % b
        x0, x1 = x1, x0 - q * x1
        y0, y1 = y1, y0 - q * y1
    return a, x0, y0


@on(EDGES)
def digit_sum(n):
    n = abs(n)
    s = 0
    while n:
        n, d = divmod(n, 10)
        s += d
    return s


@on(tuple(x for x in EDGES if x >= 0))
def integer_root(n):
    if n < 2:
        return n
    x = n
    y = (x + 1) // 2
    while y < x:
        x = y
        y = (x + n // x) // 2
    return x


@on((0, 1, 2, 3, 4, 9, 25, 97, 561, 7919, True, MyInt(13), -5))
def is_prime(n):
    if n < 2:
        return False
    i = 2
    while i * i <= n:
        if n % i == 0:
            return False
        i += 1
    return True


@on(EDGES, (*SMALL, 20, 63, 64, 200), (1, 2, 10, 97, 2**31 - 1, 2**61 - 1, 2**63 - 1, 2**64, 0, -7))
def modular_power(base, exponent, modulus):
    result = 1
    base %= modulus
    exponent = abs(exponent)
    while exponent:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


@on((0, 1, 2, 10, 90, 91, 92, 93, 94, 200, True, None))
def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@on((0, 1, 5, 20, 21, 22, 40, True))
def factorial(n):
    result = 1
    for i in range(2, n + 1):
        result *= i
    return result


@on((10, 200, 3000), EDGES)
def generator_under_a_mask(n, seed):
    x = seed
    for _ in range(n):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
    return x


@on((0, 3, 64), EDGES)
def rotated(n, x):
    x &= 2**64 - 1
    for _ in range(n):
        x = ((x << 13) | (x >> 51)) & (2**64 - 1)
        x ^= 0x9E3779B97F4A7C15
    return x


@on((5, 2000))
def forever_until_broken(n):
    i = 0
    while True:
        i += 3
        if i > n:
            break
        if i & 1:
            continue
        n -= 1
    return i, n


@on(COUNT)
def while_else_with_break(n):
    i = 0
    while i < n:
        i += 1
        if i == 6:
            break
    else:
        i = -i
    return i


@on(COUNT)
def loop_that_changes_types(n):
    x = 0
    for i in range(n):
        if i == 2:
            x = x + 0.5
        elif i == 5:
            x = x > 3
        else:
            x = x + 1
    return x


@on(COUNT)
def none_until_found(n):
    found = None
    for i in range(n):
        if found is None and i * i > 7:
            found = i
    return found


@on(COUNT)
def flag_in_a_loop(n):
    flag = False
    count = 0
    for i in range(n):
        flag = not flag
        if flag:
            count += i
    return flag, count


@on(COUNT, ANY)
def carries_a_stranger(n, thing):
    s = 0
    for i in range(n):
        s += i
    return s, thing


@on(COUNT)
def range_as_a_value(n):
    r = range(n, n + 9, 2)
    s = 0
    for i in r:
        s += i
    for i in r:
        s -= 2 * i
    return s


@on(COUNT)
def ranges_compared_and_returned(n):
    return range(n), len(range(n, 10))


@on(COUNT)
def iterator_by_hand(n):
    it = iter(range(n))
    s = 0
    for i in it:
        s += i
        for j in it:
            s += 100 * j
            break
    return s


@on((0, 1, 4, 30))
def deep_expression_in_a_loop(n):
    a, b, c, d, e, f, g, h = 1, 2, 3, 4, 5, 6, 7, 8
    for i in range(n):
        a, b, c, d, e, f, g, h = (
            b + i, c - a, d ^ b, e + c, f - d, g ^ e, h + f,
            ((a - b) * (c - d) - (e - f) * (g - h)) % 1013,
        )  # fmt: skip
    return a, b, c, d, e, f, g, h


@on((0, 5, 60))
def many_live_variables(n):
    a = b = c = d = e = f = g = h = i = j = k = m = o = p = q = r = s = t = 1
    for x in range(n):
        a += x
        b += a
        c += b
        d ^= c
        e += d & 15
        f -= e
        g += f
        h += g
        i ^= h
        j += i & 255
        k += j
        m -= k
        o += m
        p ^= o
        q += p & 7
        r += q
        s += r
        t += s
    return a, b, c, d, e, f, g, h, i, j, k, m, o, p, q, r, s, t


@on((0, 3, 9), (0, 4, 9))
def triply_nested_with_while(n, m):
    total = 0
    for i in range(n):
        j = 0
        while j < m:
            k = i + j
            while k > 0:
                total += k
                k -= 3
                if total % 7 == 6:
                    break
            j += 1
            if total > 900:
                return total
    return -total


@on((2**62, 2**63 - 10, 2**63 - 1, 2**64, 5, -(2**63)))
def overflow_inside_a_loop(start):
    x = start
    for i in range(20):
        x += i
    return x


@on((0, 1, 50, 200))
def overflow_late_in_a_loop(n):
    x = 1
    for i in range(n):
        x = x * 3 + i
    return x


DIVIDENDS = (*EDGES, 2**63 + 2**40, 2**64 - 2**33, 3 * 2**61, -3 * 2**61, 6765, 10946 * 2**40)
DIVISORS = (*DIVIDENDS, 4181, 2**62 - 2**31, "ab", None, 1.5)


@on(DIVIDENDS, DIVISORS)
def greatest_common_divisor(a, b):
    while b:
        a, b = b, a % b
    return a, b


@on(DIVIDENDS, DIVISORS)
def greatest_common_divisor_of_positive_numbers(a, b):
    while b > 0:
        r = a % b
        a = b
        b = r
    return a, b, b and r


@on(DIVIDENDS, DIVISORS)
def divisor_before_the_division_by_zero(a, b):
    last = a
    try:
        while True:
            a, b = b, a % b
            last = a
    except ZeroDivisionError:
        return last, a, b


@on(DIVIDENDS, DIVISORS)
def divisor_found_by_a_break(a, b):
    while True:
        r = a % b
        if r == 0:
            break
        a, b = b, r
    return a, b


@on(COUNT, DIVIDENDS, (1, 60, 2**31, 2**63, 2**64 - 6, -(2**40)))
def reduced_fractions(n, a, b):
    s = c = 0
    for i in range(1, n):
        x, y = (a & 0xFFFFFFFFFFFFFFFF) >> i, b + i * 6
        while y:
            x, y = y, x % y
        s += x
        x, y = i * 12, a
        while True:
            if not y:
                break
            x, y = y, x % y
        c ^= x
    return s, c, x, y
