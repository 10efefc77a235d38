"""How many of Newton's steps for z**3 - 1 lead to a root, for a grid of complex numbers."""

FAMILY = "floats"
ARGUMENTS = (60, 30)
ANSWER = 30901


def kernel(size, limit):
    total = 0
    for row in range(size):
        for column in range(size):
            x, y = 4.0 * column / size - 2.0, 4.0 * row / size - 2.0
            steps = 0
            while steps < limit:
                xx, yy = x * x - y * y, 2.0 * x * y
                # The cube, minus 1, over three times the square.
                re, im = xx * x - yy * y - 1.0, xx * y + yy * x
                norm = 3.0 * (xx * xx + yy * yy)
                if norm == 0.0:
                    break
                dx, dy = (re * xx + im * yy) / norm, (im * xx - re * yy) / norm
                x, y = x - dx, y - dy
                steps += 1
                if dx * dx + dy * dy < 1e-20:
                    break
            total += steps
    return total
