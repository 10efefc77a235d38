"""Simpson's rule for 4 / (1 + x * x) from 0 to 1, with the function written in."""

FAMILY = "floats"
ARGUMENTS = (20_000,)
ANSWER = 3.141592653589812


def kernel(n):
    width = 1.0 / n
    total = 4.0 + 2.0
    for i in range(1, n):
        x = i * width
        weight = 4.0 if i % 2 else 2.0
        total += weight * 4.0 / (1.0 + x * x)
    return total * width / 3.0
