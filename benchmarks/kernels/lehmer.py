"""Lehmer's generator modulo 2**31 - 1, the `minimal standard`."""

FAMILY = "modular"
ARGUMENTS = (400_000, 1)
ANSWER = 303985330


def kernel(n, seed):
    x = seed
    for _ in range(n):
        x = x * 48271 % 2147483647
    return x
