"""The README is true: its examples run, its stages are what the compiler makes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tracejit.frontend.builder import build
from tracejit.ir.printer import print_function
from tracejit.ir.types import Digit
from tracejit.opt.pipeline import optimise

README = (Path(__file__).parent.parent / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def names() -> dict[str, object]:
    """What the README's examples define, run one after the other."""
    names: dict[str, object] = {}
    for number, example in enumerate(blocks("python")):
        exec(compile(example, f"<README example {number}>", "exec"), names)
    return names


def test_the_examples_run(names: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert "longest_collatz" in names
    assert len(blocks("python")) >= 3


@pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="the README shows CPython 3.12")
def test_the_stages_are_what_the_compiler_makes(names: dict[str, object]) -> None:
    ir = build(names["sum_of_squares"], (Digit,))  # type: ignore[arg-type]  # it is a function
    assert blocks("ir") == [print_function(ir)]
    optimise(ir)
    assert blocks("opt") == [print_function(ir)]
