"""The sides of a comparison: each makes a function callable in its own way.

Runs in PyPy too, so nothing here is newer than Python 3.9.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

Call = Callable[..., Any]

INTERPRETERS = {"CPython": sys.executable, "PyPy": shutil.which("pypy3") or shutil.which("pypy")}
"""The sides that are interpreters, and where they are."""


def available() -> list[str]:
    """The sides that can be measured here, in the order of the report."""
    return [
        "CPython",
        *(["PyPy"] if INTERPRETERS["PyPy"] else []),
        *(["Numba"] if importlib.util.find_spec("numba") else []),
        *(["C"] if shutil.which("gcc") else []),
        "tracejit",
    ]


def source_in_c(module: ModuleType) -> Path:
    """Where the module's kernel is written in C, if it is."""
    assert module.__file__ is not None
    return Path(module.__file__).with_suffix(".c")


def prepare(side: str, module: ModuleType) -> Call:
    """The module's kernel as that side runs it."""
    return in_c(module) if side == "C" else decorated(module, decorator(side))


def decorator(side: str) -> Callable[[FunctionType], Call]:
    """What the side does to a function, which for interpreters is nothing."""
    if side == "tracejit":
        from tracejit import tracejit

        return tracejit
    if side == "Numba":
        import numba

        return numba.njit  # type: ignore[no-any-return]
    assert side in INTERPRETERS
    return lambda function: function


def decorated(module: ModuleType, decorate: Callable[[FunctionType], Call]) -> Call:
    """A copy of the module's kernel, decorated like copies of the functions that it calls."""
    names = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, FunctionType):
            names[name] = decorate(fresh(value, names))
    kernel: Call = names["kernel"]
    return kernel


def fresh(function: FunctionType, names: dict[str, Any] | None = None) -> FunctionType:
    """A copy with a code object of its own, which may see other globals."""
    seen = function.__globals__ if names is None else names
    copy = FunctionType(function.__code__.replace(), seen, function.__name__)
    copy.__defaults__ = function.__defaults__
    return copy


def in_c(module: ModuleType) -> Call:
    """The C kernel of a module, called through ctypes with arguments that gcc never sees.

    It takes the module's ARGUMENTS whatever it is called with, so that a call costs little.
    """
    run = library(source_in_c(module)).kernel
    answer = module.ANSWER if isinstance(module.ANSWER, tuple) else (module.ANSWER,)
    word: Any = ctypes.c_uint64 if max(answer) >= 2**63 else ctypes.c_int64
    if isinstance(answer[0], float):
        word = ctypes.c_double
    given = (ctypes.c_int64 * len(module.ARGUMENTS))(*module.ARGUMENTS)
    found = (word * len(answer))()

    def call(*_: int) -> Any:
        run(given, found)
        return tuple(found) if len(found) > 1 else found[0]

    return call


def library(source: Path) -> ctypes.CDLL:
    """The source compiled by gcc and loaded."""
    with tempfile.TemporaryDirectory() as directory:
        made = os.path.join(directory, "kernel.so")
        flags = ("-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
        subprocess.run(["gcc", *flags, "-o", made, str(source)], check=True)
        return ctypes.CDLL(made)
