"""The Mandelbrot set in fixed-point numbers with 24 bits after the point: iterations, summed."""

FAMILY = "plain"
ARGUMENTS = (60, 60)
ANSWER = 71713


def kernel(size, limit):
    total = 0
    for row in range(size):
        for column in range(size):
            a = (column * 3 << 24) // size - (2 << 24)
            b = (row * 2 << 24) // size - (1 << 24)
            x = y = steps = 0
            while steps < limit:
                square_x = x * x >> 24
                square_y = y * y >> 24
                if square_x + square_y > 4 << 24:
                    break
                y = (x * y >> 23) + b
                x = square_x - square_y + a
                steps += 1
            total += steps
    return total
