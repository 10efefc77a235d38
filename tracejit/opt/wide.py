"""Constants beyond 64 bits: states and returns name them, what computes with them leaves."""

from __future__ import annotations

from collections.abc import Set

from tracejit.ir.dominators import reverse_postorder
from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Block, Function, Inst
from tracejit.ir.ops import OF_VARIABLES, Op
from tracejit.ir.shapes import Const, Shape, map_values
from tracejit.ir.types import fits_i64
from tracejit.ir.value import Value


class NoExit(Exception):
    """Code that must leave has no FrameState at hand: the function cannot be compiled."""


def is_wide(value: Value) -> bool:
    """Whether the value is a constant beyond 64 bits."""
    origin = value.origin
    return (
        isinstance(origin, Inst) and origin.op is Op.iconst and not fits_i64(origin.imm)  # type: ignore[arg-type]  # the imm of an iconst is an int
    )


def leave_at_edges(function: Function, values: Set[Value], reached: Set[Block]) -> list[Block]:
    """Let the reached blocks leave instead of passing on these constants; new blocks for that.

    Whatever becomes of the parameters, ranges have taken these edges for never taken.
    """
    wide = {
        value: Const(origin.imm) for value in values if isinstance(origin := value.origin, Inst)
    }
    first = len(function.blocks)
    for block in function.blocks[:first] if wide else ():
        if block in reached:
            _cut_edges(function, block, wide)
    return function.blocks[first:]


def leave_with_wide_constants(function: Function, values: Set[Value]) -> None:
    """Let what computes with these constants, which no register holds, leave instead.

    Raises NoExit.
    """
    if not values:
        return
    wide = {
        inst.value: Const(inst.imm)
        for inst in function.insts()
        if inst.op is Op.iconst and inst.result in values
    }
    if not wide:
        return
    for block in list(function.blocks):
        _cut(function, block, wide)
        for inst in block.insts:
            _name_constants(inst, wide)
        block.insts = [inst for inst in block.insts if inst.result not in wide]
    function.blocks = reverse_postorder(function)


def _cut(function: Function, block: Block, wide: dict[Value, Const]) -> None:
    """End the block at the first instruction that reads a wide constant."""
    for at, inst in enumerate(block.insts):
        if not wide.keys().isdisjoint(inst.args):
            exit = inst.exit or _last_exit(block, at)
            block.insts[at:] = [Inst(Op.leave, exit=exit)]
            return
    _cut_edges(function, block, wide)


def _cut_edges(function: Function, block: Block, wide: dict[Value, Const]) -> None:
    """Leave where a wide constant would be passed on."""
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
        if inst.op.effect and inst.op not in OF_VARIABLES:
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
