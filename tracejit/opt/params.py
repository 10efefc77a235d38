"""Redundant block parameters: those that can only ever hold one other value.

Cycles of parameters that merely hand one value round are found too, as strongly connected
components: Braun et al., "Simple and Efficient Construction of Static Single Assignment Form"
(2013).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracejit.ir.function import Block, Function, Target
from tracejit.ir.value import Value
from tracejit.opt.substitute import substitute


def params(function: Function) -> None:
    """Replace every parameter that is the same value on all edges."""
    edges = _edges(function)
    replaced = _copies(edges)
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
    """For parameters that only ever hold one other value, that value."""
    sources: dict[Value, Sequence[Value]] = {}
    for block, targets in edges.items():
        rows = zip(*(target.args for target in targets), strict=True)
        sources.update(zip(block.params, rows, strict=True))
    same: dict[Value, Value] = {}
    work = [set(sources)]
    while work:
        for component in _components(work.pop(), sources):
            inner, outer = _split(component, sources, same)
            if len(outer) == 1:
                (value,) = outer
                same.update(dict.fromkeys(component, value))
            elif inner:
                work.append(inner)
    return same


def _split(
    component: list[Value], sources: dict[Value, Sequence[Value]], same: dict[Value, Value]
) -> tuple[set[Value], set[Value]]:
    """The members that are only given members, and the values that are given from outside."""
    if len(component) == 1:
        (param,) = component
        return set(), {same.get(value, value) for value in sources[param]} - {param}
    members = set(component)
    inner: set[Value] = set()
    outer: set[Value] = set()
    for param in component:
        given = {same.get(value, value) for value in sources[param]} - members
        outer |= given
        if not given:
            inner.add(param)
    return inner, outer


def _components(params: set[Value], sources: dict[Value, Sequence[Value]]) -> Iterator[list[Value]]:
    """The strongly connected parameters, givers first; Tarjan's algorithm (1972)."""
    low: dict[Value, int] = {}
    open_params: list[Value] = []
    finished: set[Value] = set()
    for root in params:
        if root in low:
            continue
        low[root] = len(low)
        open_params.append(root)
        stack = [(root, low[root], iter(sources[root]))]
        while stack:
            param, number, rest = stack[-1]
            for value in rest:
                if value not in params or value in finished:
                    continue
                if value in low:
                    low[param] = min(low[param], low[value])
                else:
                    low[value] = len(low)
                    open_params.append(value)
                    stack.append((value, low[value], iter(sources[value])))
                    break
            else:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    low[above] = min(low[above], low[param])
                if low[param] == number:
                    component = [open_params.pop()]
                    while component[-1] is not param:
                        component.append(open_params.pop())
                    finished.update(component)
                    yield component


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
