"""Lowering of arithmetic, shifts, counts of bits, choices and conversions."""

from __future__ import annotations

from tracejit.backend.lir import Memory, VirtualRegister
from tracejit.backend.lir import inst as make
from tracejit.backend.lower_comparison import flags_of
from tracejit.backend.lower_float import choose_float
from tracejit.backend.selection import Selector, constant_of, lowers
from tracejit.backend.x64 import INVERSE, RCX, fits_i32
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.types import F64
from tracejit.ir.value import Value


def ordered(select: Selector, inst: Inst) -> tuple[Value, Value]:
    """The operands of a commutative instruction: first the one that the result should replace."""
    a, b = inst.args
    if constant_of(a) is not None:
        return b, a
    if constant_of(b) is not None:
        return a, b
    return (b, a) if _affinity(select, inst, b) > _affinity(select, inst, a) else (a, b)


def _affinity(select: Selector, inst: Inst, value: Value) -> int:
    """How good it is for the result to take the operand's register."""
    successor = select.dies(value) and value in select.flows.get(inst.value, ())
    return 2 * successor + select.dies(value)


@lowers(Op.iconst, Op.bconst)
def lower_constant(select: Selector, inst: Inst) -> None:
    """Nothing here: what needs the constant in a register loads it."""


@lowers(Op.iadd_ovf)
def lower_iadd_ovf(select: Selector, inst: Inst) -> None:
    a, b = ordered(select, inst)
    if a is b:
        double_ovf(select, inst)
    else:
        invertible_ovf(select, inst, "add", "sub", a, b)


@lowers(Op.isub_ovf)
def lower_isub_ovf(select: Selector, inst: Inst) -> None:
    a, b = inst.args
    if a is b:
        select.emit("mov", select.register(inst.value), 0)
    else:
        invertible_ovf(select, inst, "sub", "add", a, b)


def double_ovf(select: Selector, inst: Inst, jump: str = "jo") -> None:
    d = select.register(inst.value)
    select.emit("mov", d, select.source(inst.args[0]))
    select.emit("add", d, d)
    select.emit_exit(jump, select.exit(inst.exit))


def invertible_ovf(
    select: Selector, inst: Inst, name: str, inverse: str, a: Value, b: Value, jump: str = "jo"
) -> None:
    """The result replaces `a`; the cold path gets `a` back where nothing else keeps it."""
    d, right = select.register(inst.value), select.operand(b)
    restored = a if select.dies(a) and constant_of(a) is None else None
    exit = select.exit(inst.exit, restored=restored, undo=make(inverse, d, right))
    select.emit("mov", d, select.source(a))
    select.emit(name, d, right)
    select.emit_exit(jump, exit)


@lowers(Op.iadd_wrap)
def lower_iadd_wrap(select: Selector, inst: Inst) -> None:
    for high, carry in (inst.args, inst.args[::-1]):
        total = _that_carries(select, inst, carry)
        if total is not None:
            _add_carry(select, inst, high, total)
            return
    a, b = ordered(select, inst)
    _add(select, inst, a, b, constant_of(b))


def _that_carries(select: Selector, inst: Inst, carry: Value) -> Inst | None:
    """The sum right before, if what the instruction adds is its carry and is not used otherwise."""
    as_number = select.only_here(carry)
    if as_number is None or as_number.op is not Op.ifrom_bool:
        return None
    test = select.only_here(as_number.args[0])
    if test is None or test.op is not Op.ult:
        return None
    total = test.args[0].origin
    if not isinstance(total, Inst) or total.op is not Op.iadd_wrap:
        return None
    at = select.block.insts.index(inst)
    is_before = select.block.insts[max(at - 3, 0) : at] == [total, test, as_number]
    return total if is_before and test.args[1] in total.args else None


def _add_carry(select: Selector, inst: Inst, high: Value, total: Inst) -> None:
    a, b = ordered(select, total)
    d = select.register(inst.value)
    upper = select.register(high)
    two_address(select, total, "add", a, b)
    select.emit("mov", d, upper)
    select.emit("adc", d, 0)
    select.fused.add(total)


@lowers(Op.isub_wrap)
def lower_isub_wrap(select: Selector, inst: Inst) -> None:
    a, b = inst.args
    constant = constant_of(b)
    if constant is not None and fits_i32(-constant):
        _add(select, inst, a, b, -constant)
    else:
        two_address(select, inst, "sub", a, b)


def _add(select: Selector, inst: Inst, a: Value, b: Value, constant: int | None) -> None:
    """a + b, or a + constant: `lea` where the operands stay alive."""
    d = select.register(inst.value)
    if select.dies(a) or constant_of(a) is not None:
        select.emit("mov", d, select.source(a))
        small = constant is not None and fits_i32(constant)
        select.emit("add", d, constant if small and constant is not None else select.register(b))
    elif constant is not None and fits_i32(constant):
        select.emit("lea", d, Memory(select.register(a), constant))
    else:
        select.emit("lea", d, Memory(select.register(a), 0, select.register(b)))


def two_address(select: Selector, inst: Inst, name: str, a: Value, b: Value) -> None:
    d = select.register(inst.value)
    select.emit("mov", d, select.source(a))
    select.emit(name, d, d if a is b else select.operand(b))


@lowers(Op.imul_ovf)
def lower_imul_ovf(select: Selector, inst: Inst) -> None:
    a, b = ordered(select, inst)
    if constant_of(b) == 2:
        double_ovf(select, Inst(inst.op, [a], None, inst.result, inst.exit))
        return
    _multiply(select, inst, a, b)
    select.emit_exit("jo", select.exit(inst.exit))


def _multiply(select: Selector, inst: Inst, a: Value, b: Value) -> None:
    d, constant = select.register(inst.value), constant_of(b)
    if constant is not None and fits_i32(constant) and constant_of(a) is None:
        select.emit("imul3", d, select.register(a), constant)
    else:
        select.emit("mov", d, select.source(a))
        select.emit("imul", d, d if a is b else select.register(b))


@lowers(Op.imul_wrap)
def lower_imul_wrap(select: Selector, inst: Inst) -> None:
    a, b = ordered(select, inst)
    constant = constant_of(b)
    if constant is None or constant <= 0 or constant_of(a) is not None:
        _multiply(select, inst, a, b)
        return
    d, factor = select.register(inst.value), select.register(a)
    shift = (constant & -constant).bit_length() - 1
    odd = constant >> shift
    if odd in (1, 3, 5, 9):
        if odd == 1:
            select.emit("mov", d, select.source(a))
        else:
            select.emit("lea", d, Memory(factor, 0, factor, odd - 1))
        if shift:
            select.emit("shl", d, shift)
    elif constant & (constant + 1) == 0:
        # Two instructions of one cycle each; a multiplication takes three.
        select.emit("mov", d, factor)
        select.emit("shl", d, constant.bit_length())
        select.emit("sub", d, factor)
    else:
        _multiply(select, inst, a, b)


@lowers(Op.ineg_ovf, Op.ineg_wrap)
def lower_ineg(select: Selector, inst: Inst) -> None:
    (a,), d = inst.args, select.register(inst.value)
    if inst.op is Op.ineg_wrap:
        select.emit("mov", d, select.source(a))
        select.emit("neg", d)
        return
    restored = a if select.dies(a) and constant_of(a) is None else None
    exit = select.exit(inst.exit, restored=restored, undo=make("neg", d))
    select.emit("mov", d, select.source(a))
    select.emit("neg", d)
    select.emit_exit("jo", exit)


@lowers(Op.iabs_ovf, Op.iabs_wrap)
def lower_iabs(select: Selector, inst: Inst) -> None:
    (a,), d = inst.args, select.register(inst.value)
    exits = [select.exit(inst.exit)] if inst.op is Op.iabs_ovf else []
    select.emit("mov", d, select.register(a))
    select.emit("neg", d)
    for exit in exits:
        select.emit_exit("jo", exit)
    select.emit("cmovs", d, select.register(a))


@lowers(Op.bnot)
def lower_bnot(select: Selector, inst: Inst) -> None:
    d = select.register(inst.value)
    select.emit("mov", d, select.source(inst.args[0]))
    select.emit("xor", d, 1)


@lowers(Op.ifrom_bool)
def lower_ifrom_bool(select: Selector, inst: Inst) -> None:
    select.emit("mov", select.register(inst.value), select.source(inst.args[0]))


@lowers(Op.imin, Op.imax)
def lower_choice(select: Selector, inst: Inst) -> None:
    a, b = ordered(select, inst)
    d = select.register(inst.value)
    select.emit("mov", d, select.source(a))
    select.emit("cmp", d, select.operand(b))
    select.emit("cmovg" if inst.op is Op.imin else "cmovl", d, select.register(b))


def magnitude(select: Selector, value: Value) -> VirtualRegister:
    """|value| as an unsigned number."""
    a = select.register(value)
    if select.bounds(value)[0] >= 0:
        return a
    d = select.copy(a)
    select.emit("neg", d)
    select.emit("cmovs", d, a)
    return d


@lowers(Op.ibit_length)
def lower_ibit_length(select: Selector, inst: Inst) -> None:
    positive = select.bounds(inst.args[0])[0] > 0
    size = magnitude(select, inst.args[0])
    bit_length(select, select.register(inst.value), size, positive=positive)


def bit_length(
    select: Selector, d: VirtualRegister, size: VirtualRegister, *, positive: bool = False
) -> None:
    """Of an unsigned number."""
    minus_one = None if positive else select.constant(-1)
    select.emit("bsr", d, size)
    if minus_one is not None:
        select.emit("cmove", d, minus_one)
    select.emit("add", d, 1)


@lowers(Op.itrailing_zeros)
def lower_itrailing_zeros(select: Selector, inst: Inst) -> None:
    d = select.register(inst.value)
    select.emit("tzcnt", d, select.register(inst.args[0]))


@lowers(Op.ibit_count)
def lower_ibit_count(select: Selector, inst: Inst) -> None:
    size = magnitude(select, inst.args[0])
    bit_count(select, select.register(inst.value), size)


def bit_count(select: Selector, d: VirtualRegister, size: VirtualRegister) -> None:
    """Of an unsigned number."""
    if select.target.popcnt:
        select.emit("popcnt", d, size)
    else:
        _sum_bits(select, d, size)


def _sum_bits(select: Selector, d: VirtualRegister, size: VirtualRegister) -> None:
    """Sums of neighbouring fields of 1, 2, 4 bits, then of all bytes by a multiplication."""
    half = select.copy(size)
    select.emit("shr", half, 1)
    select.emit("and", half, select.constant(0x5555555555555555))
    pairs = select.copy(size)
    select.emit("sub", pairs, half)
    mask = select.constant(0x3333333333333333)
    low = select.copy(pairs)
    select.emit("and", low, mask)
    select.emit("shr", pairs, 2)
    select.emit("and", pairs, mask)
    select.emit("add", pairs, low)
    select.emit("mov", d, pairs)
    select.emit("shr", d, 4)
    select.emit("add", d, pairs)
    select.emit("and", d, select.constant(0x0F0F0F0F0F0F0F0F))
    select.emit("imul", d, select.constant(0x0101010101010101))
    select.emit("shr", d, 56)


@lowers(Op.ishl_ovf)
def lower_ishl_ovf(select: Selector, inst: Inst) -> None:
    value, count = inst.args
    fixed = constant_of(count)
    if fixed == 1:
        double_ovf(select, inst)
        return
    d, number = select.register(inst.value), constant_of(value)
    if number is not None:
        # shifting a known number: only the count decides whether it fits
        room = 63 - (number if number >= 0 else ~number).bit_length()
        leave_above(select, inst, count, room)
        shift_by_count(select, "shl", d, number, count)
        return
    if fixed is None or not 0 <= fixed <= 63:
        leave_above(select, inst, count, 63)
    original = select.register(value)
    shift_by_count(select, "shl", d, original, count)
    back = select.temporary()
    shift_by_count(select, "sar", back, d, count)
    select.emit("cmp", back, original)
    select.emit_exit("jne", select.exit(inst.exit))


def leave_above(select: Selector, inst: Inst, count: Value, limit: int) -> None:
    select.emit("cmp", select.register(count), limit)
    select.emit_exit("ja", select.exit(inst.exit))


def shift_by_count(
    select: Selector, name: str, d: VirtualRegister, source: VirtualRegister | int, count: Value
) -> None:
    """d = source shifted by a count that is known to be at most 63."""
    fixed = constant_of(count)
    if fixed is not None:
        select.emit("mov", d, source)
        select.emit(name, d, fixed & 63)
    else:
        shift_by_register(select, name, d, source, select.register(count))


def shift_by_register(
    select: Selector,
    name: str,
    d: VirtualRegister,
    source: VirtualRegister | int,
    count: VirtualRegister,
) -> None:
    select.emit("mov", RCX, count)
    select.emit("mov", d, source)
    select.emit(name, d, RCX)


@lowers(Op.ishl_wrap)
def lower_ishl_wrap(select: Selector, inst: Inst) -> None:
    value, count = inst.args
    d, fixed = select.register(inst.value), constant_of(count)
    if fixed is not None and fixed > 63:
        select.emit("mov", d, 0)
    elif fixed == 1 and constant_of(value) is None and not select.dies(value):
        doubled = select.register(value)
        select.emit("lea", d, Memory(doubled, 0, doubled))
    elif select.bounds(count)[1] > 63:
        number = select.register(count)
        shift_by_register(select, "shl", d, select.source(value), number)
        select.emit("cmp", number, 63)
        select.emit("cmova", d, select.constant(0))
    else:
        shift_by_count(select, "shl", d, select.source(value), count)


@lowers(Op.ishr_ovf, Op.ishr_wrap)
def lower_ishr(select: Selector, inst: Inst) -> None:
    value, count = inst.args
    d, fixed = select.register(inst.value), constant_of(count)
    low, high = select.bounds(count)
    if inst.op is Op.ishr_ovf and low < 0:
        exit = select.exit(inst.exit)
        shift = select.register(count)
        select.emit("test", shift, shift)
        select.emit_exit("js", exit)
    if fixed is not None:
        select.emit("mov", d, select.source(value))
        select.emit("sar", d, min(fixed & 0x7FFFFFFFFFFFFFFF, 63))
    elif high <= 63:
        shift_by_count(select, "sar", d, select.source(value), count)
    else:
        shift = select.register(count)
        saturated = select.copy(63)
        select.emit("cmp", shift, 63)
        select.emit("cmovb", saturated, shift)
        shift_by_register(select, "sar", d, select.source(value), saturated)


@lowers(Op.select)
def lower_select(select: Selector, inst: Inst) -> None:
    condition, chosen, other = inst.args
    if chosen.type == F64:
        choose_float(select, inst)
        return
    d = select.register(inst.value)
    if constant_of(other) is None and (constant_of(chosen) is not None or select.dies(chosen)):
        chosen, other = other, chosen
        taken = INVERSE[flags_of(select, condition)]
    else:
        taken = flags_of(select, condition)
    # A move leaves the flags as they are.
    select.emit("mov", d, select.source(other))
    select.emit("cmov" + taken, d, select.register(chosen))
