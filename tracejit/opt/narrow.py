"""Exact integers become machine integers: the heart of the compiler.

Range analysis decides each operation: where the result is proven defined and within 64 bits, the
wrapping form without an exit; else the form that leaves. What ranges decide altogether goes:
comparisons, clamps, masks, branches. An exact integer that no register holds can only be a
constant: states and returns name it as such, and what would compute with it leaves.
"""

from __future__ import annotations

from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Block, Function, Inst
from tracejit.ir.ops import OVF_FORM, WRAP_FORM, Op
from tracejit.ir.shapes import Const, Shape, map_values
from tracejit.ir.types import BOOL, I64, INT, fits_i64
from tracejit.ir.value import Value
from tracejit.opt.intervals import I64_RANGE
from tracejit.opt.ranges import Ranges, find_ranges
from tracejit.opt.substitute import substitute


class NoExit(Exception):
    """Code that must leave has no FrameState at hand: the function cannot be compiled."""


def narrow(function: Function) -> None:
    """Take the function from the exact to the machine stage, with `ranges` filled in.

    Raises NoExit.
    """
    ranges = find_ranges(function)
    function.blocks = [block for block in function.blocks if block in ranges.facts]
    replaced: dict[Value, Value] = {}
    for block in function.blocks:
        _narrow_block(block, ranges, replaced)
    substitute(function, replaced)
    _leave_with_wide_constants(function)
    _retype(function)
    function.ranges = {
        value: interval
        for value, interval in ranges.bounds.items()
        if value.type == I64 and interval != I64_RANGE
    }


def _narrow_block(block: Block, ranges: Ranges, replaced: dict[Value, Value]) -> None:
    insts: list[Inst] = []
    for inst in block.insts:
        result = inst.result
        if result is not None and not inst.op.has_imm:
            same = _operand_it_equals(inst, block, ranges)
            if same is not None:
                replaced[result] = same
                continue
            _narrow_inst(inst, result, block, ranges)
        insts.append(inst)
    block.insts = insts
    last = insts[-1]
    taken = [target for target in last.targets if target not in ranges.dead]
    if len(taken) < len(last.targets):
        insts[-1] = Inst(Op.jump, targets=taken)


def _narrow_inst(inst: Inst, result: Value, block: Block, ranges: Ranges) -> None:
    safe = result not in ranges.unfit and _is_defined(inst, block, ranges)
    low, high = ranges.bounds[result]
    if safe and low == high and result.type in (INT, BOOL):
        is_bool = result.type == BOOL
        inst.op = Op.bconst if is_bool else Op.iconst
        inst.imm = bool(low) if is_bool else low
        inst.args, inst.exit = [], None
    elif inst.op in WRAP_FORM:
        inst.op = (WRAP_FORM if safe else OVF_FORM)[inst.op]
        if safe:
            inst.exit = None
        elif inst.exit is None:
            raise NoExit(inst.op.name)


def _is_defined(inst: Inst, block: Block, ranges: Ranges) -> bool:
    """Whether the operands are proven to be ones that the opcode has a result for."""
    if inst.op is Op.ifloordiv or inst.op is Op.imod:
        low, high = ranges.at(inst.args[1], block)
        return low > 0 or high < 0
    if inst.op is Op.ishl or inst.op is Op.ishr:
        return ranges.at(inst.args[1], block)[0] >= 0
    return True


def _operand_it_equals(inst: Inst, block: Block, ranges: Ranges) -> Value | None:
    """The operand that the result is proven to equal."""
    op, args = inst.op, inst.args
    if op is Op.iabs:
        return args[0] if ranges.at(args[0], block)[0] >= 0 else None
    if op is Op.select:
        low, high = ranges.at(args[0], block)
        return args[1 if low else 2] if low == high else None
    if op not in _CLAMPS:
        return None
    x, y = args
    (a, b), (c, d) = ranges.at(x, block), ranges.at(y, block)
    if op is Op.imin:  # min(x, y) -> x where x <= y
        return x if b <= c else y if d <= a else None
    if op is Op.imax:
        return y if b <= c else x if d <= a else None
    if op is Op.imod:  # x % y -> x where 0 <= x < y
        return x if a >= 0 and b < c else None
    # x & m -> x where the mask m covers x
    return x if c == d and a >= 0 and b & c == b and _covers(c, b) else None


_CLAMPS = frozenset((Op.imin, Op.imax, Op.imod, Op.iand))


def _covers(mask: int, high: int) -> bool:
    """Whether the mask keeps every bit that the integers from 0 to `high` have."""
    ones = (1 << high.bit_length()) - 1
    return mask & ones == ones


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


def _leave_with_wide_constants(function: Function) -> None:
    """Let what computes with constants beyond 64 bits, or hands them on, leave instead."""
    wide = {
        inst.value: Const(inst.imm)
        for inst in function.insts()
        if inst.op is Op.iconst and not fits_i64(inst.imm)  # type: ignore[arg-type]  # its imm is an int
    }
    if not wide:
        return
    for block in list(function.blocks):
        _cut(function, block, wide)
        for inst in block.insts:
            _name_constants(inst, wide)
        block.insts = [inst for inst in block.insts if inst.result not in wide]


def _cut(function: Function, block: Block, wide: dict[Value, Const]) -> None:
    """End the block at the first instruction that reads a wide constant."""
    for at, inst in enumerate(block.insts):
        if not wide.keys().isdisjoint(inst.args):
            exit = inst.exit or _last_exit(block, at)
            block.insts[at:] = [Inst(Op.leave, exit=exit)]
            return
    last = block.insts[-1]
    for target in last.targets:
        if wide.keys().isdisjoint(target.args):
            continue
        leave = Inst(Op.leave, exit=_last_exit(block, len(block.insts) - 1))
        if last.op is Op.jump:
            block.insts[-1] = leave
        else:
            _name_constants(leave, wide)
            cold = function.new_block()
            cold.insts.append(leave)
            target.block, target.args = cold, []


def _last_exit(block: Block, at: int) -> Exit:
    """An exit shortly before, from where the interpreter can go on just as well."""
    for inst in reversed(block.insts[:at]):
        if inst.op.effect:
            break
        if inst.exit is not None:
            return Exit("wide", inst.exit.state)
    raise NoExit("wide constant")


def _name_constants(inst: Inst, wide: dict[Value, Const]) -> None:
    def named(value: Value) -> Shape:
        return wide.get(value, value)

    if inst.op is Op.ret:
        inst.imm = map_values(inst.returned(), named)
    if inst.exit is not None and not wide.keys().isdisjoint(inst.exit.state.values()):
        inst.exit = Exit(inst.exit.reason, inst.exit.state.map_values(named))
