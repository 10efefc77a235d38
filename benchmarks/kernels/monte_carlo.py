"""The area of a quarter of a circle, by points from a linear congruential generator."""

FAMILY = "floats"
ARGUMENTS = (100_000, 12345)
ANSWER = 3.14372


def kernel(points, state):
    inside = 0
    for _ in range(points):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        x = state / 2147483648.0
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        y = state / 2147483648.0
        if x * x + y * y < 1.0:
            inside += 1
    return 4.0 * inside / points
