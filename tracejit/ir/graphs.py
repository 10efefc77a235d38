"""Directed graphs: reverse postorder, dominators, dominance frontiers.

Dominators after Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


def reverse_postorder(graph: Mapping[Node, Sequence[Node]], entry: Node) -> list[Node]:
    """The nodes reachable from the entry, each before its successors but for loops' back edges.

    `graph` has the successors of each node.
    """
    order: list[Node] = []
    seen = {entry}
    path = [(entry, iter(graph[entry]))]
    while path:
        node, successors = path[-1]
        for successor in successors:
            if successor not in seen:
                seen.add(successor)
                path.append((successor, iter(graph[successor])))
                break
        else:
            path.pop()
            order.append(node)
    order.reverse()
    return order


class Dominators(Generic[Node]):
    """Which nodes stand on every path to which. The graph has the successors of each node."""

    order: list[Node]
    """The reachable nodes in reverse postorder."""
    sources: list[list[int]]
    """For each node, those with an edge to it, all by their positions in `order`."""
    backward: list[tuple[int, int]]
    """The edges to a node that dominates their source: from where, and to where, in `order`."""
    _idoms: list[int]
    """By their positions too."""

    def __init__(self, graph: Mapping[Node, Sequence[Node]], entry: Node) -> None:
        self.order = order = reverse_postorder(graph, entry)
        number = {node: at for at, node in enumerate(order)}
        sources: list[list[int]] = [[] for _ in order]
        retreating: list[tuple[int, int]] = []
        for at, node in enumerate(order):
            for successor in graph[node]:
                to = number[successor]
                sources[to].append(at)
                if to <= at:
                    retreating.append((at, to))
        self.sources = sources
        self._idoms = idoms = _immediate_dominators(sources, retreating)
        self.backward = [(at, to) for at, to in retreating if _is_above(to, at, idoms)]

    @cached_property
    def idom(self) -> dict[Node, Node]:
        """The immediate dominator of each reachable node; the entry's is itself."""
        order = self.order
        return dict(zip(order, [order[above] for above in self._idoms], strict=True))

    @cached_property
    def children(self) -> dict[Node, list[Node]]:
        """The inverse of `idom`."""
        found: dict[Node, list[Node]] = {node: [] for node in self.order}
        for node in self.order[1:]:
            found[self.idom[node]].append(node)
        return found

    @cached_property
    def frontiers(self) -> list[set[int]]:
        """Where paths from each node first meet others that avoid it; by positions in `order`.

        There a variable that is bound in the node may be another: what needs a parameter for it is
        the frontier, its frontier, and so on, after Cytron et al., "Efficiently Computing Static
        Single Assignment Form and the Control Dependence Graph" (1991).
        """
        idoms = self._idoms
        found: list[set[int]] = [set() for _ in idoms]
        for at, sources in enumerate(self.sources):
            if len(sources) > 1:
                for source in sources:
                    while source != idoms[at]:
                        found[source].add(at)
                        source = idoms[source]
        return found

    def joins(self, nodes: Iterable[Node]) -> set[Node]:
        """Where paths from different ones of the nodes meet, or from one and the entry."""
        wanted = set(nodes)
        work = [at for at, node in enumerate(self.order) if node in wanted]
        found: set[int] = set()
        for at in work:
            new = self.frontiers[at] - found
            found |= new
            work += new
        return {self.order[at] for at in found}

    @cached_property
    def _spans(self) -> dict[Node, tuple[int, int]]:
        return dict(zip(self.order, _preorder_spans(self._idoms), strict=True))

    def dominates(self, upper: Node, lower: Node) -> bool:
        """Whether every path to `lower` passes `upper` (a node dominates itself)."""
        first, last = self._spans[upper]
        return first <= self._spans[lower][0] <= last


def _immediate_dominators(sources: list[list[int]], retreating: list[tuple[int, int]]) -> list[int]:
    """For each node, all by their positions in reverse postorder.

    Where every retreating edge leads to a node that dominates its source, one sweep finds them.
    """
    idoms = [-1] * len(sources)
    idoms[0] = 0
    changed = True
    while changed:
        changed = False
        for at in range(1, len(sources)):
            # The first one comes before.
            new, *others = sources[at]
            for other in others:
                if idoms[other] < 0:
                    continue
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
    """For each node, its preorder number in the tree and the largest one in its subtree."""
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
