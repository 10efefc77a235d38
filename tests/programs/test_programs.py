"""Every program comes out decorated as it does plain."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FunctionType

import pytest

from tests.differential import compare, fresh
from tests.eager import eager, strict
from tests.programs import (
    arithmetic,
    calls,
    errors,
    floats,
    inlined,
    loops,
    modular,
    recursion,
    sequences,
    variables,
)
from tests.programs.program import PROGRAMS, Program
from tracejit import stats, tracejit

MODULES = (
    arithmetic,
    loops,
    errors,
    calls,
    inlined,
    modular,
    floats,
    recursion,
    sequences,
    variables,
)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.function.__name__)
@pytest.mark.parametrize("runtime", [strict, eager])
def test_a_program_comes_out_as_in_cpython(
    program: Program, runtime: Callable[[], AbstractContextManager[None]]
) -> None:
    with runtime():
        compare(fresh(program.function), tracejit(fresh(program.function)), program.calls)


@pytest.mark.parametrize(("function", "args"), modular.NEVER_LEAVE)
def test_masked_and_modular_arithmetic_stays_native(
    function: Callable[..., object], args: tuple[int, ...]
) -> None:
    with strict():
        compiled = tracejit(fresh(function))
        for _ in range(20):
            assert compiled(*args) == function(*args)
    assert stats(compiled).versions
    assert not stats(compiled).exits


@pytest.mark.parametrize(
    "expression",
    [
        "a",
        "max(a, c)",
        "max(-1, min(a, b))",
        "a % b",
        "a // c",
        "a >> c",
        "a | c",
        "a & b",
        "abs(a - b)",
        "a - c",
        "a % 18446744069414584321",
        "a * c % b",
        "(a + b) // 2",
        "pow(a, c, 18446744069414584321)",
        "a if a > b else c",
        "a + c & 0xFFFFFFFFFFFFFFFF",
        "18446744073709551615",
    ],
)
def test_what_may_be_negative_may_exceed_the_signed_integers_too(expression: str) -> None:
    source = f"""
def program(a, b, c):
    x = y = -1
    for _ in range(c):
        x = {expression}
        y = x if y == -1 else -1
    return x, y
"""
    names: dict[str, FunctionType] = {}
    exec(source, names)
    numbers = (1, 2, 2**63 - 1, 2**63, 2**63 + 5, 2**64 - 1)
    with strict():
        compare(
            fresh(names["program"]),
            tracejit(fresh(names["program"])),
            [(a, b, c) for a in numbers for b in numbers for c in (1, 2, 3)],
        )


def test_every_module_of_programs_is_run() -> None:
    assert {program.function.__module__ for program in PROGRAMS} == {
        module.__name__ for module in MODULES
    }


@pytest.mark.parametrize(
    ("args", "keywords"),
    [
        ((1,), {}),
        ((1, 2), {}),
        ((), {"a": 1}),
        ((1,), {"b": 2}),
        ((), {"b": 2, "a": 1}),
        ((1,), {"c": 4}),
        ((1, 2), {"d": 5, "c": 4}),
        ((1,), {"c": 2**70}),
        ((), {}),
        ((1, 2, 3), {}),
        ((1,), {"a": 1}),
        ((1,), {"e": 1}),
        ((1, 2), {"b": 1}),
    ],
)
def test_every_way_to_pass_arguments_binds_as_in_cpython(
    args: tuple[int, ...], keywords: dict[str, int]
) -> None:
    def call(function: Callable[..., object]) -> Callable[..., object]:
        return lambda: function(*args, **keywords)

    plain, compiled = fresh(calls.default_arguments), tracejit(fresh(calls.default_arguments))
    compare(call(plain), call(compiled), [()], repeats=40)


def test_a_printed_traceback_is_the_same_text() -> None:
    def text(function: Callable[..., object]) -> str:
        try:
            function(10, 3)
        except ZeroDivisionError as error:
            return "".join(traceback.format_exception(error))
        raise AssertionError("nothing was raised")

    plain, compiled = fresh(errors.divided_in_a_loop), tracejit(fresh(errors.divided_in_a_loop))
    expected = text(plain)
    assert "~^^" in expected
    for _ in range(50):
        assert text(compiled) == expected
