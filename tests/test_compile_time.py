"""Compiling takes work in proportion to the function."""

from __future__ import annotations

import dis
import gc
from collections.abc import Callable
from types import FunctionType

import pytest

from tests.work import calls
from tracejit.compiler import compile_version
from tracejit.options import Options
from tracejit.runtime.version import NativeCode


def loops(count: int) -> str:
    """Loops with loops and branches in them, one after the other."""
    lines = ["def f(n, m):", "    s = 0"]
    for k in range(count):
        lines += [
            "    for i in range(n):",
            f"        a = (i * {k + 3} + s) & 0xFFFF",
            f"        if a % {k + 7} == 0:",
            f"            s += a // {k + 2}",
            "        else:",
            f"            s ^= a * 3 + m * {k}",
            f"        while a > {k}:",
            "            a >>= 1",
            "            s += a & 3",
        ]
    return "\n".join([*lines, "    return s"])


def branches(count: int) -> str:
    """Operations that may leave, and branches."""
    lines = ["def f(n, m):", "    s = n"]
    for k in range(count):
        lines += [
            f"    s = (s * {k + 3} + m) % {k + 101}",
            f"    if s > {k}:",
            f"        s -= m & {k + 5}",
        ]
    return "\n".join([*lines, "    return s"])


def of_size(shape: Callable[[int], str], size: int) -> FunctionType:
    """A function of that shape with so many bytecode instructions, or a few more."""
    count = 1
    while True:
        namespace: dict[str, FunctionType] = {}
        exec(shape(count), namespace)
        if sum(1 for _ in dis.get_instructions(namespace["f"])) >= size:
            return namespace["f"]
        count += 1


@pytest.mark.parametrize("shape", [loops, branches])
def test_ten_times_the_instructions_take_at_most_twelve_times_the_work(
    shape: Callable[[int], str],
) -> None:
    def work(size: int) -> int:
        function = of_size(shape, size)

        def compile() -> None:
            assert isinstance(compile_version(function, (int, int), Options()), NativeCode)

        compile()  # What is done once for all functions.
        return calls(compile)

    assert work(2000) <= 12 * work(200)


@pytest.mark.parametrize("enabled", [False, True])
def test_no_garbage_is_collected_meanwhile_and_all_is_as_before(enabled: bool) -> None:
    collected: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        collected.append(phase)

    function = of_size(loops, 200)
    was, thresholds = gc.isenabled(), gc.get_threshold()
    gc.set_threshold(20, 2, 2)
    (gc.enable if enabled else gc.disable)()
    try:
        gc.callbacks.append(note)
        made = compile_version(function, (int, int), Options())
        during = list(collected)
        assert gc.isenabled() is enabled
    finally:
        gc.callbacks.remove(note)
        gc.set_threshold(*thresholds)
        (gc.enable if was else gc.disable)()
    assert isinstance(made, NativeCode)
    assert len(during) <= 4  # At the very beginning and the end.
