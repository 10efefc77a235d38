"""Perlin's noise in a plane, with gradients from a hash of the corners."""

from math import floor

FAMILY = "calls"
ARGUMENTS = (70,)
ANSWER = 1220.2744691686296


def corner(x, y, dx, dy):
    mixed = (x * 374761393 + y * 668265263) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 13)) * 1274126177) & 0xFFFFFFFF
    direction = (mixed ^ (mixed >> 16)) & 3
    u = dx if direction & 1 else -dx
    v = dy if direction & 2 else -dy
    return u + v


def faded(t):
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)


def noise(x, y):
    left, below = floor(x), floor(y)
    dx, dy = x - left, y - below
    u, v = faded(dx), faded(dy)
    low, low_right = corner(left, below, dx, dy), corner(left + 1, below, dx - 1.0, dy)
    high = corner(left, below + 1, dx, dy - 1.0)
    high_right = corner(left + 1, below + 1, dx - 1.0, dy - 1.0)
    lower, upper = low + u * (low_right - low), high + u * (high_right - high)
    return lower + v * (upper - lower)


def kernel(size):
    total = 0.0
    for row in range(size):
        for column in range(size):
            total += abs(noise(column * 0.13, row * 0.13))
    return total
