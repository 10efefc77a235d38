"""Strip-mining: an innermost loop that counts pays its fuel in advance, and does not poll.

It runs up to a limit as far away as the fuel lasts, with one comparison for each iteration; behind
the limit it polls if there is more to do, and pays again (Wolfe, "More Iteration Space Tiling",
1989, has the name):

    header(i):                          paid = prepay stop - start
        ...                             header(i, limit = start + paid):
        poll                                ...
        if next < stop: header(next)        if next < limit: header(next, limit)
                                        if next < stop: poll, prepay stop - next, header(next, ...)

What is paid for iterations that never come is given back on every other way out of the loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tracejit.ir.dominators import DominatorTree, Loop, dominator_tree, natural_loops
from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Block, Function, Inst, Target, constant_of
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.types import I64
from tracejit.ir.value import Value

MAX_BODY: Final = 40
"""In loops with more instructions, constants apart, a poll costs nothing to speak of."""
MAX_STEP: Final = 16
"""A unit of fuel pays for a unit of distance."""


def strip_mine(function: Function) -> None:
    """Strip-mine the loops that are worth it."""
    if not function.has(Op.poll):
        return
    tree = dominator_tree(function)
    loops = natural_loops(function, tree)
    parents = {loop.parent for loop in loops}
    found = [_find_count(loop) for loop in loops if loop not in parents]
    mining = [_Mining(function, tree, count) for count in found if count is not None]
    if not mining:
        return
    sources = function.predecessors()
    for each in mining:
        each.enter(sources[each.count.loop.header])
    for each in mining:
        each.give_back()
        each.turn_back()


@dataclass(frozen=True, slots=True, eq=False)
class _Count:
    """A loop that goes on while `following`, the variable plus the step, is not at `stop`."""

    loop: Loop
    latch: Block
    poll: Inst
    test: Inst
    again: Target
    end: Target
    variable: Value
    following: Value
    stop: Value
    step: int


def _find_count(loop: Loop) -> _Count | None:
    size = sum(not inst.op.has_imm for block in loop.blocks for inst in block.insts)
    if len(loop.latches) != 1 or size > MAX_BODY:
        return None
    (latch,) = loop.latches
    polls = [inst for inst in latch.insts if inst.op is Op.poll]
    branch = latch.insts[-1]
    if len(polls) != 1 or branch.op is not Op.br_if:
        return None
    again, end = branch.targets
    test = branch.args[0].origin
    if again.block is not loop.header or end.block in loop.blocks or not isinstance(test, Inst):
        return None
    if test.op is not Op.ilt and test.op is not Op.igt:
        return None
    following, stop = test.args
    variable, step = _counted(following)
    if variable is None or not 0 < (step if test.op is Op.ilt else -step) <= MAX_STEP:
        return None
    params = loop.header.params
    if variable not in params or again.args[params.index(variable)] is not following:
        return None
    home = stop.origin
    inside = (
        any(home in block.insts for block in loop.blocks)
        if isinstance(home, Inst)
        else home in loop.blocks
    )
    if inside and constant_of(stop) is None:
        return None
    return _Count(loop, latch, polls[0], test, again, end, variable, following, stop, step)


def _counted(following: Value) -> tuple[Value | None, int]:
    """The value that this one is counted on from, and the step."""
    origin = following.origin
    if isinstance(origin, Inst) and origin.op is Op.iadd_wrap:
        step = constant_of(origin.args[1])
        if step is not None:
            return origin.args[0], step
    return None, 0


class _Mining:
    def __init__(self, function: Function, tree: DominatorTree, count: _Count) -> None:
        self.function = function
        self.tree = tree
        self.count = count
        self.blocks = count.loop.blocks
        self.ascends = count.step > 0
        self.limit = function.new_value(I64, count.loop.header)

    def emit(self, block: Block, op: Opcode, *args: Value, imm: object = None) -> Value:
        inst = self.function.new_inst(op, args, imm=imm, type=I64 if op is Op.iconst else None)
        block.insts.append(inst)
        return inst.value

    def distance(self, block: Block, start: Value, end: Value) -> Value:
        upper, lower = (end, start) if self.ascends else (start, end)
        return upper if constant_of(lower) == 0 else self.emit(block, Op.isub_wrap, upper, lower)

    def pay(self, block: Block, start: Value) -> Value:
        """The limit, for a block that goes to the loop and starts it there."""
        stop = self.count.stop
        constant = constant_of(stop)
        if constant is not None:  # The loop itself may have computed it.
            stop = self.emit(block, Op.iconst, imm=constant)
        paid = self.emit(block, Op.prepay, self.distance(block, start, stop))
        if self.ascends:
            return paid if constant_of(start) == 0 else self.emit(block, Op.iadd_wrap, start, paid)
        return self.emit(block, Op.isub_wrap, start, paid)

    def enter(self, sources: list[Block]) -> None:
        """Let the edges into the loop pay."""
        header = self.count.loop.header
        at = header.params.index(self.count.variable)
        for source in dict.fromkeys(sources):
            for target in source.insts[-1].targets if source not in self.blocks else ():
                if target.block is header:
                    before = self.function.new_block()
                    args = [*target.args, self.pay(before, target.args[at])]
                    before.insts.append(Inst(Op.jump, targets=[Target(header, args)]))
                    target.block, target.args = before, []
        header.params.append(self.limit)

    def give_back(self) -> None:
        """Let exits and the other ways out of the loop return what they do not need."""
        following, variable = self.count.following, self.count.variable
        home = next(block for block in self.blocks if following.origin in block.insts)
        for block in sorted(self.blocks, key=lambda block: block.id):
            is_known = self.tree.dominates(home, block)
            leaves_before = block is home and self.leaves_before(block)
            at = following if is_known and not leaves_before else variable
            self.function.unspent[block] = (self.limit, at) if self.ascends else (at, self.limit)
            for target in block.insts[-1].targets:
                if target.block not in self.blocks and target is not self.count.end:
                    self.refund(target, following if is_known else variable)

    def leaves_before(self, block: Block) -> bool:
        """Whether an exit in the block comes before the variable's next value."""
        for inst in block.insts:
            if inst.result is self.count.following:
                return False
            if inst.exit is not None:
                return True
        return False

    def refund(self, target: Target, at: Value) -> None:
        """On this edge. The current iteration is given back too: paid or not, no debt remains."""
        between = self.function.new_block()
        left = self.distance(between, at, self.limit)
        if at is self.count.following:
            step = self.emit(between, Op.iconst, imm=abs(self.count.step))
            left = self.emit(between, Op.iadd_wrap, left, step)
        between.insts.append(Inst(Op.refund, [left]))
        between.insts.append(Inst(Op.jump, targets=[Target(target.block, target.args)]))
        target.block, target.args = between, []

    def turn_back(self) -> None:
        """Compare to the limit in the loop; behind it to where it stops, then poll and pay."""
        function, count = self.function, self.count
        beyond, refuel = function.new_block(), function.new_block()
        names = self.names_in(beyond, [*count.again.args, *count.end.args])
        given, following = list(names), names[count.following]
        more = self.emit(beyond, count.test.op, following, count.stop)
        end = Target(count.end.block, [names.get(arg, arg) for arg in count.end.args])
        beyond.insts.append(Inst(Op.br_if, [more], targets=[Target(refuel, []), end]))
        latch, poll = count.latch.insts, count.poll
        latch.remove(poll)
        assert poll.exit is not None
        state = poll.exit.state
        if count.variable in state.values() and count.variable not in names:
            back = self.emit(refuel, Op.iconst, imm=-count.step)
            names[count.variable] = self.emit(refuel, Op.iadd_wrap, following, back)
        poll.exit = Exit(poll.exit.reason, state.renamed(names))
        refuel.insts.append(poll)
        args = [names.get(arg, arg) for arg in count.again.args]
        args.append(self.pay(refuel, following))
        refuel.insts.append(Inst(Op.jump, targets=[Target(count.loop.header, args)]))
        branch = latch.pop()
        branch.args = [self.emit(count.latch, count.test.op, count.following, self.limit)]
        latch.append(branch)
        count.again.args.append(self.limit)
        count.end.block, count.end.args = beyond, given

    def names_in(self, block: Block, values: list[Value]) -> dict[Value, Value]:
        """Parameters of the block for what the loop computes of these values."""
        computed = {
            value
            for inside in self.blocks
            for value in (*inside.params, *(inst.result for inst in inside.insts))
        }
        names: dict[Value, Value] = {}
        for value in values:
            if value in computed and value not in names and constant_of(value) is None:
                names[value] = self.function.new_value(value.type, block)
                if value in self.function.ranges:
                    self.function.ranges[names[value]] = self.function.ranges[value]
        block.params = list(names.values())
        return names
