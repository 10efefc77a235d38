"""Loop-invariant code motion: what every iteration computes anew goes before the loop.

What may leave is moved only if the first iteration would surely compute it, and leaves with the
state of the first exit in the loop's header as the first iteration would find it: the interpreter
then repeats nothing but pure work.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracejit.ir.dominators import DominatorTree, Loop, dominator_tree, natural_loops
from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Block, Function, Inst, Target, constant_of
from tracejit.ir.ops import WRAP_FORM, Op
from tracejit.ir.types import BOOL
from tracejit.ir.value import Value
from tracejit.opt.gvn import key_of
from tracejit.opt.substitute import substitute

_CONSTANTS = frozenset((Op.iconst, Op.fconst))
_SHIFTS = frozenset((WRAP_FORM[Op.ishl], WRAP_FORM[Op.ishr], Op.ushr_wrap))


def licm(function: Function) -> None:
    """Move invariant instructions out of loops, as far out as their operands allow."""
    tree = dominator_tree(function)
    loops = natural_loops(function, tree)
    if not loops:
        return
    motion = _Motion(function, tree)
    innermost: dict[Block, Loop] = {}
    for loop in loops:
        innermost.update(dict.fromkeys(loop.blocks, loop))
    looping = [block for block in tree.order if block in innermost]
    for block in looping:
        motion.homes.update(dict.fromkeys(block.params, block))
        for inst in block.insts:
            if inst.result is not None:
                motion.homes[inst.result] = block
    for block in looping:
        for inst in block.insts:
            if _is_worth_moving(inst):
                motion.consider(inst, block, innermost[block])
    motion.finish()


def _is_worth_moving(inst: Inst) -> bool:
    """Whether the result is worth a register throughout the loop.

    A comparison is not: it is fused with its branch. Neither is a constant: it needs no register.
    """
    op = inst.op
    return not (inst.result is None or op.effect or op.has_imm or inst.result.type == BOOL)


def _is_total(inst: Inst) -> bool:
    """Whether the instruction does no harm where the program would not have computed it."""
    if inst.op.traps:
        return constant_of(inst.args[-1]) not in (None, 0, -1)
    if inst.op in _SHIFTS:
        count = constant_of(inst.args[1])
        return count is not None and count >= 0
    return inst.op.exit == "never"


@dataclass(slots=True, eq=False)
class _Before:
    """What goes before a loop: a preheader, not in the function yet."""

    block: Block
    entering: list[Target]
    """The edges into the loop."""
    given: dict[Value, Value]
    """What stands there for the parameters of the header."""
    insts: list[Inst] = field(default_factory=list)
    computed: dict[object, Value] = field(default_factory=dict)
    """The results in `insts`, by what they are computed from."""
    prelude: list[Inst] = field(default_factory=list)
    """What `state` needs."""
    state: FrameState | None = None


@dataclass(slots=True, eq=False)
class _Motion:
    function: Function
    tree: DominatorTree
    homes: dict[Value, Block] = field(default_factory=dict)
    """Where each value that is defined in a loop is defined, after the moves so far."""
    before: dict[Loop, _Before] = field(default_factory=dict)
    moved: dict[Inst, _Before] = field(default_factory=dict)
    ends: dict[Loop, list[Block]] = field(default_factory=dict)
    """The blocks of each loop that end an iteration."""
    sources: dict[Block, list[Block]] | None = None
    replaced: dict[Value, Value] = field(default_factory=dict)
    """What has been computed in the same place already: neither of two places in the loop dominated
    the other."""

    def consider(self, inst: Inst, block: Block, loop: Loop) -> None:
        """Move the instruction before the outermost loop that it can leave."""
        if self.replaced:
            inst.args = [self.replaced.get(arg, arg) for arg in inst.args]
        best: Loop | None = None
        speculated = False
        inner: Loop | None = loop
        while inner is not None and self._is_invariant(inst, inner):
            certain = self._is_certain(block, inner)
            if not certain and not _is_total(inst):
                break
            if inst.op.exit != "never" and self._place_before(inner).state is None:
                break
            speculated |= not certain
            best, inner = inner, inner.parent
        if best is not None:
            self._move(inst, best)
            if speculated:  # A branch may have told what it was.
                self.function.ranges.pop(inst.value, None)

    def _is_invariant(self, inst: Inst, loop: Loop) -> bool:
        homes, blocks = self.homes, loop.blocks
        for arg in inst.args:
            if homes.get(arg) in blocks:
                origin = arg.origin
                if not isinstance(origin, Inst) or origin.op not in _CONSTANTS:
                    return False
        return True

    def _is_certain(self, block: Block, loop: Loop) -> bool:
        """Whether each iteration passes the block before the loop can end."""
        ends = self.ends.get(loop)
        if ends is None:
            ends = self.ends[loop] = [
                other
                for other in loop.blocks
                if other in loop.latches or not loop.blocks.issuperset(other.successors())
            ]
        return all(self.tree.dominates(block, end) for end in ends)

    def _move(self, inst: Inst, loop: Loop) -> None:
        place = self._place_before(loop)
        for arg in inst.args:
            if self.homes.get(arg) in loop.blocks and isinstance(arg.origin, Inst):
                self._take(arg.origin, place)
        if inst.exit is not None:
            keeps = inst.op.exit != "never"
            inst.exit = Exit(inst.exit.reason, place.state) if keeps and place.state else None
        key = key_of(inst)
        if key in place.computed:
            self.moved[inst] = place
            self.replaced[inst.value] = place.computed[key]
        else:
            place.computed[key] = inst.value
            self._take(inst, place)

    def _take(self, inst: Inst, place: _Before) -> None:
        if inst in self.moved:  # A constant that an inner loop's preheader needed before.
            self.moved[inst].insts.remove(inst)
        place.insts.append(inst)
        self.moved[inst] = place
        self.homes[inst.value] = place.block

    def _place_before(self, loop: Loop) -> _Before:
        if loop not in self.before:
            place = self.before[loop] = self._new_place(loop)
            place.state = self._entry_state(loop, place)
            outer = loop.parent
            while outer is not None:
                outer.blocks.add(place.block)
                outer = outer.parent
        return self.before[loop]

    def _new_place(self, loop: Loop) -> _Before:
        if self.sources is None:
            self.sources = self.function.predecessors()
        block = Block(self.function.next_block)
        self.function.next_block += 1
        entering = [
            target
            for source in dict.fromkeys(self.sources[loop.header])
            if source not in loop.blocks
            for target in source.terminator.targets
            if target.block is loop.header
        ]
        params = loop.header.params
        given = entering[0].args
        if len(entering) > 1:
            given = block.params = [self.function.new_value(param.type, block) for param in params]
        block.insts = [Inst(Op.jump, targets=[Target(loop.header, list(given))])]
        return _Before(block, entering, dict(zip(params, given, strict=True)))

    def _entry_state(self, loop: Loop, place: _Before) -> FrameState | None:
        """The first state in the header, as the first iteration would find it."""
        names = dict(place.given)
        for inst in loop.header.insts:
            if inst.op.effect:
                return None
            if inst.exit is not None:
                return inst.exit.state.renamed(names)
            if inst.result is not None:
                copy = Inst(inst.op, [names.get(arg, arg) for arg in inst.args], inst.imm)
                copy.result = names[inst.result] = self.function.new_value(inst.result.type, copy)
                place.prelude.append(copy)
        return None

    def finish(self) -> None:
        """Put the preheaders with what was moved in place."""
        if self.before:
            self.function.dominators = None  # With its loops, to which preheaders were added.
        if not self.moved:
            return
        placed: dict[Block, Block] = {}
        for loop, place in self.before.items():
            if place.insts:
                _enter_through(place)
                placed[loop.header] = place.block
        blocks: list[Block] = []
        for block in self.function.blocks:
            if block in placed:
                blocks.append(placed[block])
            block.insts = [inst for inst in block.insts if inst not in self.moved]
            blocks.append(block)
        self.function.blocks = blocks
        substitute(self.function, self.replaced)


def _enter_through(place: _Before) -> None:
    """Fill the preheader, and let the edges into the loop lead to it."""
    needs_state = any(inst.exit is not None for inst in place.insts)
    place.block.insts[:0] = [*place.prelude, *place.insts] if needs_state else place.insts
    for target in place.entering:
        target.block = place.block
        if not place.block.params:
            target.args = []
