"""The Mandelbrot set in floats: iterations, summed."""

FAMILY = "floats"
ARGUMENTS = (60, 60)
ANSWER = 71713.0


def kernel(size, limit):
    total = 0.0
    for row in range(size):
        b = 2.0 * row / size - 1.0
        for column in range(size):
            a = 3.0 * column / size - 2.0
            x = y = 0.0
            steps = 0
            while steps < limit and x * x + y * y <= 4.0:
                x, y = x * x - y * y + a, 2.0 * x * y + b
                steps += 1
            total += steps
    return total
