"""A constant that two nested loops' preheaders need is defined once."""

# ruff: noqa
# fmt: off
CALLS = [
    (-5, -2, 2147483648),
    (0, 3, 7),
]


def program(a, b, c):
    y = a
    for q in range(y, b):
        for p in range(5):
            y = (100 - b) % 3 and b ** (b & 3)
    return y
