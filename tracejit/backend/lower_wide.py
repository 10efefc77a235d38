"""Lowering of what a pair of registers takes part in: high halves, and the division of pairs.

The processor divides a pair by a register if the quotient fits one, so the high half is reduced
first where it is not below the divisor. Pairs are often numbers that fit one register, and then
take the division of one.
"""

from __future__ import annotations

from tracejit.backend.lir import AnyRegister, LirBlock, VirtualRegister
from tracejit.backend.lower_division import go_on_unless, lower_division
from tracejit.backend.lower_unsigned import lower_unsigned_division
from tracejit.backend.selection import Selector, constant_of, lowers
from tracejit.backend.x64 import RAX, RDX
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.types import U64_MAX, WORD, unsigned, wrap_i64


@lowers(Op.umul_high, Op.imul_high)
def lower_mul_high(select: Selector, inst: Inst) -> None:
    """One multiplication for both halves of a product."""
    a, b = inst.args
    d, factor = select.register(inst.value), select.register(b)
    select.emit("mov", RAX, select.source(a))
    select.emit("mul" if inst.op is Op.umul_high else "imul1", factor)
    select.emit("mov", d, RDX)
    before = select.before
    if before is not None and before.op is Op.imul_wrap and before.args == inst.args:
        low = select.registers.get(before.value)
        if low is not None:
            select.emit("mov", low, RAX)
            select.fused.add(before)


@lowers(Op.umod_wide_ovf, Op.umod_wide_wrap, Op.ufloordiv_wide_ovf)
def lower_unsigned_wide_division(select: Selector, inst: Inst) -> None:
    """Division of an unsigned pair."""
    high, low, divisor = inst.args
    quotient = inst.op is Op.ufloordiv_wide_ovf
    _leave_without_divisor(select, inst, "e")
    d, x, y, m = (select.register(value) for value in (inst.value, high, low, divisor))
    wide, narrow, join = select.new_block(), select.new_block(), select.new_block()
    select.emit("test", x, x)
    select.branch("ne", wide, narrow)
    select.start(narrow)
    op = Op.ufloordiv_wrap if quotient else Op.umod_wrap
    lower_unsigned_division(select, Inst(op, [low, divisor], None, inst.result))
    select.emit("jmp", join)
    select.start(wide)
    select.emit("mov", d, _divide_pair(select, inst, select.copy(x), y, m))
    select.emit("jmp", join)
    select.start(join)


@lowers(Op.ureciprocal_wide)
def lower_wide_reciprocal(select: Selector, inst: Inst) -> None:
    (divisor,) = inst.args
    d, m = select.register(inst.value), select.register(divisor)
    large, join = select.new_block(), select.new_block()
    select.emit("mov", d, 0)
    select.emit("test", m, m)
    select.branch("ns", join, large)
    select.start(large)
    select.emit("mov", RAX, -1)
    select.emit("mov", RDX, m)
    select.emit("not", RDX)
    select.emit("div", m)
    select.emit("mov", d, RAX)
    select.emit("jmp", join)
    select.start(join)


@lowers(Op.umod_wide_by_ovf, Op.umod_wide_by_wrap)
def lower_wide_remainder_by_reciprocal(select: Selector, inst: Inst) -> None:
    """By the reciprocal, where the divisor needs no shift and the quotient fits a register."""
    operands = inst.args[:3]
    x, y, m = (select.register(value) for value in operands)
    v, d = select.register(inst.args[3]), select.register(inst.value)
    far, join = select.new_block(cold=True), select.new_block()
    go_on_unless(select, "ns", m, far)
    below = select.new_block()
    select.emit("cmp", x, m)
    select.branch("ae", far, below)
    select.start(below)
    select.emit("mov", d, _divide_normalised(select, x, y, m, v, False))
    select.emit("jmp", join)
    op = Op.umod_wide_ovf if inst.op is Op.umod_wide_by_ovf else Op.umod_wide_wrap
    division = Inst(op, operands, None, inst.result, inst.exit)
    select.emit_cold(far, lambda: lower_unsigned_wide_division(select, division), join)


@lowers(Op.imod_wide_ovf, Op.imod_wide_wrap, Op.ifloordiv_wide_ovf)
def lower_signed_wide_division(select: Selector, inst: Inst) -> None:
    """Floor division of a signed pair: of a negative x, ~((~x) // d) and d - 1 - (~x) % d.

    The divisor of a remainder is unsigned; only where it is surely not beyond the signed integers
    may a pair that fits one register take the division of one.
    """
    high, low, divisor = inst.args
    quotient = inst.op is Op.ifloordiv_wide_ovf
    _leave_without_divisor(select, inst, "le" if quotient else "e")
    d, upper, lower, m = (select.register(value) for value in (inst.value, high, low, divisor))
    join = select.new_block()
    if quotient or select.bounds(divisor)[0] >= 0:
        wide = select.new_block()
        _divide_short(select, inst, upper, lower, wide, join)
        select.start(wide)
    sign, x, y = select.copy(upper), select.copy(upper), select.copy(lower)
    select.emit("sar", sign, WORD - 1)
    select.emit("xor", x, sign)
    select.emit("xor", y, sign)
    select.emit("mov", d, _divide_pair(select, inst, x, y, m))
    if quotient:
        select.emit("test", d, d)
        select.emit_exit("js", select.exit(inst.exit))
        select.emit("xor", d, sign)
    else:
        select.emit("xor", d, sign)
        select.emit("and", sign, m)
        select.emit("add", d, sign)
    select.emit("jmp", join)
    select.start(join)


def _divide_short(
    select: Selector,
    inst: Inst,
    upper: VirtualRegister,
    lower: VirtualRegister,
    wide: LirBlock,
    join: LirBlock,
) -> None:
    """The division of one register, and on to `join`, if the pair fits one; else on to `wide`."""
    _, low, divisor = inst.args
    narrow = select.new_block()
    extended = select.copy(lower)
    select.emit("sar", extended, WORD - 1)
    select.emit("cmp", extended, upper)
    select.branch("ne", wide, narrow)
    select.start(narrow)
    op = Op.ifloordiv_wrap if inst.op is Op.ifloordiv_wide_ovf else Op.imod_wrap
    lower_division(select, Inst(op, [low, divisor], None, inst.result))
    select.emit("jmp", join)


def _leave_without_divisor(select: Selector, inst: Inst, condition: str) -> None:
    """Leave where the divisor is 0, or may not be negative and is."""
    divisor = inst.args[2]
    low, high = select.bounds(divisor)
    if inst.op.exit == "must" and low <= 0 and (high >= 0 or condition == "le"):
        exit, register = select.exit(inst.exit), select.register(divisor)
        select.emit("test", register, register)
        select.emit_exit("j" + condition, exit)


def _divide_pair(
    select: Selector, inst: Inst, x: VirtualRegister, y: VirtualRegister, m: VirtualRegister
) -> AnyRegister:
    """The quotient or the remainder of the unsigned x:y and m; x is overwritten.

    Where a quotient that is asked for does not fit a register, leave.
    """
    quotient = inst.op is Op.ifloordiv_wide_ovf or inst.op is Op.ufloordiv_wide_ovf
    if quotient:
        select.emit("cmp", x, m)
        select.emit_exit("jae", select.exit(inst.exit))
    elif not _is_below(select, inst):
        reduce, reduced = select.new_block(cold=True), select.new_block()
        select.emit("cmp", x, m)
        select.branch("ae", reduce, reduced)
        select.start(reduce)
        select.emit("mov", RAX, x)
        select.emit("zero", RDX)
        select.emit("div", m)
        select.emit("mov", x, RDX)
        select.emit("jmp", reduced)
        select.start(reduced)
    constant = constant_of(inst.args[2])
    if constant:
        return _divide_by_constant(select, x, y, unsigned(constant), quotient)
    select.emit("mov", RDX, x)
    select.emit("mov", RAX, y)
    select.emit("div", m)
    return RAX if quotient else RDX


def normalised_reciprocal(divisor: int) -> tuple[int, int, int]:
    """(shift, the divisor shifted so that its highest bit is a register's, its reciprocal)."""
    shift = WORD - divisor.bit_length()
    normalised = divisor << shift
    return shift, normalised, ((1 << 2 * WORD) - 1) // normalised - (1 << WORD)


def _divide_by_constant(
    select: Selector, x: VirtualRegister, y: VirtualRegister, divisor: int, quotient: bool
) -> VirtualRegister:
    """The same with multiplications, where x is below the divisor."""
    shift, normalised, inverse = normalised_reciprocal(divisor)
    d, v = select.constant(wrap_i64(normalised)), select.constant(wrap_i64(inverse))
    if shift:
        x, carried, y = select.copy(x), select.copy(y), select.copy(y)
        select.emit("shl", x, shift)
        select.emit("shr", carried, WORD - shift)
        select.emit("or", x, carried)
        select.emit("shl", y, shift)
    found = _divide_normalised(select, x, y, d, v, quotient)
    if not quotient and shift:
        select.emit("shr", found, shift)
    return found


def _divide_normalised(
    select: Selector,
    x: VirtualRegister,
    y: VirtualRegister,
    d: VirtualRegister,
    v: VirtualRegister,
    quotient: bool,
) -> VirtualRegister:
    """The quotient or the remainder of x:y and d, which has the highest bit and is above x.

    Moeller and Granlund, "Improved Division by Invariant Integers", 2011, algorithm 4.
    """
    select.emit("mov", RAX, v)
    select.emit("mul", x)
    q, fraction = select.copy(RDX), select.copy(RAX)
    select.emit("add", fraction, y)
    select.emit("adc", q, x)
    select.emit("add", q, 1)
    product, remainder = select.copy(q), select.copy(y)
    select.emit("imul", product, d)
    select.emit("sub", remainder, product)
    if quotient:
        less = select.copy(q)
        select.emit("sub", less, 1)
        select.emit("cmp", remainder, fraction)
        select.emit("cmova", q, less)
    more = select.copy(remainder)
    select.emit("add", more, d)
    select.emit("cmp", remainder, fraction)
    select.emit("cmova", remainder, more)
    again, done = select.new_block(cold=True), select.new_block()
    select.emit("cmp", remainder, d)
    select.branch("ae", again, done)
    select.start(again)
    select.emit("sub", remainder, d)
    if quotient:
        select.emit("add", q, 1)
    select.emit("jmp", done)
    select.start(done)
    return q if quotient else remainder


def _is_below(select: Selector, inst: Inst) -> bool:
    """Whether the high half, where a signed one is negative its inverse, is below the divisor."""
    low, high = select.bounds(inst.args[0])
    if inst.op is Op.umod_wide_ovf or inst.op is Op.umod_wide_wrap:
        most = high if low >= 0 else U64_MAX
    else:
        most = max(high, ~low)
    return most < select.bounds(inst.args[2])[0]
