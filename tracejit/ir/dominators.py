"""Orders over the control-flow graph: reverse postorder, dominators, natural loops.

Dominators after Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Final

from tracejit.ir.function import Block, Function

_LEADS_TO: Final = attrgetter("block")


def reverse_postorder(function: Function) -> list[Block]:
    """The blocks reachable from the entry, each before its successors but for loops' back edges."""
    order: list[Block] = []
    entry = function.entry
    seen = {entry}
    path = [(entry, iter(entry.insts[-1].targets))]
    while path:
        block, targets = path[-1]
        for target in targets:
            successor = target.block
            if successor not in seen:
                seen.add(successor)
                path.append((successor, iter(successor.insts[-1].targets)))
                break
        else:
            path.pop()
            order.append(block)
    order.reverse()
    return order


@dataclass(eq=False)
class DominatorTree:
    """Which blocks stand on every path to which."""

    order: list[Block]
    """The reachable blocks in reverse postorder."""
    sources: list[list[int]]
    """For each block, those with an edge to it, all by their positions in `order`."""
    backward: list[tuple[int, int]]
    """The edges to a block that dominates their source: from where, and to where, in `order`."""
    _idoms: list[int]
    """By their positions too."""

    @cached_property
    def idom(self) -> dict[Block, Block]:
        """The immediate dominator of each reachable block; the entry's is itself."""
        order = self.order
        return dict(zip(order, [order[above] for above in self._idoms], strict=True))

    @cached_property
    def children(self) -> dict[Block, list[Block]]:
        """The inverse of `idom`."""
        found: dict[Block, list[Block]] = {block: [] for block in self.order}
        for block in self.order[1:]:
            found[self.idom[block]].append(block)
        return found

    @cached_property
    def _frontiers(self) -> list[set[int]]:
        """For each block, where paths from it first meet others that avoid it."""
        idoms = self._idoms
        found: list[set[int]] = [set() for _ in idoms]
        for at, sources in enumerate(self.sources):
            if len(sources) > 1:
                for source in sources:
                    while source != idoms[at]:
                        found[source].add(at)
                        source = idoms[source]
        return found

    def joins(self, blocks: Iterable[Block]) -> set[Block]:
        """Where paths from different ones of the blocks meet, or from one and the entry.

        There a variable that the blocks define needs a parameter: the iterated dominance frontier
        of Cytron et al., "Efficiently Computing Static Single Assignment Form and the Control
        Dependence Graph" (1991).
        """
        wanted = set(blocks)
        work = [at for at, block in enumerate(self.order) if block in wanted]
        found: set[int] = set()
        for at in work:
            new = self._frontiers[at] - found
            found |= new
            work += new
        return {self.order[at] for at in found}

    @cached_property
    def loops(self) -> list[Loop]:
        """The natural loops, outer ones before the loops in them."""
        return _loops(self)

    @cached_property
    def _spans(self) -> dict[Block, tuple[int, int]]:
        return dict(zip(self.order, _preorder_spans(self._idoms), strict=True))

    def dominates(self, upper: Block, lower: Block) -> bool:
        """Whether every path to `lower` passes `upper` (a block dominates itself)."""
        first, last = self._spans[upper]
        return first <= self._spans[lower][0] <= last


def dominator_tree(function: Function) -> DominatorTree:
    """The tree; as long as no edge changes, the same one."""
    graph = {block: [*map(_LEADS_TO, block.insts[-1].targets)] for block in function.blocks}
    known = function.dominators
    if known is None or known[0] != graph or known[1].order[0] is not function.entry:
        known = function.dominators = (graph, _new_tree(function))
    return known[1]


def _new_tree(function: Function) -> DominatorTree:
    order = reverse_postorder(function)
    number = {block: at for at, block in enumerate(order)}
    sources: list[list[int]] = [[] for _ in order]
    retreating: list[tuple[int, int]] = []
    for at, block in enumerate(order):
        for target in block.insts[-1].targets:
            to = number[target.block]
            sources[to].append(at)
            if to <= at:
                retreating.append((at, to))
    idoms = _immediate_dominators(sources, retreating)
    backward = [(at, to) for at, to in retreating if _is_above(to, at, idoms)]
    return DominatorTree(order, sources, backward, idoms)


def _immediate_dominators(sources: list[list[int]], retreating: list[tuple[int, int]]) -> list[int]:
    """For each block, all by their positions in reverse postorder.

    Where every retreating edge leads to a block that dominates its source, one sweep finds them.
    """
    idoms = [-1] * len(sources)
    idoms[0] = 0
    changed = True
    while changed:
        changed = False
        for at in range(1, len(sources)):
            new = -1
            for other in sources[at]:
                if idoms[other] < 0:
                    continue
                if new < 0:
                    new = other
                while new != other:
                    if new > other:
                        new = idoms[new]
                    else:
                        other = idoms[other]
            if idoms[at] != new:
                idoms[at] = new
                changed = True
        changed = changed and not all(_is_above(to, at, idoms) for at, to in retreating)
    return idoms


def _is_above(upper: int, lower: int, idoms: list[int]) -> bool:
    while lower > upper:
        lower = idoms[lower]
    return lower == upper


def _preorder_spans(idoms: list[int]) -> list[tuple[int, int]]:
    """For each block, its preorder number in the tree and the largest one in its subtree."""
    sizes = [1] * len(idoms)
    for at in range(len(idoms) - 1, 0, -1):
        sizes[idoms[at]] += sizes[at]
    spans = [(0, len(idoms) - 1)] * len(idoms)
    free = [1] * len(idoms)
    for at in range(1, len(idoms)):
        above = idoms[at]
        first = free[above]
        free[above] += sizes[at]
        free[at] = first + 1
        spans[at] = first, first + sizes[at] - 1
    return spans


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
