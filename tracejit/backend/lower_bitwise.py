"""Lowering of bitwise operations, of what is masked to 32 bits, and of rotations.

The low half of a sum, a product or a bitwise operation depends on the low halves of its operands
alone, and the processor's 32-bit instructions clear the high half: the mask costs nothing.
"""

from __future__ import annotations

from typing import Final

from tracejit.backend.lower_arithmetic import ordered, two_address
from tracejit.backend.selection import Selector, constant_of, lowers
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.types import WORD
from tracejit.ir.value import Value

I32_MAX, U32_MAX = 2**31 - 1, 2**32 - 1
_HALF: Final = 32
"""Bits of half a register."""

_BITWISE = {
    Op.iand: "and",
    Op.ior: "or",
    Op.ixor: "xor",
    Op.band: "and",
    Op.bor: "or",
    Op.bxor: "xor",
}
_LOW_TO_LOW: Final = {
    Op.iadd_wrap: "add32",
    Op.isub_wrap: "sub32",
    Op.imul_wrap: "imul32",
    Op.iand: "and32",
    Op.ior: "or32",
    Op.ixor: "xor32",
}
"""The 32-bit instruction for the low half of the result."""


@lowers(*_BITWISE)
def lower_bitwise(select: Selector, inst: Inst) -> None:
    a, b = ordered(select, inst)
    mask, name = constant_of(b), _BITWISE[inst.op]
    if inst.op is Op.iand and mask == U32_MAX:
        _low_half(select, inst, a)
    elif mask is not None and I32_MAX < mask <= U32_MAX and _fits_u32(select, inst, a):
        d = select.register(inst.value)
        select.emit("mov", d, select.source(a))
        select.emit(name + "32", d, mask - 2**32)
    elif not _rotate(select, inst, inst, WORD):
        two_address(select, inst, name, a, b)


def _fits_u32(select: Selector, inst: Inst, value: Value) -> bool:
    """Whether the instruction can ignore the high half of the operand and clear it."""
    low, high = select.bounds(value)
    return inst.op is Op.iand or (low >= 0 and high <= U32_MAX)


def _low_half(select: Selector, inst: Inst, value: Value) -> None:
    """value & 0xFFFFFFFF, by the 32-bit form of what computes the value for this alone."""
    origin = select.only_here(value)
    if origin is not None and _rotate(select, inst, origin, _HALF):
        return
    if origin is None or origin.op not in _LOW_TO_LOW:
        select.emit("mov32", select.register(inst.value), select.register(value))
        return
    x, y = origin.args
    if origin.op.commutes:
        x, y = ordered(select, Inst(origin.op, origin.args, None, inst.result))
    name, d, number = _LOW_TO_LOW[origin.op], select.register(inst.value), constant_of(y)
    if number is not None:
        number = (number + 2**31) % 2**32 - 2**31
        if origin.op is Op.imul_wrap:
            select.emit("imul3_32", d, select.register(x), number)
            return
    right = number if number is not None else select.register(y)
    select.emit("mov", d, select.source(x))
    select.emit(name, d, d if x is y else right)


def _rotate(select: Selector, inst: Inst, origin: Inst, bits: int) -> bool:
    """Lower x << c | x >> bits - c, which `origin` computes, if that is what it does."""
    if origin.op is not Op.ior and origin.op is not Op.ixor and origin.op is not Op.iadd_wrap:
        return False
    parts = [select.only_here(arg) for arg in origin.args]
    if parts[1] is not None and parts[1].op is Op.ishl_wrap:
        parts.reverse()
    left, right = parts
    if left is None or right is None or left.op is not Op.ishl_wrap:
        return False
    x, count = left.args[0], constant_of(left.args[1])
    low, high = select.bounds(x)
    shifts = (Op.ushr_wrap, Op.ishr_wrap) if bits == _HALF else (Op.ushr_wrap,)
    if right.op not in shifts or right.args[0] is not x or count is None or not 0 < count < bits:
        return False
    if constant_of(right.args[1]) != bits - count or constant_of(x) is not None:
        return False
    if bits == _HALF and not (low >= 0 and high <= U32_MAX):
        return False
    d = select.register(inst.value)
    select.emit("mov", d, select.register(x))
    select.emit("rol32" if bits == _HALF else "rol", d, count)
    return True


@lowers(Op.ibyte_swap)
def lower_ibyte_swap(select: Selector, inst: Inst) -> None:
    d = select.register(inst.value)
    select.emit("mov", d, select.source(inst.args[0]))
    select.emit("bswap", d)


@lowers(Op.inot)
def lower_inot(select: Selector, inst: Inst) -> None:
    d = select.register(inst.value)
    select.emit("mov", d, select.source(inst.args[0]))
    select.emit("not", d)
