"""Integers of twice the width: what outgrows a register and is reduced at once.

A product, and what is added to it, is held as a pair of registers, the high and the low half, if
all that becomes of it is `%`, `//`, `>>` or a mask in the same block. An exit that would see the
pair takes the state before the multiplication instead: the interpreter then repeats pure work.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import Final

from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Block, Function, Inst, constant_of
from tracejit.ir.ops import WRAP_FORM, Op, Opcode
from tracejit.ir.types import I64_MAX, U64_MAX, WORD
from tracejit.ir.value import Value
from tracejit.opt.demand import LOW_TO_LOW
from tracejit.opt.forms import Form
from tracejit.opt.intervals import BOOL_RANGE, I64_RANGE, Interval
from tracejit.opt.nonzero import Nonzero
from tracejit.opt.ranges import Ranges

_GROWING: Final = frozenset((Op.imul, Op.iadd, Op.isub))
_DIVISIONS: Final = frozenset((Op.imod, Op.ifloordiv))


def find_reduced(function: Function, exact: Set[Value], modular: Set[Value]) -> set[Value]:
    """The results that may be held as pairs as far as their uses go, but for the exact ones.

    Of operands of what is computed modulo 2**64, the low half is enough.
    """
    homes = {
        inst.value: block
        for block in function.blocks
        for inst in block.insts
        if inst.op in _GROWING
    }
    if not any(
        inst.op in _DIVISIONS or inst.op is Op.ishr or inst.op is Op.iabs
        for inst in function.insts()
        if inst.args and inst.args[0] in homes
    ):
        return set()
    users: dict[Value, list[Inst]] = {}
    others: set[Value] = set(exact)
    for block in function.blocks:
        for inst in block.insts:
            for value in inst.args:
                if value in homes:
                    if homes[value] is block and inst.result is not None:
                        users.setdefault(value, []).append(inst)
                    else:
                        others.add(value)
        others.update(block.insts[-1].operands())
    found = set[Value]()
    for value in reversed(homes):
        if value in others or value not in users:
            continue
        if all(_reduces(user, value, found, modular) for user in users[value]):
            found.add(value)
    return found


def _reduces(user: Inst, value: Value, found: Set[Value], modular: Set[Value]) -> bool:
    """Whether the instruction makes something smaller of a pair, or another pair."""
    op, args = user.op, user.args
    if op in _DIVISIONS:
        return args[0] is value and args[1] is not value
    if op is Op.ishr:
        return args[0] is value and (constant_of(args[1]) or -1) >= 0
    if op is Op.iand:
        return args[0] is not args[1]
    if op is Op.iabs or (op in LOW_TO_LOW and user.result in modular):
        return True
    return op in (Op.iadd, Op.isub) and user.value in found


def pair_form(inst: Inst, block: Block, ranges: Ranges, nonzero: Nonzero) -> Form | None:
    """The form of an instruction with a pair for a result or an operand; None if it has none."""
    op, args, result = inst.op, inst.args, inst.value
    if result in ranges.pairs:
        checked: tuple[int, ...] = ()
        if op is Op.iadd and ranges.bounds[result][0] >= 0:
            checked = tuple(
                at
                for at, arg in enumerate(args)
                if arg not in ranges.pairs and ranges.at(arg, block)[0] < 0
            )
        return Form(_LOW_HALF[op], checked, pairs=True)
    exceeds = result in ranges.unfit
    if op in LOW_TO_LOW:  # Of the result, low bits are all there is or all that is used.
        return None if exceeds else Form(WRAP_FORM.get(op, op), pairs=True)
    if op is Op.iabs:
        return None if exceeds else Form(Op.isub_wrap, pairs=True)
    if op is Op.iand:
        least, most = ranges.at(args[0] if args[1] in ranges.pairs else args[1], block)
        return Form(op, pairs=True) if least >= 0 and most <= U64_MAX and not exceeds else None
    signed = ranges.bounds[args[0]][0] < 0
    if op is Op.ishr:
        return None if exceeds else Form(Op.ishr_wrap if signed else Op.ushr_wrap, pairs=True)
    least, most = ranges.at(args[1], block)
    checked = (1,) if least < 0 else ()
    unsigned_result = ranges.bounds[result][1] > I64_MAX
    if op is Op.ifloordiv:
        if signed:
            return (
                None
                if unsigned_result or most > I64_MAX
                else Form(Op.ifloordiv_wide_ovf, checked, pairs=True)
            )
        return Form(Op.ufloordiv_wide_ovf, checked, exceeds and not unsigned_result, pairs=True)
    if nonzero.is_nonzero(args[1], block):
        machine = Op.imod_wide_wrap if signed else Op.umod_wide_wrap
    else:
        machine = Op.imod_wide_ovf if signed else Op.umod_wide_ovf
    return Form(machine, checked, exceeds and not unsigned_result, pairs=True)


_LOW_HALVES: Final = LOW_TO_LOW | {Op.iand}
_LOW_HALF: Final = {Op.imul: Op.imul_wrap, Op.iadd: Op.iadd_wrap, Op.isub: Op.isub_wrap}


@dataclass(slots=True)
class Restarts:
    """Follows a block; knows from where to go on instead of where a pair would be seen."""

    pairs: Set[Value]
    before: dict[Value, Exit | None] = field(default_factory=dict)
    """For each pair of the block, an exit that sees none."""

    def exit_of(self, inst: Inst) -> Exit | None:
        """The instruction's exit, which sees no pair if that can be had."""
        exit = inst.exit
        if exit is None or not self.pairs:
            return exit
        earlier = next(
            (self.before[value] for value in self.before if value in exit.state.values()), None
        )
        return exit if earlier is None else Exit(exit.reason, earlier.state)

    def follow(self, inst: Inst, exit: Exit | None) -> None:
        """Go on after an instruction that has this exit."""
        if inst.op.effect:
            self.before.clear()
        elif inst.result in self.pairs:
            assert inst.result is not None
            self.before[inst.result] = exit


@dataclass(slots=True)
class Halves:
    """Puts pairs in place of the results that outgrow a register."""

    ranges: Ranges
    new: Callable[[Inst, Interval], Value]
    """Adds an instruction and gives its result, of which the bounds are known."""
    constant: Callable[[int], Value]
    halves: dict[Value, tuple[Value, Value]] = field(default_factory=dict)

    def make(self, inst: Inst, block: Block) -> None:
        """The halves of what the instruction computes, in its place."""
        op, (x, y) = inst.op, inst.args
        bounds = self.ranges.bounds[inst.value]
        if op is Op.imul:
            low = self._new(Op.imul_wrap, x, y)
            high = self._high(x, y, block, (bounds[0] >> WORD, bounds[1] >> WORD))
        else:
            low, high = self._sum(op is Op.isub, self._of(x, block), self._of(y, block))
        self.halves[inst.value] = high, low

    def _high(self, x: Value, y: Value, block: Block, bounds: Interval) -> Value:
        """The high half of a product.

        The unsigned reading of a negative factor is 2**64 more, and the product so many times more.
        """
        operands = [self.ranges.at(x, block), self.ranges.at(y, block)]
        if all(least >= 0 for least, _ in operands):
            return self.new(Inst(Op.umul_high, [x, y]), bounds)
        if all(most <= I64_MAX for _, most in operands):
            return self.new(Inst(Op.imul_high, [x, y]), bounds)
        signed, other = (x, y) if operands[0][0] < 0 else (y, x)
        sign = self._new(Op.ishr_wrap, signed, self.constant(WORD - 1))
        high = self._new(Op.umul_high, x, y)
        return self.new(Inst(Op.isub_wrap, [high, self._new(Op.iand, sign, other)]), bounds)

    def _sum(
        self, difference: bool, x: tuple[Value, Value], y: tuple[Value, Value]
    ) -> tuple[Value, Value]:
        """The low and the high half."""
        op = Op.isub_wrap if difference else Op.iadd_wrap
        low = self._new(op, x[1], y[1])
        # A sum is less than what was added to, and more was taken than there was, where it carries.
        carried = (x[1], y[1]) if difference else (low, x[1])
        carry = self._new(Op.ifrom_bool, self.new(Inst(Op.ult, list(carried)), BOOL_RANGE))
        return low, self._new(op, self._new(op, x[0], y[0]), carry)

    def _of(self, value: Value, block: Block) -> tuple[Value, Value]:
        """The halves of an operand, which may be in one register."""
        if value in self.halves:
            return self.halves[value]
        if self.ranges.at(value, block)[0] >= 0:
            return self.constant(0), value
        return self._new(Op.ishr_wrap, value, self.constant(WORD - 1)), value

    def reduce(self, inst: Inst, form: Form) -> None:
        """Let the instruction read halves."""
        was, inst.op = inst.op, form.op
        if was in _LOW_HALVES:
            inst.args = [self.halves[arg][1] if arg in self.halves else arg for arg in inst.args]
            return
        high, low = self.halves[inst.args[0]]
        if was is Op.iabs:  # It fits a register: the high half is the sign.
            inst.args = [self._new(Op.ixor, low, high), high]
            return
        y = inst.args[1]
        if was is not Op.ishr:
            inst.args = [high, low, y]
            return
        count = constant_of(y)
        assert count is not None
        if count >= WORD:
            inst.args = [high, self.constant(min(count - WORD, WORD))]
            return
        above = self._new(Op.ishl_wrap, high, self.constant(WORD - count))
        inst.args = [above, self._new(Op.ushr_wrap, low, y)]
        inst.op = Op.ior

    def _new(self, op: Opcode, *args: Value) -> Value:
        return self.new(Inst(op, list(args)), I64_RANGE)
