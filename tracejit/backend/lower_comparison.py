"""Lowering of comparisons: to flags where only a branch or a choice asks, else to 0 or 1."""

from __future__ import annotations

from tracejit.backend.lir import VirtualRegister
from tracejit.backend.selection import Selector, constant_of, lowers
from tracejit.backend.x64 import INVERSE, SWAPPED, fits_i32
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.types import SIGN_BIT
from tracejit.ir.value import Value

_CONDITION = {
    Op.ieq: "e",
    Op.ine: "ne",
    Op.ilt: "l",
    Op.ile: "le",
    Op.igt: "g",
    Op.ige: "ge",
    Op.ult: "b",
    Op.ule: "be",
    Op.ugt: "a",
    Op.uge: "ae",
}

FLOAT_CONDITION = {
    Op.feq: "cmpeqsd",
    Op.fne: "cmpneqsd",
    Op.flt: "a",
    Op.fle: "ae",
    Op.fgt: "a",
    Op.fge: "ae",
}


@lowers(*_CONDITION, *FLOAT_CONDITION)
def lower_comparison(select: Selector, inst: Inst) -> None:
    d = select.register(inst.value)
    select.emit("zero", d)
    select.emit("set" + _flags_by(select, inst), d)


def compare_floats(select: Selector, inst: Inst) -> str:
    """Set the flags; the condition that then stands for true, and its negation for false.

    Operands that cannot be compared are "below" each other, and "equal" too.
    """
    (a, b), condition = inst.args, FLOAT_CONDITION[inst.op]
    if condition.startswith("cmp"):
        if constant_of(b) in (0, SIGN_BIT):
            without_sign(select, a)
            return "e" if inst.op is Op.feq else "ne"
        right = select.register(b)
        equal = select.copy_float(select.source(a))
        select.emit(condition, equal, right)
        mask = select.temporary()
        select.emit("movq", mask, equal)
        select.emit("test32", mask, mask)
        return "ne"
    if inst.op in (Op.flt, Op.fle):
        a, b = b, a
    select.emit("ucomisd", select.register(a), select.operand(b))
    return condition


def without_sign(select: Selector, value: Value) -> VirtualRegister:
    """The bits of a float, its sign shifted out; the flags are by them."""
    bits = select.temporary()
    select.emit("movq", bits, select.register(value))
    select.emit("add", bits, bits)
    return bits


def flags_of(select: Selector, value: Value) -> str:
    """Set the flags by the bool; the condition that then stands for true."""
    origin = select.only_here(value)
    if origin is not None and origin.op is Op.bnot:
        return INVERSE[flags_of(select, origin.args[0])]
    if origin is not None and (origin.op in _CONDITION or origin.op in FLOAT_CONDITION):
        return _flags_by(select, origin)
    register = select.register(value)
    select.emit("test32", register, register)
    return "ne"


def _flags_by(select: Selector, inst: Inst) -> str:
    """Set the flags by the comparison; the condition that then stands for true."""
    return (compare_floats if inst.op in FLOAT_CONDITION else _compare)(select, inst)


def _compare(select: Selector, inst: Inst) -> str:
    (a, b), condition = inst.args, _CONDITION[inst.op]
    if constant_of(a) is not None:
        a, b, condition = b, a, SWAPPED[condition]
    if constant_of(b) != 0:
        select.emit("cmp", select.register(a), select.operand(b))
        return condition
    origin = select.only_here(a)
    if origin is not None and condition in ("e", "ne"):
        if origin.op is Op.iand:
            return _test_bits(select, origin, condition)
        if (
            origin.op in (Op.imod_wrap, Op.umod_wrap)
            and (mask := _remainder_mask(origin)) is not None
        ):
            return _test_mask(select, origin.args[0], mask, condition)
    register = select.register(a)
    select.emit("test", register, register)
    return {"l": "s", "ge": "ns"}.get(condition, condition)


def _remainder_mask(inst: Inst) -> int | None:
    """The bits that are the remainder, where the divisor is a power of two."""
    divisor = constant_of(inst.args[1])
    return divisor - 1 if divisor and divisor > 0 and divisor & (divisor - 1) == 0 else None


def _test_bits(select: Selector, inst: Inst, condition: str) -> str:
    """Set the flags by a bitwise and whose result nothing else needs."""
    a, b = inst.args
    if constant_of(a) is not None:
        a, b = b, a
    mask = constant_of(b)
    if mask is not None:
        return _test_mask(select, a, mask, condition)
    select.emit("test", select.register(a), select.register(b))
    return condition


def _test_mask(select: Selector, a: Value, mask: int, condition: str) -> str:
    if 0 <= mask < 2**32:
        select.emit("test32", select.register(a), mask if fits_i32(mask) else mask - 2**32)
    elif fits_i32(mask):
        select.emit("test", select.register(a), mask)
    elif mask & (mask - 1) == 0:
        select.emit("bt", select.register(a), mask.bit_length() - 1)
        return "b" if condition == "ne" else "ae"
    else:
        select.emit("test", select.register(a), select.constant(mask))
    return condition
