"""Orders over the control-flow graph: reverse postorder, dominators, natural loops.

Dominators after Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracejit.ir.function import Block, Function


def reverse_postorder(function: Function) -> list[Block]:
    """The blocks reachable from the entry, each before its successors but for loops' back edges."""
    order: list[Block] = []
    seen = {function.entry}
    stack = [(function.entry, iter(function.entry.successors()))]
    while stack:
        block, successors = stack[-1]
        for successor in successors:
            if successor not in seen:
                seen.add(successor)
                stack.append((successor, iter(successor.successors())))
                break
        else:
            order.append(block)
            stack.pop()
    order.reverse()
    return order


@dataclass(slots=True, eq=False)
class DominatorTree:
    """Which blocks stand on every path to which."""

    order: list[Block]
    """The reachable blocks in reverse postorder."""
    idom: dict[Block, Block]
    """The immediate dominator of each reachable block; the entry's is itself."""
    children: dict[Block, list[Block]]
    _span: dict[Block, tuple[int, int]]

    def dominates(self, upper: Block, lower: Block) -> bool:
        """Whether every path to `lower` passes `upper` (a block dominates itself)."""
        first, last = self._span[upper]
        return first <= self._span[lower][0] <= last


def dominator_tree(function: Function) -> DominatorTree:
    order = reverse_postorder(function)
    number = {block: index for index, block in enumerate(order)}
    predecessors = function.predecessors()
    idom = {function.entry: function.entry}

    def intersect(a: Block, b: Block) -> Block:
        while a is not b:
            while number[a] > number[b]:
                a = idom[a]
            while number[b] > number[a]:
                b = idom[b]
        return a

    changed = True
    while changed:
        changed = False
        for block in order[1:]:
            known = [p for p in predecessors[block] if p in idom]
            new = known[0]
            for other in known[1:]:
                new = intersect(new, other)
            if idom.get(block) is not new:
                idom[block] = new
                changed = True
    children: dict[Block, list[Block]] = {block: [] for block in order}
    for block in order[1:]:
        children[idom[block]].append(block)
    return DominatorTree(order, idom, children, _preorder_spans(function.entry, children))


def _preorder_spans(
    root: Block, children: dict[Block, list[Block]]
) -> dict[Block, tuple[int, int]]:
    """For each node, its preorder number and the largest one in its subtree."""
    first: dict[Block, int] = {}
    span: dict[Block, tuple[int, int]] = {}
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            span[node] = (first[node], len(first) - 1)
            continue
        first[node] = len(first)
        stack.append((node, True))
        stack.extend((child, False) for child in children[node])
    return span


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
    """The natural loops, outer ones before the loops in them."""
    tree = tree or dominator_tree(function)
    loops: dict[Block, Loop] = {}
    for block in tree.order:
        for successor in block.successors():
            if tree.dominates(successor, block):
                loop = loops.setdefault(successor, Loop(successor))
                loop.latches.append(block)
    predecessors = function.predecessors()
    for loop in loops.values():
        loop.blocks = {loop.header}
        work = list(loop.latches)
        while work:
            block = work.pop()
            if block not in loop.blocks:
                loop.blocks.add(block)
                work.extend(p for p in predecessors[block] if p in tree.idom)
    found = sorted(loops.values(), key=lambda loop: -len(loop.blocks))
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
