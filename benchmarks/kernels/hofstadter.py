"""Hofstadter's female sequence, which the male one is defined by, and the other way round."""

FAMILY = "calls"
ARGUMENTS = (40,)
ANSWER = 25


def male(n):
    return n - kernel(male(n - 1)) if n else 0


def kernel(n):
    return n - male(kernel(n - 1)) if n else 1
