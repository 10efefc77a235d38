"""Lowering of what reads registers as unsigned, and of the guards between the two readings."""

from __future__ import annotations

from tracejit.backend.lir import VirtualRegister
from tracejit.backend.lower_arithmetic import (
    bit_count,
    bit_length,
    double_ovf,
    invertible_ovf,
    leave_above,
    ordered,
    shift_by_count,
    shift_by_register,
)
from tracejit.backend.lower_division import divide_by_register
from tracejit.backend.selection import Selector, constant_of, lowers
from tracejit.backend.x64 import RAX, RDX, fits_i32
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.types import WORD, unsigned, wrap_i64


@lowers(Op.inonneg_ovf)
def lower_inonneg_ovf(select: Selector, inst: Inst) -> None:
    d, exit = select.register(inst.value), select.exit(inst.exit)
    select.emit("mov", d, select.register(inst.args[0]))
    select.emit("test", d, d)
    select.emit_exit("js", exit)


@lowers(Op.uadd_ovf)
def lower_uadd_ovf(select: Selector, inst: Inst) -> None:
    a, b = ordered(select, inst)
    if a is b:
        double_ovf(select, inst, "jb")
    else:
        invertible_ovf(select, inst, "add", "sub", a, b, "jb")


@lowers(Op.usub_ovf)
def lower_usub_ovf(select: Selector, inst: Inst) -> None:
    a, b = inst.args
    if a is b:
        select.emit("mov", select.register(inst.value), 0)
    else:
        invertible_ovf(select, inst, "sub", "add", a, b, "jb")


@lowers(Op.umul_ovf)
def lower_umul_ovf(select: Selector, inst: Inst) -> None:
    a, b = ordered(select, inst)
    d, exit, factor = select.register(inst.value), select.exit(inst.exit), select.register(b)
    select.emit("mov", RAX, select.source(a))
    select.emit("mul", factor)
    select.emit("mov", d, RAX)
    select.emit_exit("jo", exit)


@lowers(Op.ushl_ovf)
def lower_ushl_ovf(select: Selector, inst: Inst) -> None:
    value, count = inst.args
    d, number, fixed = select.register(inst.value), constant_of(value), constant_of(count)
    if number is not None:
        leave_above(select, inst, count, WORD - max(unsigned(number).bit_length(), 1))
        shift_by_count(select, "shl", d, number, count)
        return
    if fixed is None or not 0 <= fixed < WORD:
        leave_above(select, inst, count, WORD - 1)
    original = select.register(value)
    shift_by_count(select, "shl", d, original, count)
    back = select.temporary()
    shift_by_count(select, "shr", back, d, count)
    select.emit("cmp", back, original)
    select.emit_exit("jne", select.exit(inst.exit))


@lowers(Op.ishl_low_ovf)
def lower_ishl_low_ovf(select: Selector, inst: Inst) -> None:
    value, count = inst.args
    leave_above(select, inst, count, WORD - 1)
    shift_by_count(select, "shl", select.register(inst.value), select.source(value), count)


@lowers(Op.ushr_ovf, Op.ushr_wrap)
def lower_ushr(select: Selector, inst: Inst) -> None:
    value, count = inst.args
    d, fixed = select.register(inst.value), constant_of(count)
    low, high = select.bounds(count)
    if inst.op is Op.ushr_ovf and low < 0:
        exit, negative = select.exit(inst.exit), select.register(count)
        select.emit("test", negative, negative)
        select.emit_exit("js", exit)
    if fixed is not None and not 0 <= fixed < WORD:
        select.emit("mov", d, 0)
    elif high < WORD:
        shift_by_count(select, "shr", d, select.source(value), count)
    else:
        number = select.register(count)
        shift_by_register(select, "shr", d, select.source(value), number)
        select.emit("cmp", number, WORD - 1)
        select.emit("cmova", d, select.constant(0))


@lowers(Op.ubit_length)
def lower_ubit_length(select: Selector, inst: Inst) -> None:
    bit_length(select, select.register(inst.value), select.register(inst.args[0]))


@lowers(Op.ubit_count)
def lower_ubit_count(select: Selector, inst: Inst) -> None:
    bit_count(select, select.register(inst.value), select.register(inst.args[0]))


def wide_reciprocal(divisor: int) -> tuple[int, int]:
    """(multiplier, shift) with, for q = x * multiplier >> 64 and any unsigned x,
    x // divisor == ((x - q >> 1) + q) >> shift.

    The divisor is from 2 to 2**64 - 1; Granlund and Montgomery, figure 4.1.
    """
    length = (divisor - 1).bit_length()
    multiplier = ((1 << WORD) * ((1 << length) - divisor)) // divisor + 1
    return multiplier, length - 1


@lowers(Op.ufloordiv_ovf, Op.ufloordiv_wrap, Op.umod_ovf, Op.umod_wrap)
def lower_unsigned_division(select: Selector, inst: Inst) -> None:
    a, b = inst.args
    quotient = inst.op in (Op.ufloordiv_ovf, Op.ufloordiv_wrap)
    divisor = unsigned(constant_of(b) or 0)
    if divisor == 0:
        divide_by_register(select, inst, quotient=quotient, signed=False)
        return
    d = select.register(inst.value)
    if divisor & (divisor - 1) == 0:
        _by_power_of_two(select, d, inst, quotient, divisor)
        return
    x = select.register(a)
    found = d if quotient else select.temporary()
    _quotient(select, found, x, divisor)
    if not quotient:
        product = select.temporary()
        if fits_i32(divisor):
            select.emit("imul3", product, found, divisor)
        else:
            select.emit("mov", product, found)
            select.emit("imul", product, select.constant(wrap_i64(divisor)))
        select.emit("mov", d, x)
        select.emit("sub", d, product)


def _by_power_of_two(
    select: Selector, d: VirtualRegister, inst: Inst, quotient: bool, divisor: int
) -> None:
    select.emit("mov", d, select.source(inst.args[0]))
    if quotient:
        select.emit("shr", d, divisor.bit_length() - 1)
    else:
        mask = divisor - 1
        select.emit("and", d, mask if fits_i32(mask) else select.constant(wrap_i64(mask)))


def _quotient(select: Selector, d: VirtualRegister, x: VirtualRegister, divisor: int) -> None:
    multiplier, count = wide_reciprocal(divisor)
    factor = select.constant(wrap_i64(multiplier))
    select.emit("mov", RAX, x)
    select.emit("mul", factor)
    high = select.copy(RDX)
    select.emit("mov", d, x)
    select.emit("sub", d, high)
    select.emit("shr", d, 1)
    select.emit("add", d, high)
    if count:
        select.emit("shr", d, count)
