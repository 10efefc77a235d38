"""A function of another module, with globals of its own."""

FACTOR = 7


def scaled_elsewhere(x):
    return x * FACTOR
