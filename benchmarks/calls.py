"""The cost of a call, by how the arguments are passed, and of decorating in vain."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from types import FunctionType

WARM_CALLS = 20_000


def multiply_add(a, b, c=5):
    return a * b + c


def joined(a, b):
    return a + b


def positional(decorate: Callable[[FunctionType], FunctionType]) -> Callable[[int], float]:
    function = warm(decorate, multiply_add, lambda f: f(3, 4, 5), 17)

    def time(loops: int, f: FunctionType = function) -> float:
        began = perf_counter()
        for _ in range(loops):
            f(3, 4, 5), f(3, 4, 5), f(3, 4, 5), f(3, 4, 5), f(3, 4, 5)
            f(3, 4, 5), f(3, 4, 5), f(3, 4, 5), f(3, 4, 5), f(3, 4, 5)
        return perf_counter() - began

    return time


def default(decorate: Callable[[FunctionType], FunctionType]) -> Callable[[int], float]:
    function = warm(decorate, multiply_add, lambda f: f(3, 4), 17)

    def time(loops: int, f: FunctionType = function) -> float:
        began = perf_counter()
        for _ in range(loops):
            f(3, 4), f(3, 4), f(3, 4), f(3, 4), f(3, 4)
            f(3, 4), f(3, 4), f(3, 4), f(3, 4), f(3, 4)
        return perf_counter() - began

    return time


def keyword(decorate: Callable[[FunctionType], FunctionType]) -> Callable[[int], float]:
    function = warm(decorate, multiply_add, lambda f: f(3, b=4, c=5), 17)

    def time(loops: int, f: FunctionType = function) -> float:
        began = perf_counter()
        for _ in range(loops):
            f(3, b=4, c=5), f(3, b=4, c=5), f(3, b=4, c=5), f(3, b=4, c=5), f(3, b=4, c=5)
            f(3, b=4, c=5), f(3, b=4, c=5), f(3, b=4, c=5), f(3, b=4, c=5), f(3, b=4, c=5)
        return perf_counter() - began

    return time


def in_vain(decorate: Callable[[FunctionType], FunctionType]) -> Callable[[int], float]:
    function = warm(decorate, joined, lambda f: f("a", "b"), "ab")

    def time(loops: int, f: FunctionType = function) -> float:
        began = perf_counter()
        for _ in range(loops):
            f("a", "b"), f("a", "b"), f("a", "b"), f("a", "b"), f("a", "b")
            f("a", "b"), f("a", "b"), f("a", "b"), f("a", "b"), f("a", "b")
        return perf_counter() - began

    return time


def warm(
    decorate: Callable[[FunctionType], FunctionType],
    function: FunctionType,
    call: Callable[[FunctionType], object],
    answer: object,
) -> FunctionType:
    """The function decorated, called often enough that nothing about it changes any more."""
    copy = FunctionType(function.__code__.replace(), globals(), function.__name__)
    copy.__defaults__ = function.__defaults__
    decorated = decorate(copy)
    for _ in range(WARM_CALLS):
        if call(decorated) != answer:
            raise SystemExit(f"{function.__name__} does not answer {answer!r}")
    return decorated


TIMERS = {
    "`a*b+c`, positional": positional,
    "`a*b+c`, a default": default,
    "`a*b+c`, keywords": keyword,
    "`a+b` of strings: nothing to gain": in_vain,
}
