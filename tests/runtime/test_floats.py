"""Floats in native code: all pairs of edges, all registers, and what is assumed of modules."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.differential import FLOATS, observe
from tests.eager import strict
from tracejit import stats, tracejit

PAIRS = [
    lambda a, b: a / b,
    lambda a, b: a // b,
    lambda a, b: a % b,
    lambda a, b: a**b,
    lambda a, b: (a < b, a <= b, a == b, a != b, a > b, a >= b),
    lambda a, b: (min(a, b), max(a, b), a + b, a - b, a * b),
    lambda a, b: (math.atan2(a, b), math.copysign(a, b)),
]


@pytest.mark.parametrize("function", PAIRS)
def test_every_pair_of_edges_comes_out_as_in_cpython(function: Callable[..., object]) -> None:
    compiled = tracejit(_copy(function))
    with strict():
        compiled(1.5, 2.5)
        for a in FLOATS:
            for b in FLOATS:
                assert observe(compiled, a, b) == observe(function, a, b), (a, b)
    assert stats(compiled).versions


def _copy(function: Any) -> Any:
    return type(function)(function.__code__.replace(), function.__globals__, function.__name__)


def test_a_changed_attribute_of_a_module_is_seen_by_the_next_call() -> None:
    module = ModuleType("module")
    vars(module).update(FACTOR=2.0, other=1)
    names = {"module": module}
    exec("def scaled(x):\n    return x * module.FACTOR", names)
    scaled: Any = tracejit(names["scaled"])  # type: ignore[type-var]
    with strict():
        assert [scaled(1.5) for _ in range(20)] == [3.0] * 20
        assert not stats(scaled).exits
        vars(module)["FACTOR"] = 4.0
        assert scaled(1.5) == 6.0
        vars(module)["another"] = 0
        assert scaled(1.5) == 6.0
        del vars(module)["FACTOR"]
        with pytest.raises(AttributeError, match="FACTOR"):
            scaled(1.5)


def test_a_module_that_becomes_of_another_class_answers_for_itself() -> None:
    class Module(ModuleType):
        FACTOR = property(lambda self: 10.0)

    module = ModuleType("module")
    vars(module).update(FACTOR=2.0)
    names = {"module": module}
    exec("def scaled(x):\n    return x * module.FACTOR", names)
    scaled: Any = tracejit(names["scaled"])  # type: ignore[type-var]
    with strict():
        assert scaled(1.5) == 3.0
        module.__class__ = Module
        assert scaled(1.5) == 15.0


def test_an_attribute_that_changes_in_the_middle_of_a_loop_is_seen() -> None:
    module = ModuleType("module")
    vars(module).update(STEP=0.0)
    names = {"module": module}
    source = (
        "def wait(n):\n    x = 0.0\n    while x < 1.0 and n > 0:\n"
        "        x += module.STEP\n        n -= 1\n    return x"
    )
    exec(source, names)
    wait: Any = tracejit(names["wait"])  # type: ignore[type-var]

    def ring(*_: object) -> None:
        vars(module)["STEP"] = 1.0

    before = signal.signal(signal.SIGALRM, ring)
    try:
        wait(1000)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert wait(2**40) == 1.0
    finally:
        signal.signal(signal.SIGALRM, before)


def test_floats_keep_their_values_in_all_registers_and_in_the_frame() -> None:
    names = [f"x{number}" for number in range(40)]
    body = [f"    {name} = a * {number}.5 + b" for number, name in enumerate(names)]
    swaps = [f"        {', '.join(names)} = {', '.join(names[1:] + names[:1])}"]
    source = "\n".join(
        [
            *("def many(a, b, n):", *body, "    for i in range(n):", *swaps),
            *("        if i == 2:", "            n = n << 62"),
            f"    return {', '.join(names)}, n, {' + '.join(names)}",
        ]
    )
    found: dict[str, Any] = {}
    exec(source, found)
    plain = found["many"]
    compiled = tracejit(_copy(plain))
    with strict():
        for n in (0, 1, 2, 3, 5, 11):
            for _ in range(12):
                assert observe(compiled, 0.1, -0.7, n) == observe(plain, 0.1, -0.7, n)
