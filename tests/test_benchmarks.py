"""The benchmarks' kernels answer what they say, plain and decorated. No timing is looked at."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from benchmarks import first_call, kernels, overflow
from tests.differential import fresh
from tracejit import tracejit


def kernel_names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(kernels.__path__)]


@pytest.mark.parametrize("name", kernel_names())
def test_a_kernel_gives_its_answer(name: str) -> None:
    module = importlib.import_module(f"benchmarks.kernels.{name}")
    assert module.kernel(*module.ARGUMENTS) == module.ANSWER
    decorated = tracejit(fresh(module.kernel))
    assert [decorated(*module.ARGUMENTS) for _ in range(3)] == [module.ANSWER] * 3


def test_the_overflow_comes_in_the_last_iteration() -> None:
    iterations, start = overflow.ARGUMENTS
    assert overflow.kernel(iterations - 1, start) < 2**63
    assert overflow.kernel(iterations, start) == overflow.ANSWER == 2**63
    assert tracejit(fresh(overflow.kernel))(iterations, start) == 2**63


def test_the_thirty_lines_are_thirty() -> None:
    lines = {line for *_, line in first_call.thirty_lines.__code__.co_lines() if line}
    assert len(lines) >= 30
    assert len(first_call.times(3)) == 3
