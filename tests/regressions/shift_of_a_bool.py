"""A bool shifted left keeps its bits while it is widened."""

# ruff: noqa
# fmt: off
CALLS = [
    (1073741823, True, -5),
]


def program(a, b, c):
    x = b
    y = x
    z = b
    p = y
    p += 0
    c = x << 3
    return (a, b, c, x, y, z, p)
