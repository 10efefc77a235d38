"""The control-flow graph of a function: reverse postorder, dominators, natural loops."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Final

from tracejit.ir import graphs
from tracejit.ir.function import Block, Function

_LEADS_TO: Final = attrgetter("block")


def _graph(function: Function) -> dict[Block, list[Block]]:
    return {block: [*map(_LEADS_TO, block.insts[-1].targets)] for block in function.blocks}


def reverse_postorder(function: Function) -> list[Block]:
    """The blocks reachable from the entry, each before its successors but for loops' back edges."""
    return graphs.reverse_postorder(_graph(function), function.entry)


class DominatorTree(graphs.Dominators[Block]):
    """Which blocks stand on every path to which."""

    @cached_property
    def loops(self) -> list[Loop]:
        """The natural loops, outer ones before the loops in them."""
        return _loops(self)


def dominator_tree(function: Function) -> DominatorTree:
    """The tree; as long as no edge changes, the same one."""
    graph = _graph(function)
    known = function.dominators
    if known is None or known[0] != graph or known[1].order[0] is not function.entry:
        known = function.dominators = (graph, DominatorTree(graph, function.entry))
    return known[1]


@dataclass(slots=True, eq=False)
class Loop:
    """A natural loop: a header that dominates the sources (latches) of its back edges."""

    header: Block
    latches: list[Block] = field(default_factory=list)
    blocks: set[Block] = field(default_factory=set)
    parent: Loop | None = None

    @property
    def depth(self) -> int:
        """1 for an outermost loop."""
        return 1 if self.parent is None else 1 + self.parent.depth


def natural_loops(function: Function, tree: DominatorTree | None = None) -> list[Loop]:
    """The natural loops, outer ones before the loops in them.

    As long as no edge changes, the same ones. What only comes back once in a while, having
    refuelled, is not part of a loop.
    """
    return (tree or dominator_tree(function)).loops


def _loops(tree: DominatorTree) -> list[Loop]:
    order = tree.order
    latches: dict[int, list[int]] = {}
    for source, header in tree.backward:
        if not order[source].refuels:
            latches.setdefault(header, []).append(source)
    found: list[Loop] = []
    for header, ends in latches.items():
        inside = {header}
        work = list(ends)
        for at in work:
            if at not in inside:
                inside.add(at)
                work += tree.sources[at]
        blocks = {order[at] for at in inside}
        found.append(Loop(order[header], [order[at] for at in ends], blocks))
    found.sort(key=lambda loop: -len(loop.blocks))
    innermost: dict[Block, Loop] = {}
    for loop in found:
        loop.parent = innermost.get(loop.header)
        innermost.update(dict.fromkeys(loop.blocks, loop))
    return found


def loop_depths(function: Function, tree: DominatorTree | None = None) -> dict[Block, int]:
    """How many loops each block stands in."""
    depths = dict.fromkeys(function.blocks, 0)
    for loop in natural_loops(function, tree):
        for block in loop.blocks:
            depths[block] += 1
    return depths
