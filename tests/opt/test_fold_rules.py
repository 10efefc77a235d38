"""Every folding rule keeps the mathematical meaning, for all small operands and the edges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import product

import pytest

from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Function, Inst
from tracejit.ir.ops import OVF_FORM, WRAP_FORM, Op, Opcode, Undefined
from tracejit.ir.printer import print_function
from tracejit.ir.shapes import TupleOf
from tracejit.ir.types import BOOL, I64, I64_MAX, I64_MIN, INT, Type, wrap_i64
from tracejit.ir.value import Value
from tracejit.ir.verifier import verify
from tracejit.opt.fold import fold

CONSTANTS = [-1, 0, 1, 2, 8]
EIGHT_BITS = range(-128, 128)
FEW = [-9, -8, -1, 0, 1, 2, 7, 8, I64_MIN, I64_MIN + 1, I64_MAX]
_SHARED = [
    op
    for op in Op.by_name.values()
    if op.only == "both" and op.operands and {*op.operands, op.result} <= {INT, BOOL}
    if INT in op.operands
]
STAGES: dict[str, tuple[Type, list[Opcode]]] = {
    "exact": (INT, [*OVF_FORM, *_SHARED]),
    "ovf": (I64, [*OVF_FORM.values(), *_SHARED]),
    "wrap": (I64, [*WRAP_FORM.values(), *_SHARED]),
}
CASES = [(stage, op) for stage, (_, ops) in STAGES.items() for op in ops]


@dataclass
class Left:
    """The run ended in an exit: because a result did not fit, or else because it was undefined."""

    overflow: bool


def run(insts: Sequence[Inst], given: Mapping[Value, object]) -> object:
    """What the instructions return, or how they leave."""
    values = dict(given)
    for inst in insts:
        op = inst.op
        if op is Op.ret:
            break
        operands = [values[arg] for arg in inst.args]
        try:
            values[inst.value] = inst.imm if op.meaning is None else op.meaning(*operands)
        except Undefined as reason:
            return Left(str(reason) == "overflow")
    return values[_returned(inst)]


class Expression:
    """A function that computes one expression of x and y, in the making."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.type: Type = STAGES[stage][0]
        self.function = Function("f")
        self.block = self.function.new_block([self.type, self.type, BOOL])
        self.x, self.y, self.flag = self.block.params

    def emit(self, op: Opcode, *args: Value, imm: object = None) -> Value:
        may_leave = op.exit != "never" or (self.type == INT and not op.has_imm)
        exit = Exit("overflow", FrameState(0, {}, ())) if may_leave else None
        type = self.type if op.result == INT else None
        inst = self.function.new_inst(op, args, imm=imm, exit=exit, type=type)
        self.block.insts.append(inst)
        return inst.value

    def const(self, number: int) -> Value:
        return self.emit(Op.iconst, imm=number)

    def check(self, result: Value, xs: Sequence[int], ys: Sequence[int] = (0, 5)) -> None:
        """Fold, and compare with the meaning before if that changed anything."""
        ret = self.function.new_inst(Op.ret, imm=TupleOf((result,)))
        self.block.insts.append(ret)
        text = print_function(self.function)
        before = [copy(inst) for inst in self.block.insts]
        fold(self.function)
        verify(self.function, "exact" if self.type == INT else "machine")
        if print_function(self.function) == text:
            return
        for x in xs:
            for y in ys:
                given = {self.x: x, self.y: y, self.flag: bool(y)}
                self.compare(run(before, given), run(self.block.insts, given), (text, x, y))

    def compare(self, before: object, after: object, case: tuple[object, ...]) -> None:
        """The code may leave less often than before, but where a result was undefined."""
        if not isinstance(before, Left) or (not before.overflow and self.stage != "wrap"):
            assert after == before, (*case, print_function(self.function))


def _returned(ret: Inst) -> Value:
    shape = ret.returned()
    assert isinstance(shape, TupleOf)
    value = shape.items[0]
    assert isinstance(value, Value)
    return value


def operand_lists(e: Expression, op: Opcode, first: Value) -> Iterator[list[Value]]:
    """The operands to try an opcode with, one of which is given."""
    if len(op.operands) == 1:
        yield [first]
        return
    yield from ([first, first], [first, e.y], [e.y, first])


@pytest.mark.parametrize(("stage", "op"), CASES, ids=lambda case: getattr(case, "name", case))
def test_one_opcode(stage: str, op: Opcode) -> None:
    arity = len(op.operands)
    for swap in (False, True):
        for number in (*CONSTANTS, -3, -128, 7, 64, 127, I64_MAX, I64_MIN):
            e = Expression(stage)
            args = [e.x, e.const(number)][:arity]
            e.check(e.emit(op, *(args[::-1] if swap else args)), [*EIGHT_BITS, *FEW])
    for choose in range(3 if arity == 2 else 1):
        e = Expression(stage)
        args = list(operand_lists(e, op, e.x))[choose]
        e.check(e.emit(op, *args), EIGHT_BITS, EIGHT_BITS[::8])


@pytest.mark.parametrize(("stage", "op"), CASES, ids=lambda case: getattr(case, "name", case))
def test_an_opcode_upon_another(stage: str, op: Opcode) -> None:
    ops = STAGES[stage][1]
    for inner in ops:
        if inner.result == BOOL:
            continue
        for c in (-3, 0, 1, 4)[: 4 if len(inner.operands) == 2 else 1]:
            for d in (*CONSTANTS, None):
                e = Expression(stage)
                args = [e.x, e.const(c)][: len(inner.operands)]
                made = e.emit(inner, *args)
                other = e.y if d is None else e.const(d)
                e.check(e.emit(op, *[made, other][: len(op.operands)]), FEW)
                if len(op.operands) == 1:
                    break


@pytest.mark.parametrize("stage", ["exact", "wrap"])
def test_booleans(stage: str) -> None:
    compares = [op for op in _SHARED if op.result == BOOL]
    for outer in (Op.band, Op.bor, Op.bxor):
        for known in (False, True, None):
            e = Expression(stage)
            other = e.flag if known is None else e.emit(Op.bconst, imm=known)
            e.check(e.emit(outer, e.flag, other), [0], [0, 1])
    for compare in compares:
        e = Expression(stage)
        e.check(e.emit(Op.bnot, e.emit(compare, e.x, e.y)), EIGHT_BITS[::8], EIGHT_BITS[::8])
        for number in (-1, 0, 1, 2):
            e = Expression(stage)
            made = e.emit(Op.ifrom_bool, e.flag)
            e.check(e.emit(compare, made, e.const(number)), [0], [0, 1])
        e = Expression(stage)
        made = e.emit(Op.ifrom_bool, e.emit(Op.bnot, e.emit(Op.bnot, e.flag)))
        e.check(e.emit(compare, made, e.emit(Op.ifrom_bool, e.flag)), [0], [0, 1])


@pytest.mark.parametrize("stage", ["exact", "wrap"])
def test_selects(stage: str) -> None:
    for a in (-1, 0, 1, None):
        for b in (-1, 0, 1, None):
            for condition in ("flag", "not", True, False):
                e = Expression(stage)
                c = e.flag if condition in ("flag", "not") else e.emit(Op.bconst, imm=condition)
                c = e.emit(Op.bnot, c) if condition == "not" else c
                yes = e.x if a is None else e.const(a)
                no = e.x if b is None else e.const(b)
                e.check(e.emit(Op.select, c, yes, no), FEW, [0, 1])
    for a, b in ((True, False), (False, True), (True, True)):
        e = Expression(stage)
        made = e.emit(Op.select, e.flag, e.emit(Op.bconst, imm=a), e.emit(Op.bconst, imm=b))
        e.check(made, [0], [0, 1])


@pytest.mark.parametrize("count", [1, 5, 32, 63])
@pytest.mark.parametrize("stage", ["ovf", "wrap"])
def test_a_mask_of_what_a_shift_drops_anyway(stage: str, count: int) -> None:
    ones = (1 << 64 - count) - 1
    numbers = [*FEW, 0x0123456789ABCDEF, -0x0123456789ABCDEF]
    for mask in {ones, ones >> 1, ones - 1, ones | I64_MIN, I64_MIN, -(2**62)} - {0, -1}:
        e = Expression(stage)
        shl = (OVF_FORM if stage == "ovf" else WRAP_FORM)[Op.ishl]
        masked = e.emit(Op.iand, e.x, e.const(wrap_i64(mask)))
        e.check(e.emit(shl, masked, e.const(count)), numbers)
        kept = any(inst.op is shl and inst.args[0] is masked for inst in e.block.insts)
        assert kept == (stage == "ovf" or ~mask & ones != 0)


@pytest.mark.parametrize("stage", STAGES)
def test_shifts_and_differences_of_bits(stage: str) -> None:
    shifts = {"exact": [Op.ishr], "ovf": [Op.ishr_wrap], "wrap": [Op.ishr_wrap, Op.ushr_wrap]}
    for shift in shifts[stage]:
        for far, further, swapped in product((0, 1, 3, 31, 32), (0, 1, 3, 32), range(4)):
            e = Expression(stage)
            z = e.emit(shift, e.x, e.const(far))
            x = e.emit(Op.ixor, *((e.x, z) if swapped & 1 else (z, e.x)))
            y = e.emit(shift, x, e.const(further))
            result = e.emit(Op.ixor, *((x, y) if swapped & 2 else (y, x)))
            e.check(result, [*EIGHT_BITS, *FEW])
            computed = result.origin
            assert isinstance(computed, Inst)
            if far == further not in (0, 32):
                assert e.x in computed.args
    for op, x, swapped in product((Op.ieq, Op.ine, Op.ilt), (False, True), (False, True)):
        e = Expression(stage)
        made = e.emit(Op.ixor, e.x, e.y)
        other = e.x if x else e.y
        e.check(e.emit(op, *((made, other) if swapped else (other, made))), FEW, EIGHT_BITS[::8])


@pytest.mark.parametrize("count", [0, 1, 63])
def test_unsigned_shifts(count: int) -> None:
    e = Expression("wrap")
    result = e.emit(Op.ushr_wrap, e.x, e.const(count))
    e.check(result, [*EIGHT_BITS, *FEW])
    ret = e.block.insts[-1]
    assert (_returned(ret) is e.x) == (count == 0)
    for number in FEW:
        e = Expression("wrap")
        e.check(e.emit(Op.ushr_wrap, e.const(number), e.const(count)), [0])
