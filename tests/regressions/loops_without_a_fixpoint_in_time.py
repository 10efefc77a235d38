"""Where range analysis gives up, a loop variable may exceed 2**63 - 1 all the same."""

# ruff: noqa
# fmt: off
CALLS = [
    (-1, 1073741823, True),
    (-1, 1073741823, True),
]


def program(a, b, c):
    x = a
    a ^= a
    for t2 in range(1, 6):
        c += c
    for k in range(5):
        try:
            p = True // ((x < a) & pow(b, b, 18446744073709551557))
            for q in range(k, k - 3, -3):
                for x in range(8):
                    b, q, c = (0, 9223372036854775808, 3)
                    x, a, a = (a if c > c else k, k, k)
                    p = (64 * q + x) % 18446744073709551557 >> (p & 7)
        except ZeroDivisionError as error:
            c %= b
        except ZeroDivisionError:
            pass
