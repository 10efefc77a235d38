"""Euclid's algorithm by shifts and subtractions, which together take less than one division.

A loop that does nothing but take remainders ends with the greatest common divisor. Once the first
of them is taken, so that no number is much longer than the other, Stein's algorithm ("Computational
Problems Associated with Racah Algebra", 1967) finds it too, if both are positive:

    loop(x, y):                     start(x, y):
        r = x % y                       twos = how many zeros x | y ends in
        if r: loop(y, r)                step(x without the zeros that it ends in, y)
        end(y, r)                   step(x, y):
                                        y = y without the zeros that it ends in
                                        if x != y: step(min(x, y), abs(x - y))
                                        end(x << twos, 0)

Each step takes a bit off one of the numbers, or more: it ends soon, and needs no poll.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tracejit.ir.function import Block, Function, Inst, Target, constant_of
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.types import I64, WORD
from tracejit.ir.value import Value

_SIGNED: Final = frozenset((Op.imod_wrap, Op.imod_ovf))
_REMAINDERS: Final = _SIGNED | {Op.umod_wrap}
_TESTS: Final = {Op.ine: True, Op.ugt: True, Op.ieq: False}
"""What compares a remainder with 0, and what it gives where there is one."""
_SIGNED_TESTS: Final = _TESTS | {Op.igt: True, Op.ile: False}
"""The same for remainders by positive numbers, as signed integers."""


def euclid(function: Function) -> None:
    """Let Stein's algorithm do, with positive numbers, what loops of remainders do."""
    blocks = [block for block in function.blocks if len(block.params) == 2]
    loops = {block: loop for block in blocks if (loop := _loop_at(block)) is not None}
    if loops:
        _find_edges(function, loops)
        for loop in loops.values():
            if not loop.is_read and loop.end.block not in loops:
                _Stein(function, loop).replace()


@dataclass(slots=True, eq=False)
class _Loop:
    """A block that goes on, with the divisor and the remainder, until that is 0."""

    block: Block
    remainder: Inst
    end: Target
    entering: list[Target] = field(default_factory=list)
    is_read: bool = False
    """Whether what it computes is read elsewhere, but for the arguments of its end."""

    def ordered(self, args: list[Value]) -> list[Value]:
        """The dividend and the divisor among what the loop is given."""
        return args if self.block.params == self.remainder.args else args[::-1]

    def has_begun(self, edge: Target) -> bool:
        """Whether what the loop is given there is a divisor and the remainder by it."""
        x, y = self.ordered(edge.args)
        origin = y.origin
        return (
            isinstance(origin, Inst)
            and origin.op in _REMAINDERS
            and (origin.op in _SIGNED) is (self.remainder.op in _SIGNED)
            and origin.args[1] is x
        )


def _loop_at(block: Block) -> _Loop | None:
    """The loop that is this block, with nothing else in it than a remainder and its test."""
    branch = block.insts[-1]
    if branch.op is not Op.br_if:
        return None
    again, end = branch.targets
    if again.block is not block:
        again, end = end, again
    work = [inst for inst in block.insts[:-1] if inst.op is not Op.poll and not inst.op.has_imm]
    if again.block is not block or len(work) != 2:
        return None
    remainder, test = work
    loop = _Loop(block, remainder, end)
    if (
        remainder.op in _REMAINDERS
        and set(remainder.args) == set(block.params)
        and loop.ordered(again.args) == [remainder.args[1], remainder.result]
        and _goes_on(remainder, test) is (branch.targets[0] is again)
        and branch.args[0] is test.result
        and _defined_in(block).intersection(end.args) <= {remainder.args[1], remainder.value}
    ):
        return loop
    return None


def _goes_on(remainder: Inst, test: Inst) -> bool | None:
    """What the test gives where there is a remainder; None if it is no test of that."""
    if test.args[0] is not remainder.result or constant_of(test.args[-1]) != 0:
        return None
    return (_SIGNED_TESTS if remainder.op in _SIGNED else _TESTS).get(test.op)


def _defined_in(block: Block) -> set[Value]:
    return {*block.params, *(inst.result for inst in block.insts if inst.result is not None)}


def _find_edges(function: Function, loops: dict[Block, _Loop]) -> None:
    """Find what enters the loops, and whether others read what they compute."""
    homes = {value: loop for block, loop in loops.items() for value in _defined_in(block)}
    for block in function.blocks:
        for target in block.insts[-1].targets:
            if target.block in loops and target.block is not block:
                loops[target.block].entering.append(target)
        for inst in block.insts:
            for value in inst.uses():
                if value in homes and homes[value].block is not block:
                    homes[value].is_read = True


class _Stein:
    """Puts Stein's algorithm before a loop or, where all numbers are positive, in its place."""

    def __init__(self, function: Function, loop: _Loop) -> None:
        self.function = function
        self.loop = loop
        self.block = function.new_block([I64, I64])
        for old, new in zip(loop.block.params, self.block.params, strict=True):
            self.inherit_range(old, new)

    def replace(self) -> None:
        loop, function = self.loop, self.function
        x, y = loop.ordered(self.block.params)
        for edge in loop.entering:
            edge.block = self.block
        if self.is_positive():
            function.blocks.remove(loop.block)
        else:
            self.leave_to_euclid(y)
        if not all(map(loop.has_begun, loop.entering)):
            x, y = self.begin(x, y)
        twos = self.zeros(self.emit(Op.ior, x, y))
        odd = self.emit(Op.ushr_wrap, x, self.zeros(x))
        step, end = function.new_block([I64, I64, I64]), function.new_block([I64])
        self.end(Op.jump, Target(step, [odd, y, y]))
        self.step(step, end)
        self.finish(end, twos)

    def is_positive(self) -> bool:
        """Whether the divisor surely is; that it may be 0 would be a reason to leave."""
        op, divisor = self.loop.remainder.op, self.loop.remainder.args[1]
        return op is Op.umod_wrap or (
            op is Op.imod_wrap and self.function.range_of(divisor)[0] >= 0
        )

    def leave_to_euclid(self, y: Value) -> None:
        """Enter the loop as before where the divisor is not positive."""
        start = self.function.new_block()
        test = self.emit(Op.igt, y, self.emit(Op.iconst, imm=0))
        otherwise = Target(self.loop.block, list(self.block.params))
        self.end(Op.br_if, Target(start, []), otherwise, args=[test])
        self.block = start

    def begin(self, x: Value, y: Value) -> tuple[Value, Value]:
        """Take one remainder; the divisor and what remains, if anything does."""
        old = self.loop.remainder
        remainder = self.emit(Op.imod_wrap if old.op in _SIGNED else old.op, x, y)
        self.inherit_range(old.value, remainder)
        test = self.emit(Op.ine, remainder, self.emit(Op.iconst, imm=0))
        more = self.function.new_block()
        self.end(Op.br_if, Target(more, []), self.end_with(y, remainder), args=[test])
        self.block = more
        return y, remainder

    def step(self, step: Block, end: Block) -> None:
        """Of an odd number, a size, and the difference, of either sign, that has this size.

        Both end in as many zeros, but the difference is there before its size. Each choice has a
        comparison of its own, to be one instruction with it.
        """
        self.block = step
        x, size, difference = step.params
        y = self.emit(Op.ushr_wrap, size, self.zeros(difference))
        difference, opposite = self.emit(Op.isub_wrap, x, y), self.emit(Op.isub_wrap, y, x)
        size = self.emit(Op.select, self.emit(Op.ult, x, y), opposite, difference)
        least = self.emit(Op.select, self.emit(Op.ult, x, y), x, y)
        test = self.emit(Op.ine, x, y)
        again = Target(step, [least, size, difference])
        self.end(Op.br_if, again, Target(end, [least]), args=[test])

    def finish(self, end: Block, twos: Value) -> None:
        """Go on where the loop ends, with the greatest common divisor and no remainder."""
        self.block = end
        divisor = self.emit(Op.ishl_wrap, end.params[0], twos)
        self.end(Op.jump, self.end_with(divisor, self.emit(Op.iconst, imm=0)))

    def end_with(self, divisor: Value, remainder: Value) -> Target:
        """An edge to where the loop ends, as it would lead there with these."""
        step, end = self.loop.remainder, self.loop.end
        last = {step.args[1]: divisor, step.value: remainder}
        return Target(end.block, [last.get(arg, arg) for arg in end.args])

    def inherit_range(self, old: Value, new: Value) -> None:
        if old in self.function.ranges:
            self.function.ranges[new] = self.function.ranges[old]

    def zeros(self, x: Value) -> Value:
        found = self.emit(Op.itrailing_zeros, x)
        self.function.ranges[found] = (0, WORD - 1)
        return found

    def emit(self, op: Opcode, *args: Value, imm: object = None) -> Value:
        inst = self.function.new_inst(op, args, imm=imm, type=I64 if op is Op.iconst else None)
        self.block.insts.append(inst)
        return inst.value

    def end(self, op: Opcode, *targets: Target, args: Sequence[Value] = ()) -> None:
        self.block.insts.append(Inst(op, list(args), targets=list(targets)))
