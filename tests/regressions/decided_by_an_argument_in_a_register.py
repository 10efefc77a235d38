"""What is true of every integer in a register is not taken to be true of wider arguments."""

# ruff: noqa
# fmt: off
CALLS = [
    (5, 6, 7),
    (2**70, 6, 7),
    (-2**70, 2**64, 7),
    (3, -2**90, 2**63),
]


def program(a, b, c):
    return a <= 9223372036854775807, b >= -9223372036854775808, 9223372036854775807 < c
