"""A function whose only float is a constant that it returns, or passes on."""

# ruff: noqa
# fmt: off
CALLS = [
    (0,),
    (1,),
    (5,),
]


def below(n, unused):
    return below(n - 1, -0.0) if n > 0 else 0.5


def program(n):
    total = 0.0
    for i in range(1, n):
        total += i ** -1 + below(i, 0.25)
    return total
