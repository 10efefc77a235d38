"""Loop inversion: the test at the top of a loop moves to its bottom.

The header that tests is copied: the copy tests once, before the loop; the header itself, now only
reached from the latches, tests at the end of each iteration, which then takes one branch and not
two. SSA form is restored on demand: where paths from both headers meet, what is read from there on
gets a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from tracejit.ir.dominators import DominatorTree, Loop, dominator_tree, natural_loops
from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Block, Function, Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import map_values
from tracejit.ir.value import Value

MAX_HEADER = 4
"""Headers with more instructions, constants apart, are not copied."""

_Homes: TypeAlias = dict[Value, tuple[Block, dict[Block, Value]]]
"""For each copied value its header, and which value stands for it after which block."""


def rotate(function: Function) -> None:
    """Rotate every loop whose header only computes a test and leaves the loop by it."""
    copies: dict[Block, Block] = {}
    homes: _Homes = {}
    sources = function.predecessors()
    for loop in natural_loops(function):
        if _tests_at_the_top(loop):
            copy = _copy_header(function, loop, homes, sources)
            copies[loop.header] = copy
            outer = loop.parent
            while outer is not None:
                outer.blocks.add(copy)
                outer = outer.parent
    if copies:
        function.blocks = [
            placed
            for block in function.blocks
            for placed in ((copies[block], block) if block in copies else (block,))
        ]
        tree = dominator_tree(function)
        joins = {header: tree.joins((header, copy)) for header, copy in copies.items()}
        _Repair(function, tree, homes, joins).run()


def _tests_at_the_top(loop: Loop) -> bool:
    header = loop.header
    if header.terminator.op is not Op.br_if or any(inst.op.effect for inst in header.insts):
        return False
    if sum(not inst.op.has_imm for inst in header.insts) > MAX_HEADER:
        return False
    inside = [successor in loop.blocks for successor in header.successors()]
    return sum(inside) == 1 and not any(_may_end(loop, latch) for latch in loop.latches)


def _may_end(loop: Loop, latch: Block) -> bool:
    """Whether the loop can end at this latch, so that the test is at the bottom already."""
    return any(successor not in loop.blocks for successor in latch.successors())


def _copy_header(
    function: Function, loop: Loop, homes: _Homes, sources: dict[Block, list[Block]]
) -> Block:
    """A copy of the header, in `function.blocks` not yet, that the edges into the loop lead to."""
    header = loop.header
    copy = Block(function.next_block)
    function.next_block += 1
    new: dict[Value, Value] = {}
    for param in header.params:
        new[param] = function.new_value(param.type, copy)
        copy.params.append(new[param])
    copy.insts = [function.copy_inst(inst, new) for inst in header.insts]
    for old, value in new.items():
        homes[old] = (header, {header: old, copy: value})
        _inherit_range(function, old, value)
    sources[copy] = [block for block in sources[header] if block not in loop.blocks]
    sources[header] = [block for block in sources[header] if block in loop.blocks]
    for block in sources[copy]:
        for target in block.terminator.targets:
            if target.block is header:
                target.block = copy
    for successor in copy.successors():
        sources[successor].append(copy)
    return copy


def _inherit_range(function: Function, old: Value, new: Value) -> None:
    """What the header computed before was all that its copy and itself compute now."""
    if old in function.ranges:
        function.ranges[new] = function.ranges[old]


@dataclass(slots=True)
class _Repair:
    """Finds, for values that now have two definitions, the one that reaches each use."""

    function: Function
    tree: DominatorTree
    homes: _Homes
    joins: dict[Block, set[Block]]
    """For each header that was copied, where paths from itself and the copy meet."""
    pending: list[tuple[Value, Block]] = field(default_factory=list)
    """Which parameters were added, for what."""

    def run(self) -> None:
        for block in self.function.blocks:
            self._repair_uses(block)
        edges = self._edges()
        for value, block in self.pending:
            for source, target in edges[block]:
                target.args.append(self._at_end(value, source))

    def _edges(self) -> dict[Block, list[tuple[Block, Target]]]:
        """The edges into each block where paths meet."""
        found: dict[Block, list[tuple[Block, Target]]] = {
            block: [] for joins in self.joins.values() for block in joins
        }
        for block in self.function.blocks:
            for target in block.insts[-1].targets:
                if target.block in found:
                    found[target.block].append((block, target))
        return found

    def _repair_uses(self, block: Block) -> None:
        copied = self.homes.keys()
        for inst in block.insts:
            if not copied.isdisjoint(inst.args):
                inst.args = [self._at_end(arg, block) for arg in inst.args]
            if inst.exit is not None and not copied.isdisjoint(inst.exit.state.values()):
                state = inst.exit.state
                names = {v: self._at_end(v, block) for v in state.values() if v in copied}
                inst.exit = Exit(inst.exit.reason, state.renamed(names))
        last = block.insts[-1]
        for target in last.targets:
            if not copied.isdisjoint(target.args):
                target.args = [self._at_end(arg, block) for arg in target.args]
        if last.op is Op.ret:
            last.imm = map_values(last.returned(), lambda value: self._at_end(value, block))

    def _at_end(self, value: Value, block: Block) -> Value:
        """What stands for the value in the block; parameters are added where paths meet."""
        if value not in self.homes:
            return value
        header, known = self.homes[value]
        joins, idom = self.joins[header], self.tree.idom
        passed: list[Block] = []
        while block not in known:
            if block in joins:
                param = self.function.new_value(value.type, block)
                block.params.append(param)
                known[block] = param
                _inherit_range(self.function, value, param)
                self.pending.append((value, block))
            else:
                passed.append(block)
                block = idom[block]
        found = known[block]
        for between in passed:
            known[between] = found
        return found
