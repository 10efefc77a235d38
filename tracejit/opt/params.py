"""Redundant block parameters: those that can only ever hold one other value.

Optimistic, so that cycles of parameters that merely hand one value round are found too: all are
taken to be the same until two values meet, after Simpson, "Value-Driven Redundancy Elimination"
(1996).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final

from tracejit.ir.function import Block, Function, Target
from tracejit.ir.value import Value
from tracejit.opt.substitute import substitute

_FREE_SWEEPS: Final = 8
"""After so many sweeps a parameter that holds several values is not asked again."""


def params(function: Function) -> None:
    """Replace every parameter that is the same value on all edges."""
    edges = _edges(function)
    rows: list[tuple[Value, Sequence[Value]]] = []
    for block in function.blocks:
        if block in edges:
            given = zip(*[target.args for target in edges[block]], strict=True)
            rows += zip(block.params, given, strict=True)
    replaced = _copies(rows)
    for block, targets in edges.items():
        _replace_twins(block, targets, replaced)
    if not replaced:
        return
    for block, targets in edges.items():
        keep = [at for at, param in enumerate(block.params) if param not in replaced]
        if len(keep) != len(block.params):
            keep_params(block, targets, keep)
    substitute(function, replaced)


def keep_params(block: Block, targets: list[Target], keep: list[int]) -> None:
    """Drop the parameters at other positions, and their arguments on the edges given."""
    block.params = [block.params[at] for at in keep]
    for target in targets:
        target.args = [target.args[at] for at in keep]


def _edges(function: Function) -> dict[Block, list[Target]]:
    """The edges into each block that has parameters and predecessors."""
    edges: dict[Block, list[Target]] = {}
    for block in function.blocks:
        for target in block.insts[-1].targets:
            if target.args:
                edges.setdefault(target.block, []).append(target)
    return edges


def _copies(rows: list[tuple[Value, Sequence[Value]]]) -> dict[Value, Value]:
    """For parameters that only ever hold one other value, that value.

    Each sweep starts from what the last one believed; None is nothing yet. That a parameter may
    hold what it holds already tells nothing of it.
    """
    same: dict[Value, Value | None] = dict.fromkeys([param for param, _ in rows])
    rows = [(param, given) for param, given in rows if not _hold_several(given, same)]
    same = dict.fromkeys([param for param, _ in rows])
    sweeps = 0
    changed = True
    while changed:
        changed = False
        sweeps += 1
        for param, given in rows:
            old = same[param]
            if old is param and sweeps > _FREE_SWEEPS:
                continue
            new = None
            for arg in given:
                value = same.get(arg, arg)
                if value is not new and value is not None and value is not param:
                    if new is not None:
                        new = param
                        break
                    new = value
            if new is not old:
                same[param] = new
                changed = True
    return {param: value for param, value in same.items() if value and value is not param}


def _hold_several(given: Sequence[Value], params: Container[Value]) -> bool:
    """Whether two different values are among these that are not parameters themselves."""
    first = None
    for arg in given:
        if arg not in params:
            if first is not None and arg is not first:
                return True
            first = arg
    return False


def _replace_twins(block: Block, targets: list[Target], replaced: dict[Value, Value]) -> None:
    """Of parameters that are given the same arguments on every edge, keep the first."""
    if len(block.params) < 2:
        return
    first: dict[tuple[Value, ...], Value] = {}
    for param, *given in zip(block.params, *(target.args for target in targets), strict=True):
        if param not in replaced:
            twin = first.setdefault(tuple(given), param)
            if twin is not param:
                replaced[param] = twin
