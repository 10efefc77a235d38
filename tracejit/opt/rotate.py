"""Loop inversion: the test at the top of a loop moves to its bottom.

The header that tests is copied: the copy tests once, before the loop; the header itself, now only
reached from the latches, tests at the end of each iteration, which then takes one branch and not
two. SSA form is restored on demand, after Braun et al., "Simple and Efficient Construction of
Static Single Assignment Form" (2013).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tracejit.ir.dominators import Loop, natural_loops
from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Block, Function, Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import map_values
from tracejit.ir.value import Value

MAX_HEADER = 4
"""Headers with more instructions, constants apart, are not copied."""


def rotate(function: Function) -> None:
    """Rotate every loop whose header only computes a test and leaves the loop by it."""
    copies: dict[Block, Block] = {}
    repair = _Repair()
    sources = function.predecessors()
    for loop in natural_loops(function):
        if _tests_at_the_top(loop):
            copies[loop.header] = _copy_header(function, loop, repair, sources)
            outer = loop.parent
            while outer is not None:
                outer.blocks.add(copies[loop.header])
                outer = outer.parent
    if copies:
        function.blocks = [
            placed
            for block in function.blocks
            for placed in ((copies[block], block) if block in copies else (block,))
        ]
        repair.run(function)


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
    function: Function, loop: Loop, repair: _Repair, sources: dict[Block, list[Block]]
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
        repair.homes[old] = (header, {header: old, copy: value})
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

    homes: dict[Value, tuple[Block, dict[Block, Value]]] = field(default_factory=dict)
    """For each copied value its header, and which value stands for it after which block."""
    edges: dict[Block, list[tuple[Block, Target]]] = field(default_factory=dict)
    pending: deque[tuple[Value, Block, Value]] = field(default_factory=deque)
    function: Function | None = None

    def run(self, function: Function) -> None:
        self.function = function
        self.edges = {block: [] for block in function.blocks}
        for block in function.blocks:
            for target in block.insts[-1].targets:
                self.edges[target.block].append((block, target))
        for block in function.blocks:
            self._repair_uses(block)
        while self.pending:
            value, block, _ = self.pending.popleft()
            for source, target in self.edges[block]:
                target.args.append(self._at_end(value, source))

    def _repair_uses(self, block: Block) -> None:
        homes = self.homes.keys()
        for inst in block.insts:
            if not homes.isdisjoint(inst.args):
                inst.args = [self._at_end(arg, block) for arg in inst.args]
            if inst.exit is not None and not homes.isdisjoint(inst.exit.state.values()):
                state = inst.exit.state
                names = {v: self._at_end(v, block) for v in state.values() if v in homes}
                inst.exit = Exit(inst.exit.reason, state.renamed(names))
        last = block.insts[-1]
        for target in last.targets:
            if not homes.isdisjoint(target.args):
                target.args = [self._at_end(arg, block) for arg in target.args]
        if last.op is Op.ret:
            last.imm = map_values(last.returned(), lambda value: self._at_end(value, block))

    def _at_end(self, value: Value, block: Block) -> Value:
        """What stands for the value in the block; parameters are added where paths meet."""
        if value not in self.homes:
            return value
        known = self.homes[value][1]
        passed: list[Block] = []
        while block not in known:
            edges = self.edges[block]
            if len(edges) == 1:
                passed.append(block)
                block = edges[0][0]
                continue
            assert self.function is not None
            param = self.function.new_value(value.type, block)
            block.params.append(param)
            known[block] = param
            _inherit_range(self.function, value, param)
            self.pending.append((value, block, param))
        found = known[block]
        for between in passed:
            known[between] = found
        return found
