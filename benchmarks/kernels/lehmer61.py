"""Lehmer's generator modulo 2**61 - 1."""

FAMILY = "modular"
ARGUMENTS = (300_000, 1)
ANSWER = 671711831223234112


def kernel(n, seed):
    x = seed
    for _ in range(n):
        x = x * 437799614237992725 % 2305843009213693951
    return x
