"""The greatest of integers, one beyond 2**63, was given unchecked to a variable that may be -1."""

CALLS = [
    (2**63, 0, 2),
    (2**64 - 1, 5, 3),
    (2**63 - 1, 5, 2**63),
    (2**63, 2**63 + 1, 2**64 - 1),
]


def program(a, b, c):
    x = y = -1
    for _ in range(1):
        x = max(c, a)
        y = min(a, a + b - b)
    return x, y
