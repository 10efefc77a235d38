"""The machine form of each exact instruction, chosen by what is known of operands and result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tracejit.ir.function import Block, Inst
from tracejit.ir.ops import (
    OVF_FORM,
    UNSIGNED_FORM,
    UNSIGNED_OVF_FORM,
    UNSIGNED_WRAP_FORM,
    WRAP_FORM,
    Op,
    Opcode,
)
from tracejit.ir.types import I64_MAX, INT, MOST_EXACT
from tracejit.opt.algebra import SWAPPED
from tracejit.opt.intervals import Interval
from tracejit.opt.nonzero import Nonzero
from tracejit.opt.ranges import Ranges
from tracejit.opt.reduce import Reduction

_BITWISE: Final = frozenset((Op.iand, Op.ior, Op.ixor, Op.inot))
_DIVISIONS: Final = frozenset((Op.ifloordiv, Op.imod))
_SHIFTS: Final = frozenset((Op.ishl, Op.ishr))
_COMPARES: Final = frozenset((Op.ieq, Op.ine, Op.ilt, Op.ile, Op.igt, Op.ige))
_EXTREMES: Final = {Op.imin: Op.ilt, Op.imax: Op.igt}
_FARTHEST: Final = 1 << 20
"""CPython may not have the memory to shift by more."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """How to compare an operand that may be negative with an unsigned one.

    `compare` says it if the operand at `signed` is not negative; `sign` is what it is compared to 0
    by, and `join` puts the two together.
    """

    signed: int
    sign: Opcode
    compare: Opcode
    join: Opcode


@dataclass(slots=True, eq=False)
class Form:
    """`op` replaces the opcode; operands at `checked` must first prove not to be negative."""

    op: Opcode
    checked: tuple[int, ...] = ()
    check_result: bool = False
    """Whether the result must be checked not to exceed the signed integers."""
    negated: bool = False
    """Whether the second operand is a constant whose negation is to stand there."""
    mixed: Mixed | None = None
    picks: Opcode | None = None
    """The comparison that tells that the first operand is to be picked."""
    is_wide: bool = False
    """Whether a constant that no register holds is an operand: the code leaves."""

    pairs: bool = False
    """Whether the result or an operand is held in two registers."""
    reduction: Reduction | None = None
    """Instead of a division."""

    @property
    def leaves(self) -> bool:
        return self.op.exit == "must" or bool(self.checked) or self.check_result or self.is_wide


def form_of(inst: Inst, block: Block, ranges: Ranges, nonzero: Nonzero) -> Form | None:
    """The form of an instruction with operands that does not stay as it is."""
    op, result = inst.op, inst.value
    if ranges.wide and not ranges.wide.isdisjoint(inst.args):
        return _wide(inst, block, ranges, nonzero)
    if op in WRAP_FORM:
        return _arithmetic(inst, block, ranges, nonzero)
    if op.effect:
        # As the function is compiled for arguments that are signed.
        return Form(op, _beyond([ranges.at(arg, block) for arg in inst.args]))
    if op is Op.select or op.operands[0] != INT:
        return Form(op) if op.exit == "must" else None
    if op is Op.ito_float_exact:
        return _exact_float(inst, block, ranges)
    operands = [ranges.at(arg, block) for arg in inst.args]
    if all(high <= I64_MAX for _, high in operands) and result not in ranges.unfit:
        return None
    if op in _BITWISE:
        return _bitwise(inst, operands, ranges)
    if op in _COMPARES:
        return _comparison(op, operands)
    if op in _EXTREMES:
        return _extreme(inst, operands, ranges)
    return Form(UNSIGNED_FORM.get(op, op))


def _wide(inst: Inst, block: Block, ranges: Ranges, nonzero: Nonzero) -> Form:
    op = inst.op
    if op in WRAP_FORM:
        leaves = inst.value in ranges.unfit or not _is_defined(inst, block, ranges, nonzero)
        leaves = leaves or (op is Op.ishl and ranges.at(inst.args[1], block)[1] > _FARTHEST)
        op = (OVF_FORM if leaves else WRAP_FORM)[op]
    return Form(op, is_wide=True)


def _arithmetic(inst: Inst, block: Block, ranges: Ranges, nonzero: Nonzero) -> Form:
    op, result = inst.op, inst.value
    operands = [ranges.at(arg, block) for arg in inst.args]
    exceeds = result in ranges.unfit
    if op in _DIVISIONS or op is Op.ishr:
        counted = op is Op.ishr
        defined = _is_defined(inst, block, ranges, nonzero)
        if result in ranges.low or all(high <= I64_MAX for _, high in operands[: 2 - counted]):
            form = OVF_FORM if exceeds or not defined else WRAP_FORM
            return Form(form[op], _beyond(operands[1:], 1) if counted else ())
        form = UNSIGNED_WRAP_FORM if defined else UNSIGNED_OVF_FORM
        checked = _negative(operands[: 2 - counted]) + (_beyond(operands[1:], 1) if counted else ())
        return Form(form[op], checked, exceeds and ranges.bounds[result][1] <= I64_MAX)
    if op is Op.ishl:
        return _shift_left(inst, operands, ranges)
    if not exceeds:
        return Form(WRAP_FORM[op])
    if ranges.bounds[result][1] <= I64_MAX:
        return Form(OVF_FORM[op], _beyond(operands))
    if op is Op.iadd and operands[1][1] < 0 and operands[1][0] == operands[1][1]:
        return Form(Op.usub_ovf, _negative(operands[:1]), negated=True)
    return Form(UNSIGNED_OVF_FORM[op], _negative(operands))


def _shift_left(inst: Inst, operands: list[Interval], ranges: Ranges) -> Form:
    result = inst.value
    least, most = operands[1]
    checked = _beyond(operands[1:], 1)
    if result in ranges.low:
        return Form(Op.ishl_wrap if least >= 0 and most <= _FARTHEST else Op.ishl_low_ovf, checked)
    if result not in ranges.unfit and least >= 0:
        return Form(Op.ishl_wrap, checked)
    if ranges.bounds[result][1] <= I64_MAX:
        return Form(Op.ishl_ovf, _beyond(operands))
    return Form(Op.ushl_ovf, _negative(operands[:1]) + checked)


def _is_defined(inst: Inst, block: Block, ranges: Ranges, nonzero: Nonzero) -> bool:
    """Whether the operands are proven to be ones that the opcode has a result for."""
    if inst.op in _DIVISIONS:
        return nonzero.is_nonzero(inst.args[1], block)
    if inst.op in _SHIFTS:
        return ranges.at(inst.args[1], block)[0] >= 0
    return True


def _exact_float(inst: Inst, block: Block, ranges: Ranges) -> Form:
    low, high = ranges.at(inst.args[0], block)
    if low >= -MOST_EXACT and high <= MOST_EXACT:
        return Form(Op.ito_float)
    return Form(inst.op, _beyond([(low, high)]))


def _negative(operands: list[Interval]) -> tuple[int, ...]:
    """The operands that may be negative."""
    return tuple([at for at, (low, _) in enumerate(operands) if low < 0])


def _beyond(operands: list[Interval], first: int = 0) -> tuple[int, ...]:
    """The operands that may exceed the signed integers."""
    return tuple([at for at, (_, high) in enumerate(operands, first) if high > I64_MAX])


def _bitwise(inst: Inst, operands: list[Interval], ranges: Ranges) -> Form | None:
    if inst.value not in ranges.unfit:
        return None
    if inst.op is Op.inot:
        return Form(inst.op, _beyond(operands))
    if inst.op is Op.iand or not _negative(operands):
        return Form(inst.op, check_result=True)
    if ranges.bounds[inst.value][1] <= I64_MAX:
        return Form(inst.op, _beyond(operands))
    return Form(inst.op, _negative(operands))


def _comparison(op: Opcode, operands: list[Interval]) -> Form | None:
    negative = _negative(operands)
    if not negative:
        unsigned = UNSIGNED_FORM.get(op, op)
        return None if unsigned is op else Form(unsigned)
    mixed = _mixed(op, negative[0])
    return Form(mixed.join, mixed=mixed)


def _mixed(op: Opcode, signed: int) -> Mixed:
    """x op y, of which one may be negative, and the other may exceed the signed integers."""
    seen = op if signed == 0 else SWAPPED.get(op, op)
    # Whether a negative number is in that relation to one that is not.
    holds = seen in (Op.ilt, Op.ile, Op.ine)
    sign, join = (Op.ilt, Op.bor) if holds else (Op.ige, Op.band)
    return Mixed(signed, sign, UNSIGNED_FORM.get(op, op), join)


def _extreme(inst: Inst, operands: list[Interval], ranges: Ranges) -> Form:
    op = inst.op
    if inst.value in ranges.unfit:
        return Form(op, _beyond(operands))
    negative = _negative(operands)
    compare = _EXTREMES[op]
    mixed = _mixed(compare, negative[0]) if negative else None
    return Form(op, mixed=mixed, picks=UNSIGNED_FORM[compare])
