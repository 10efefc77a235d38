"""A shift by more than there is memory for raises, whether or not its result is used."""

# ruff: noqa
# fmt: off
CALLS = [
    (1, 2, 3),
    (0, 0, 0),
    (-5, 2, 2**64),
]


def program(a, b, c):
    try:
        x = a << 18446744073709551616
        x = a << c
        x = 3
    except (OverflowError, MemoryError):
        return (a, b, "far")
    return (a, b)
