"""Makes a failing program small: fewer statements and simpler expressions that still fail."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator

from tests.fuzz.check import Case


def reduced(case: Case, fails: Callable[[Case], bool]) -> Case:
    """A smaller case that still fails, where no single reduction leaves it failing."""
    progress = True
    while progress:
        progress = False
        for smaller in (*fewer_calls(case), *smaller_sources(case)):
            if fails(smaller):
                case, progress = smaller, True
                break
    return case


def fewer_calls(case: Case) -> Iterator[Case]:
    half = len(case.calls) // 2
    if half:
        yield Case(case.source, case.calls[:half])
        yield Case(case.source, case.calls[half:])
    if len(case.calls) > 1:
        for index in range(len(case.calls)):
            yield Case(case.source, [*case.calls[:index], *case.calls[index + 1 :]])


def smaller_sources(case: Case) -> Iterator[Case]:
    """The case with one statement dropped or unwrapped, or an expression replaced by its part."""
    tree = ast.parse(case.source)
    count = sum(1 for _ in spots(tree))
    for index in range(count):
        for variant in range(4):
            changed = ast.parse(case.source)
            spot = next(s for at, s in enumerate(spots(changed)) if at == index)
            if not apply(spot, variant):
                break
            source = ast.unparse(ast.fix_missing_locations(changed)) + "\n"
            if len(source) < len(case.source) and compiles(source):
                yield Case(source, case.calls)


Spot = tuple[ast.AST, str, int | None]
"""A node's field that holds a statement in a list (with its index) or an expression."""


def spots(tree: ast.AST) -> Iterator[Spot]:
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                for index in reversed(range(len(value))):
                    if isinstance(value[index], ast.stmt | ast.ExceptHandler | ast.expr):
                        yield node, name, index
            elif isinstance(value, ast.expr):
                yield node, name, None


def apply(spot: Spot, variant: int) -> bool:
    """Put the variant's smaller thing in the spot; False when there is no such variant."""
    node, name, index = spot
    held = getattr(node, name) if index is None else getattr(node, name)[index]
    choices = list(replacements(held))
    if variant >= len(choices):
        return False
    chosen = choices[variant]
    if index is None:
        setattr(node, name, chosen[0] if isinstance(chosen, list) else chosen)
    else:
        getattr(node, name)[index : index + 1] = chosen if isinstance(chosen, list) else [chosen]
    return True


def replacements(held: ast.AST) -> Iterator[ast.AST | list[ast.stmt]]:
    if isinstance(held, ast.stmt):
        yield []
        for part in ("body", "orelse", "finalbody"):
            if not isinstance(held, ast.FunctionDef) and getattr(held, part, []):
                yield getattr(held, part)
    elif isinstance(held, ast.expr):
        yield from [c for c in ast.iter_child_nodes(held) if isinstance(c, ast.expr)][:3]


def compiles(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compile(source, "<reduced>", "exec")
        except (SyntaxError, SyntaxWarning, ValueError, TypeError):
            return False
    return True
