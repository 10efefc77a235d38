"""Redundant block parameters: those that can only ever hold one other value.

Optimistic: cycles of parameters that merely hand one value round are found too. After Click and
Cooper, "Combining Analyses, Combining Optimizations" (1995), for copies alone.
"""

from __future__ import annotations

from tracejit.ir.function import Block, Function, Target
from tracejit.ir.value import Value
from tracejit.opt.substitute import substitute


def params(function: Function) -> None:
    """Replace every parameter that is the same value on all edges."""
    edges = _edges(function)
    same = _copies(edges)
    replaced = {param: value for param, value in same.items() if param is not value}
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


def _copies(edges: dict[Block, list[Target]]) -> dict[Value, Value]:
    """For each parameter the one value that it copies; itself when there is none."""
    sources: dict[Value, list[Value]] = {}
    for block, targets in edges.items():
        for param, *given in zip(block.params, *(target.args for target in targets), strict=True):
            sources[param] = given
    readers: dict[Value, list[Value]] = {}
    for param, given in sources.items():
        for value in given:
            if value in sources:
                readers.setdefault(value, []).append(param)
    same: dict[Value, Value] = {}
    work = list(reversed(sources))
    while work:
        param = work.pop()
        old = same.get(param)
        if old is param:
            continue
        # A parameter of which nothing is known yet may still turn out to be any copy.
        seen = {same.get(v) if v in sources else v for v in sources[param]} - {None}
        new = next(iter(seen)) if len(seen) == 1 else param if seen else None
        if new is not None and new is not old:
            same[param] = new
            work.extend(readers.get(param, ()))
    return same


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
