"""The benchmarks' kernels answer what they say, plain and decorated. No timing is looked at."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import (
    compilations,
    first_call,
    long_function,
    measure,
    once,
    overflow,
    report,
    sides,
    worker,
)
from tests.differential import fresh
from tracejit import tracejit


def kernel_module(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.kernels.{name}")


@pytest.mark.parametrize("name", measure.kernel_names())
def test_a_kernel_gives_its_answer(name: str) -> None:
    module = kernel_module(name)
    assert module.kernel(*module.ARGUMENTS) == module.ANSWER
    decorated = tracejit(fresh(module.kernel))
    assert [decorated(*module.ARGUMENTS) for _ in range(3)] == [module.ANSWER] * 3


@pytest.mark.parametrize("name", measure.kernel_names())
def test_a_kernel_in_c_gives_the_same_answer(name: str) -> None:
    module = kernel_module(name)
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    assert sides.in_c(module)() == module.ANSWER


def test_a_worker_times_its_sides_by_turns() -> None:
    found = worker.kernel("benchmarks.kernels.lehmer", 0.01, ["CPython", "tracejit"])
    assert found["wrong"] == []
    assert found["exits"] == 0
    assert min(found["seconds"].values()) > 0


def test_a_wrong_answer_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_module("lehmer"), "ANSWER", 303985330.0)
    assert worker.kernel("benchmarks.kernels.lehmer", 0.01, ["CPython"]) == {"wrong": ["CPython"]}


def results() -> list[measure.Result]:
    """Made up: C twice as fast as tracejit, Numba right half of the time."""
    made = [
        measure.Result(
            subject,
            {"CPython": 0.1, "tracejit": 0.001, "C": 0.0005, "Numba": 0.002},
            exits=0,
        )
        for subject in measure.subjects()
    ]
    for result in made[::2]:
        del result.seconds["Numba"]
        result.failures["Numba"] = "wrong"
    return made


def test_the_report_tells_everything() -> None:
    compiling = dict.fromkeys([*measure.kernel_names(), "first_call"], 0.004)
    compiling |= {"200": 0.015, "2000": 0.15}
    text = report.report(results(), compiling, once.Once(0.01, 0.2), markdown=True)
    for name in measure.kernel_names():
        assert f"| {name} " in text
    assert "2.00; at most 2.00" in text
    assert "100.0 x" in text
    assert "wrong" in text
    assert "10.0" in text
    assert "4 ms" in text
    assert "196 ms" in text


def test_the_section_of_a_readme_is_replaced() -> None:
    text = "before\n<!-- benchmarks -->\nold\n<!-- end of benchmarks -->\nafter\n"
    new = report.into_section(text, r"a \1 table")
    assert new == text.replace("old", "\na \\1 table\n")
    assert report.into_section(new, r"a \1 table") == new
    with pytest.raises(SystemExit):
        report.into_section("no marks", "")


def test_the_plot_is_the_same_for_the_same_results(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from benchmarks.plot import plot

    paths = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in paths:
        plot(results(), path)
    assert paths[0].read_text() == paths[1].read_text()
    assert all(name in paths[0].read_text() for name in measure.kernel_names())


@pytest.mark.parametrize("length", [200, 2000])
def test_a_long_function_has_its_length(length: int) -> None:
    function = long_function.long_function(length)
    assert abs(long_function.count(function) - length) <= 20


def test_the_overflow_comes_in_the_last_iteration() -> None:
    iterations, start = overflow.ARGUMENTS
    assert overflow.kernel(iterations - 1, start) < 2**63
    assert overflow.kernel(iterations, start) == overflow.ANSWER == 2**63
    assert tracejit(fresh(overflow.kernel))(iterations, start) == 2**63


def test_the_thirty_lines_are_thirty() -> None:
    lines = {line for *_, line in first_call.thirty_lines.__code__.co_lines() if line}
    assert len(lines) >= 30
    assert first_call.seconds() > 0


def test_functions_are_compiled_in_a_process_of_their_own_and_the_least_counts() -> None:
    found = compilations.Compilations(["lehmer", "gcd"])
    found.once_more()
    assert sorted(found.least) == ["200", "2000", "first_call", "gcd", "lehmer"]
    assert all(0 < seconds < 60 for seconds in found.least.values())
    before = dict(found.least)
    found.once_more()
    assert all(found.least[name] <= before[name] for name in before)
