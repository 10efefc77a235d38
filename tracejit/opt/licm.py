"""Loop-invariant code motion: what every iteration computes anew goes before the loop.

What may leave is moved only if the first iteration would surely compute it, and if there is a state
before the loop to leave with: that of the last exit there, from where the interpreter repeats
nothing but pure work.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracejit.ir.dominators import DominatorTree, Loop, dominator_tree, natural_loops
from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import Op
from tracejit.ir.types import BOOL
from tracejit.ir.value import Value
from tracejit.opt.wide import is_wide

_MAX_WALK = 4
"""How many blocks before the loop are searched for a state."""


def licm(function: Function) -> None:
    """Move invariant instructions out of loops, as far out as their operands allow."""
    tree = dominator_tree(function)
    loops = natural_loops(function, tree)
    if not loops:
        return
    motion = _Motion(function, tree, function.predecessors())
    innermost: dict[Block, Loop] = {}
    for loop in loops:
        innermost.update(dict.fromkeys(loop.blocks, loop))
    for block in tree.order:
        if block in innermost:
            for inst in block.insts:
                if inst.result is not None:
                    motion.homes[inst.result] = block
            motion.homes.update(dict.fromkeys(block.params, block))
    for block in tree.order:
        if block in innermost:
            for inst in block.insts:
                if _is_movable(inst):
                    motion.consider(inst, block, innermost[block])
    motion.finish()


def _is_movable(inst: Inst) -> bool:
    """Whether moving the instruction can be right, and is worth a register throughout the loop.

    A comparison is not: it is fused with its branch. Neither is a constant: it needs no register.
    """
    op = inst.op
    if inst.result is None or op.effect or op.has_imm or inst.result.type == BOOL:
        return False
    if any(map(is_wide, inst.args)):
        return False  # It leaves, which it must not do where it would not have been reached.
    return not op.traps or _is_safe_divisor(inst.args[1])


def _is_safe_divisor(value: Value) -> bool:
    """Whether no dividend makes the processor trap: neither 0 nor, for the least integer, -1."""
    origin = value.origin
    return isinstance(origin, Inst) and origin.op is Op.iconst and origin.imm not in (0, -1)


@dataclass(slots=True, eq=False)
class _Motion:
    function: Function
    tree: DominatorTree
    predecessors: dict[Block, list[Block]]
    homes: dict[Value, Block] = field(default_factory=dict)
    """Where each value that is defined in a loop is defined, after the moves so far."""
    gathered: dict[Loop, list[Inst]] = field(default_factory=dict)
    """What goes before each loop."""
    moved: set[Inst] = field(default_factory=set)
    states: dict[Loop, FrameState | None] = field(default_factory=dict)
    ends: dict[Loop, list[Block]] = field(default_factory=dict)
    """The blocks of each loop that end an iteration."""
    before: dict[Loop, Block] = field(default_factory=dict)
    """For each loop that something is moved out of, a preheader, not in the function yet."""

    def consider(self, inst: Inst, block: Block, loop: Loop) -> None:
        """Move the instruction before the outermost loop that it can leave."""
        leaves = inst.op.exit != "never"
        best: Loop | None = None
        inner: Loop | None = loop
        while inner is not None and self._is_invariant(inst, inner):
            if leaves and not (self._is_certain(block, inner) and self._state(inner)):
                break
            best, inner = inner, inner.parent
        if best is not None:
            self._move(inst, best)

    def _is_invariant(self, inst: Inst, loop: Loop) -> bool:
        return all(self.homes.get(arg) not in loop.blocks or _is_constant(arg) for arg in inst.args)

    def _is_certain(self, block: Block, loop: Loop) -> bool:
        """Whether each iteration passes the block before the loop can end."""
        ends = self.ends.get(loop)
        if ends is None:
            ends = self.ends[loop] = [
                other
                for other in self.tree.order
                if other in loop.blocks
                and (other in loop.latches or not loop.blocks.issuperset(other.successors()))
            ]
        return all(self.tree.dominates(block, end) for end in ends)

    def _state(self, loop: Loop) -> FrameState | None:
        if loop not in self.states:
            self.states[loop] = self._find_state(loop)
        return self.states[loop]

    def _find_state(self, loop: Loop) -> FrameState | None:
        """The state of the last exit before the loop with no effect in between."""
        entering = [b for b in self.predecessors[loop.header] if b not in loop.blocks]
        for _ in range(_MAX_WALK):
            if len(entering) != 1:
                return None
            for inst in reversed(entering[0].insts):
                if inst.op.effect:
                    return None
                if inst.exit is not None and inst not in self.moved:
                    return inst.exit.state
            entering = self.predecessors[entering[0]]
        return None

    def _move(self, inst: Inst, loop: Loop) -> None:
        if loop not in self.before:
            self.before[loop] = Block(self.function.next_block)
            self.function.next_block += 1
            outer = loop.parent
            while outer is not None:
                outer.blocks.add(self.before[loop])
                outer = outer.parent
        gathered = self.gathered.setdefault(loop, [])
        for arg in inst.args:
            origin = arg.origin
            if self.homes.get(arg) in loop.blocks and isinstance(origin, Inst):
                self._take(origin, arg, loop, gathered)
        state = self.states.get(loop) if inst.op.exit != "never" else None
        inst.exit = Exit(inst.exit.reason, state) if inst.exit and state else None
        self._take(inst, inst.value, loop, gathered)

    def _take(self, inst: Inst, value: Value, loop: Loop, gathered: list[Inst]) -> None:
        gathered.append(inst)
        self.moved.add(inst)
        self.homes[value] = self.before[loop]

    def finish(self) -> None:
        """Put the preheaders with what was gathered in place."""
        if not self.moved:
            return
        for block in self.function.blocks:
            block.insts = [inst for inst in block.insts if inst not in self.moved]
        for loop, preheader in self.before.items():
            self._enter_through(loop, preheader)
        placed = {loop.header: preheader for loop, preheader in self.before.items()}
        self.function.blocks = [
            put
            for block in self.function.blocks
            for put in ((placed[block], block) if block in placed else (block,))
        ]

    def _enter_through(self, loop: Loop, preheader: Block) -> None:
        """Let the edges into the loop lead to the preheader."""
        header = loop.header
        for param in header.params:
            preheader.params.append(self.function.new_value(param.type, preheader))
        jump = Inst(Op.jump, targets=[Target(header, list(preheader.params))])
        preheader.insts = [*self.gathered[loop], jump]
        for block in self.predecessors[header]:
            if block not in loop.blocks:
                for target in block.terminator.targets:
                    if target.block is header:
                        target.block = preheader


def _is_constant(value: Value) -> bool:
    return isinstance(value.origin, Inst) and value.origin.op is Op.iconst
