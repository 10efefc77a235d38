"""Lowering of jumps, branches, polls and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tracejit.backend.convention import result_registers
from tracejit.backend.exits import ExitRecord
from tracejit.backend.lir import LirBlock, LirExit, Operand
from tracejit.backend.lower_comparison import flags_of
from tracejit.backend.lower_variables import store_at_poll
from tracejit.backend.selection import Selector, constant_of, lowers
from tracejit.backend.x64 import INVERSE, R15, RAX, RDI, XMM0
from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Inst, Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, Shape, Unsigned, types_in, values_in
from tracejit.ir.structures import parts_of, types_of
from tracejit.ir.types import bits_of, fits_i64
from tracejit.ir.value import Value


@lowers(Op.jump)
def lower_jump(select: Selector, inst: Inst) -> None:
    _jump(select, inst.targets[0])


def _jump(select: Selector, target: Target, renamed: Mapping[Value, Value] | None = None) -> None:
    """Give the parameters that anything reads their values, and jump."""
    _move_arguments(select, target, renamed or {})
    select.emit("jmp", select.blocks[target.block])


def _move_arguments(select: Selector, target: Target, renamed: Mapping[Value, Value]) -> None:
    moves: list[Operand] = []
    lowered = target.block in select.lowered
    for param, arg in zip(target.block.params, target.args, strict=True):
        if not lowered or param in select.registers:
            source = select.place(renamed[arg]) if arg in renamed else select.source(arg)
            moves += [select.place(param), source]
    if moves:
        select.emit("pmove", *moves)


@lowers(Op.br_if)
def lower_br_if(select: Selector, inst: Inst) -> None:
    """Each successor that takes arguments is reached through a block of its own, for the moves."""
    taken, other = inst.targets
    condition = flags_of(select, inst.args[0])
    for back, out, code in ((taken, other, condition), (other, taken, INVERSE[condition])):
        if _can_move_early(select, back, out):
            _branch_back(select, back, out, code)
            return
    edges = [_edge(select, target) for target in (taken, other)]
    select.branch(condition, *edges)
    for edge, target in zip(edges, (taken, other), strict=True):
        if target.block.params:
            select.start(edge)
            _jump(select, target)


def _can_move_early(select: Selector, back: Target, out: Target) -> bool:
    """Whether a loop's parameters may get their next values before it is decided to go on.

    True where the way out reads neither them nor their next values, but as arguments of its own
    that the parameters then hold.
    """
    if back.block in select.lowered or not back.args or out.block not in select.lowered:
        return False
    live = select.live_in[out.block]
    params = set(back.block.params)
    return live.isdisjoint((*params, *back.args)) and not any(
        arg in params and arg not in back.args for arg in out.args
    )


def _branch_back(select: Selector, back: Target, out: Target, condition: str) -> None:
    """A loop's last branch: no jump around the moves, as they come before it."""
    _move_arguments(select, back, {})
    edge = _edge(select, out)
    select.branch(condition, select.blocks[back.block], edge)
    if out.block.params:
        select.start(edge)
        pairs = zip(back.args, back.block.params, strict=True)
        renamed = {arg: param for arg, param in pairs if constant_of(arg) is None}
        _jump(select, out, renamed)


def _edge(select: Selector, target: Target) -> LirBlock:
    block = select.blocks[target.block]
    if not target.block.params:
        return block
    return LirBlock(-1, min(select.depth, block.depth), block.cold)


@lowers(Op.leave)
def lower_leave(select: Selector, inst: Inst) -> None:
    select.emit_exit("jmp", select.exit(inst.exit))


@lowers(Op.poll)
def lower_poll(select: Selector, inst: Inst) -> None:
    assert inst.exit is not None
    stores = inst.exit.state.stores
    after = Exit(inst.exit.reason, inst.exit.state.storing(())) if stores else inst.exit
    exits = [select.exit(after, kind="raise")]
    if select.lir.guards or stores:
        exits.append(select.exit(after))
    if stores:
        exits.append(store_at_poll(select, inst.exit))
    select.emit_exit("poll", *exits)


@lowers(Op.prepay)
def lower_prepay(select: Selector, inst: Inst) -> None:
    paid = select.register(inst.value)
    select.emit("mov", paid, select.source(inst.args[0]))
    select.emit("cmp", paid, R15)
    select.emit("cmova", paid, R15)
    select.emit("sub", R15, paid)


@lowers(Op.refund)
def lower_refund(select: Selector, inst: Inst) -> None:
    select.emit("add", R15, select.operand(inst.args[0]))


@lowers(Op.ret)
def lower_ret(select: Selector, inst: Inst) -> None:
    if select.function.result is not None:
        _give(select, inst.returned())
        return
    match inst.returned():
        case Value(type="i64") as value:
            select.emit("mov", RDI, select.source(value))
            select.emit("tailcall", select.target.box_int)
        case Unsigned(value):
            select.emit("mov", RDI, select.source(value))
            select.emit("tailcall", select.target.box_unsigned)
        case Value(type="bool") as value:
            _return_bool(select, value)
        case Value(type="f64") as value:
            select.emit("mov", XMM0, select.source(value))
            select.emit("tailcall_float", select.target.box_float)
        case Value() as value:
            select.emit("mov", RAX, select.register(value))
            _return_counted(select)
        case Const(constant):
            return_constant(select, constant)
        case shape:
            _return_shape(select, shape)


def _return_bool(select: Selector, value: Value) -> None:
    return_bool(select, lambda: flags_of(select, value))


def return_bool(select: Selector, flags: Callable[[], str]) -> None:
    """Return True where the condition holds whose flags are set then."""
    target = select.target
    select.emit("mov", RAX, target.false)
    true = select.copy(target.true)
    select.emit("cmov" + flags(), RAX, true)
    _return_counted(select, immortal=target.immortal)


def _give(select: Selector, shape: Shape) -> None:
    """To a native call: by its parts if it is what that expects."""
    assert select.function.result is not None
    parts = parts_of(shape, select.function.result)
    if parts is None or not all(map(_fits, parts)):
        _return_shape(select, shape)
        return
    registers = result_registers(types_of(select.function.result))
    for register, part in zip(registers, parts, strict=True):
        source = _bits(part.value) if isinstance(part, Const) else select.source(part)
        select.emit("mov", register, source)
    select.emit(f"give{len(registers)}", *registers)


def _fits(part: Value | Const) -> bool:
    """Whether a register holds it."""
    return not isinstance(part, Const) or type(part.value) is not int or fits_i64(part.value)


def _bits(constant: object) -> int:
    """What a register has for a number."""
    return bits_of(constant) if isinstance(constant, float) else int(constant)  # type: ignore[call-overload]


def return_constant(select: Selector, constant: object) -> None:
    single = constant is None or isinstance(constant, bool)
    select.emit("mov", RAX, select.address_of(constant))
    _return_counted(select, immortal=single and select.target.immortal)


def _return_counted(select: Selector, *, immortal: bool = False) -> None:
    if not immortal:
        select.emit("incref", RAX, select.temporary())
    select.emit("return")


def _return_shape(select: Selector, shape: Shape) -> None:
    sources: list[Operand] = [select.source(value) for value in values_in(shape)]
    record = ExitRecord("return", shape=shape)
    select.emit_exit("jmp", LirExit(-1, record, list(types_in(shape)), sources))
