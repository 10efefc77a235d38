"""The Lorenz system by steps of the midpoint method: where it is at the end, as a sum."""

FAMILY = "floats"
ARGUMENTS = (20_000,)
ANSWER = 59.5224932910517


def kernel(n):
    x, y, z = 1.0, 1.0, 1.0
    step = 0.005
    for _ in range(n):
        u = x + step / 2.0 * (10.0 * (y - x))
        v = y + step / 2.0 * (x * (28.0 - z) - y)
        w = z + step / 2.0 * (x * y - 8.0 / 3.0 * z)
        x += step * (10.0 * (v - u))
        y += step * (u * (28.0 - w) - v)
        z += step * (u * v - 8.0 / 3.0 * w)
    return x + y + z
