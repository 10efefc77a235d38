"""What branches tell of divisors, and no interval can say: that they are not 0."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tracejit.ir.dominators import dominator_tree
from tracejit.ir.function import Block, Function, Inst, Target, constant_of
from tracejit.ir.ops import Op
from tracejit.ir.value import Value
from tracejit.opt.ranges import Ranges

_MAX_CLIMB: Final = 8
"""How many blocks above a division its divisor's test is looked for."""
_MAX_HOPS: Final = 2
"""How many parameters are seen through on the way there."""


@dataclass(slots=True)
class Nonzero:
    """Asked of one function, once its ranges are known."""

    function: Function
    ranges: Ranges
    edges: dict[Block, list[tuple[Block, Target]]] = field(default_factory=dict)
    """The edges into each block, with where they come from, once they are needed."""
    above: dict[Block, Block] = field(default_factory=dict)
    """The immediate dominator of each block, likewise."""

    def is_nonzero(self, value: Value, block: Block, hops: int = 0) -> bool:
        """Whether the value, as it is used in the block, is never 0.

        A branch not far above the block has told; or all edges have that give it to a parameter.
        """
        low, high = self.ranges.at(value, block)
        if low > 0 or high < 0:
            return True
        if not self.edges:
            self.edges, self.above = _edges(self.function), dominator_tree(self.function).idom
        for _ in range(_MAX_CLIMB):
            into = self.edges[block]
            if len(into) == 1 and _nonzero_on(*into[0]) is value:
                return True
            if value.origin is block:
                return (
                    bool(into) and hops < _MAX_HOPS and self._is_given_nonzero(value, block, hops)
                )
            block = self.above[block]
        return False

    def _is_given_nonzero(self, param: Value, block: Block, hops: int) -> bool:
        at = block.params.index(param)
        for source, target in self.edges[block]:
            given = target.args[at]
            is_taken = source in self.ranges.facts and target not in self.ranges.dead
            if given is param or not is_taken or _nonzero_on(source, target) is given:
                continue
            if not self.is_nonzero(given, source, hops + 1):
                return False
        return True


def _edges(function: Function) -> dict[Block, list[tuple[Block, Target]]]:
    found: dict[Block, list[tuple[Block, Target]]] = {block: [] for block in function.blocks}
    for block in function.blocks:
        for target in block.insts[-1].targets:
            found[target.block].append((block, target))
    return found


def _nonzero_on(block: Block, target: Target) -> Value | None:
    """The value that is not 0 where the branch at the block's end takes this way."""
    branch = block.insts[-1]
    test = branch.args[0].origin if branch.op is Op.br_if else None
    if not isinstance(test, Inst) or test.op is not (
        Op.ine if target is branch.targets[0] else Op.ieq
    ):
        return None
    return test.args[0] if constant_of(test.args[1]) == 0 else None
