"""What keeps the house in order: arrows, doors, signs and sizes."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import tracejit

HOUSE = Path(tracejit.__file__).parent
MODULES = {path.relative_to(HOUSE).as_posix(): path for path in sorted(HOUSE.rglob("*.py"))}

ROOMS = ("frontend", "ir", "opt", "backend", "runtime")
ARROWS = {
    "ir": {"ir"},
    "frontend": {"ir", "frontend"},
    "opt": {"ir", "opt"},
    "backend": {"ir", "backend"},
    "runtime": {"ir", "backend", "runtime"},
}
"""The rooms that a room may import from."""
KNOW_EVERY_ROOM = ("compiler.py", "decorator.py")
DOORS = {
    "bytecode": {"frontend/decode.py"},
    "keystone": {"backend/assembler.py"},
    # cffi's own out-of-line mode imports only its back end.
    "_cffi_backend": {"runtime/code_memory.py"},
}
"""The modules in which each outside library is imported."""
LONGEST = 70


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """The absolute names of what the module imports, and whether each is imported at load time."""
    return list(found_imports(path))


def found_imports(path: Path) -> Iterator[tuple[str, bool]]:
    tree = tree_of(path)
    late = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        at_load = node not in late and node not in typing_only
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_load) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module, at_load
            if node.module == "tracejit":
                yield from ((f"tracejit.{alias.name}", at_load) for alias in node.names)


def room_of(name: str) -> str | None:
    """The room of a dotted module name, if it is in one."""
    parts = name.split(".")
    return parts[1] if parts[0] == "tracejit" and len(parts) > 1 and parts[1] in ROOMS else None


def test_arrows_point_one_way() -> None:
    wrong = []
    for module, path in MODULES.items():
        home = module.partition("/")[0]
        for name, _ in imports(path):
            if home in ROOMS and name.startswith("tracejit") and room_of(name) not in ARROWS[home]:
                wrong.append(f"{module} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_only_the_compiler_and_the_decorator_know_every_room() -> None:
    wrong = []
    for module, path in MODULES.items():
        rooms = {room_of(name) for name, _ in imports(path)} - {None, "ir"}
        if "/" not in module and module not in KNOW_EVERY_ROOM and len(rooms) > 1:
            wrong.append(f"{module} knows {sorted(map(str, rooms))}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("library", DOORS)
def test_an_outside_library_has_one_door(library: str) -> None:
    users = {
        module
        for module, path in MODULES.items()
        if any(name.partition(".")[0] == library for name, _ in imports(path))
    }
    assert users <= DOORS[library]
    assert users, f"nothing imports {library}; is it still a dependency?"


def test_nothing_heavy_loads_with_the_decorator() -> None:
    program = """
import sys
from tracejit import tracejit
tracejit(lambda x: x)
print(*sys.modules)
"""
    # Not `site`: an editable install may load anything there.
    run = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {
        "keystone",
        "bytecode",
        "cffi",
        "typing",
        "dataclasses",
        "inspect",
        "tracejit.compiler",
    }
    assert not heavy & set(run.stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_in_its_first_line_what_it_is(module: str) -> None:
    docstring = ast.get_docstring(tree_of(MODULES[module]))
    assert docstring, "no docstring"
    assert docstring.splitlines()[0].rstrip().endswith((".", ":")), "the first line is no sentence"


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short(module: str) -> None:
    long = []
    for node in ast.walk(tree_of(MODULES[module])):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            if length > LONGEST:
                long.append(f"{module}:{node.lineno} {node.name} has {length} lines")
    assert not long, "\n".join(long)


def test_no_room_is_a_lumber_room() -> None:
    names = {Path(module).stem for module in MODULES}
    assert not names & {"utils", "util", "common", "manager", "base", "misc", "helpers_misc"}
