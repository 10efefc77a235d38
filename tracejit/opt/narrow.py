"""Exact integers become machine integers: the heart of the compiler.

Range analysis tells where a result is proven defined and within 64 bits: there the wrapping form
without an exit stands, elsewhere the form that leaves. An exact integer that no register holds can
only be a constant, which `wide` deals with.
"""

from __future__ import annotations

from tracejit.ir.function import Block, Function, Inst
from tracejit.ir.ops import OVF_FORM, WRAP_FORM, Op
from tracejit.ir.types import I64, INT
from tracejit.opt.dce import NEEDED_BEFORE_DECISIONS, drop_dead
from tracejit.opt.decide import decide
from tracejit.opt.intervals import I64_RANGE
from tracejit.opt.ranges import Ranges, find_ranges
from tracejit.opt.wide import NoExit, is_wide, leave_with_wide_constants


def narrow(function: Function) -> None:
    """Take the function from the exact to the machine stage, with `ranges` filled in.

    Raises NoExit.
    """
    ranges = find_ranges(function)
    for block in function.blocks:
        if block in ranges.facts:
            for inst in block.insts:
                _narrow_inst(inst, block, ranges)
    drop_dead(function, NEEDED_BEFORE_DECISIONS)
    decide(function, ranges)
    leave_with_wide_constants(function)
    _retype(function)
    function.ranges = {
        value: interval
        for value, interval in ranges.bounds.items()
        if value.type == I64 and interval != I64_RANGE
    }


def _narrow_inst(inst: Inst, block: Block, ranges: Ranges) -> None:
    if inst.op in WRAP_FORM:
        if inst.value not in ranges.unfit and _is_defined(inst, block, ranges):
            inst.op = WRAP_FORM[inst.op]
            inst.exit = None
        elif inst.exit is None:
            raise NoExit(inst.op.name)
        else:
            inst.op = OVF_FORM[inst.op]
    elif inst.op.exit == "never" and not any(map(is_wide, inst.args)):
        inst.exit = None


def _is_defined(inst: Inst, block: Block, ranges: Ranges) -> bool:
    """Whether the operands are proven to be ones that the opcode has a result for."""
    if inst.op is Op.ifloordiv or inst.op is Op.imod:
        low, high = ranges.at(inst.args[1], block)
        return low > 0 or high < 0
    if inst.op is Op.ishl or inst.op is Op.ishr:
        return ranges.at(inst.args[1], block)[0] >= 0
    return True


def _retype(function: Function) -> None:
    for block in function.blocks:
        for param in block.params:
            if param.type == INT:
                param.type = I64
        for inst in block.insts:
            if inst.result is not None and inst.result.type == INT:
                inst.result.type = I64
            if inst.op.exit == "never":
                inst.exit = None
