"""Square roots by Newton's method, until nothing changes, summed."""

FAMILY = "floats"
ARGUMENTS = (5_000,)
ANSWER = 235666.69775948746


def kernel(n):
    total = 0.0
    for number in range(1, n):
        x, last = float(number), 0.0
        while abs(x - last) > 1e-12 * x:
            last = x
            x = (x + number / x) / 2.0
        total += x
    return total
