"""The kernels that `python -m tracejit demo` runs: answers checked, speed-ups shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple

from tracejit.decorator import tracejit


def sum_of_formula(n: int) -> int:
    total = 0
    for i in range(n):
        total += i * i - 3 * i + 7
    return total


def longest_collatz(limit: int) -> tuple[int, int]:
    best, best_start = 0, 0
    for start in range(1, limit):
        n, steps = start, 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        if steps > best:
            best, best_start = steps, start
    return best_start, best


def sum_of_gcds(n: int) -> int:
    total = 0
    for i in range(1, n):
        for j in range(1, n):
            a, b = i, j
            while b:
                a, b = b, a % b
            total += a
    return total


def digit_sums(n: int) -> int:
    total = 0
    for i in range(n):
        while i:
            total += i % 10
            i //= 10
    return total


def count_primes(limit: int) -> int:
    count = 0
    for n in range(2, limit):
        d = 2
        while d * d <= n:
            if n % d == 0:
                break
            d += 1
        else:
            count += 1
    return count


def factorial(n: int) -> int:
    product = 1
    for i in range(2, n + 1):
        product *= i
    return product


class Kernel(NamedTuple):
    """A function, what to call it with, and the answer that it must give."""

    function: Callable[..., Any]
    args: tuple[int, ...]
    answer: object


KERNELS = (
    Kernel(sum_of_formula, (1_000_000,), 333331333342000000),
    Kernel(longest_collatz, (30_000,), (26623, 307)),
    Kernel(sum_of_gcds, (300,), 331884),
    Kernel(digit_sums, (200_000,), 4600000),
    Kernel(count_primes, (20_000,), 2262),
    Kernel(factorial, (25,), 15511210043330985984000000),
)


def run() -> bool:
    """Run every kernel in CPython and compiled, print a table, and say whether all answers hold."""
    good = True
    print(f"{'kernel':<16} {'CPython':>12} {'tracejit':>12} {'speed-up':>9}  answer")
    for function, args, answer in KERNELS:
        plain = _copy(function)
        fast = tracejit(_copy(function))
        fast(*args)
        plain_time, plain_answer = _time(plain, args, repeats=3)
        fast_time, fast_answer = _time(fast, args, repeats=7)
        right = plain_answer == fast_answer == answer
        good &= right
        print(
            f"{function.__name__:<16} {_duration(plain_time):>12} {_duration(fast_time):>12} "
            f"{plain_time / fast_time:>8.1f}x  {'exact' if right else 'WRONG'}"
        )
    return good


def _copy(function: Callable[..., Any]) -> Callable[..., Any]:
    assert isinstance(function, FunctionType)
    return FunctionType(function.__code__, function.__globals__, function.__name__)


def _time(function: Callable[..., Any], args: tuple[int, ...], repeats: int) -> tuple[float, Any]:
    """The shortest of the runs in seconds, and the answer."""
    answer = function(*args)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return min(times), answer


def _duration(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.2f} {unit}"
    return f"{seconds * 1e9:.0f} ns"
