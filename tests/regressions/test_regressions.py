"""What once came out wrong comes out as in CPython."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.eager import eager, strict
from tests.fuzz.check import REGRESSIONS, check, load
from tracejit import tracejit

FILES = sorted(path for path in REGRESSIONS.glob("*.py") if not path.name.startswith(("_", "test")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_regression_comes_out_as_in_cpython(path: Path) -> None:
    with strict():
        check(load(path), tracejit)
    with eager():
        check(load(path), tracejit)
