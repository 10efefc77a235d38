"""Lowering of comparisons: to flags where only a branch or a choice asks, else to 0 or 1."""

from __future__ import annotations

from tracejit.backend.selection import Selector, constant_of, lowers
from tracejit.backend.x64 import INVERSE, SWAPPED, fits_i32
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.value import Value

_CONDITION = {Op.ieq: "e", Op.ine: "ne", Op.ilt: "l", Op.ile: "le", Op.igt: "g", Op.ige: "ge"}


@lowers(*_CONDITION)
def lower_comparison(select: Selector, inst: Inst) -> None:
    d = select.register(inst.value)
    select.emit("zero", d)
    condition = _compare(select, inst)
    select.emit("set" + condition, d)


def flags_of(select: Selector, value: Value) -> str:
    """Set the flags by the bool; the condition that then stands for true."""
    origin = select.only_here(value)
    if origin is not None and origin.op is Op.bnot:
        return INVERSE[flags_of(select, origin.args[0])]
    if origin is not None and origin.op in _CONDITION:
        return _compare(select, origin)
    register = select.register(value)
    select.emit("test32", register, register)
    return "ne"


def _compare(select: Selector, inst: Inst) -> str:
    (a, b), condition = inst.args, _CONDITION[inst.op]
    if constant_of(a) is not None:
        a, b, condition = b, a, SWAPPED[condition]
    if constant_of(b) != 0:
        select.emit("cmp", select.register(a), select.operand(b))
        return condition
    origin = select.only_here(a)
    if origin is not None and origin.op is Op.iand and condition in ("e", "ne"):
        return _test(select, origin, condition)
    register = select.register(a)
    select.emit("test", register, register)
    return {"l": "s", "ge": "ns"}.get(condition, condition)


def _test(select: Selector, inst: Inst, condition: str) -> str:
    """Set the flags by a bitwise and whose result nothing else needs."""
    a, b = inst.args
    if constant_of(a) is not None:
        a, b = b, a
    mask = constant_of(b)
    if mask is None or (fits_i32(mask) and mask < 0):
        select.emit("test", select.register(a), select.operand(b))
        return condition
    if 0 <= mask < 2**32:
        select.emit("test32", select.register(a), mask if fits_i32(mask) else mask - 2**32)
        return condition
    if mask & (mask - 1) == 0:
        select.emit("bt", select.register(a), mask.bit_length() - 1)
        return "b" if condition == "ne" else "ae"
    select.emit("test", select.register(a), select.register(b))
    return condition
