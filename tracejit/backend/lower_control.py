"""Lowering of jumps, branches, polls and returns."""

from __future__ import annotations

from tracejit.backend.exits import ExitRecord
from tracejit.backend.lir import LirBlock, LirExit, Operand
from tracejit.backend.lower_comparison import flags_of
from tracejit.backend.selection import Selector, lowers
from tracejit.backend.x64 import RAX, RDI
from tracejit.ir.function import Inst, Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, Shape, values_in
from tracejit.ir.value import Value


@lowers(Op.jump)
def lower_jump(select: Selector, inst: Inst) -> None:
    _jump(select, inst.targets[0])


def _jump(select: Selector, target: Target) -> None:
    """Give the parameters that anything reads their values, and jump."""
    moves: list[Operand] = []
    lowered = target.block in select.lowered
    for param, arg in zip(target.block.params, target.args, strict=True):
        if not lowered or param in select.registers:
            moves += [select.place(param), select.source(arg)]
    if moves:
        select.emit("pmove", *moves)
    select.emit("jmp", select.blocks[target.block])


@lowers(Op.br_if)
def lower_br_if(select: Selector, inst: Inst) -> None:
    """Each successor that takes arguments is reached through a block of its own, for the moves."""
    taken, other = inst.targets
    edges = [_edge(select, target) for target in (taken, other)]
    condition = flags_of(select, inst.args[0])
    select.branch(condition, *edges)
    for edge, target in zip(edges, (taken, other), strict=True):
        if target.block.params:
            select.start(edge)
            _jump(select, target)


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
    exits = [select.exit(inst.exit, kind="raise")]
    if select.lir.guards:
        exits.append(select.exit(inst.exit))
    select.emit_exit("poll", *exits)


@lowers(Op.ret)
def lower_ret(select: Selector, inst: Inst) -> None:
    match inst.returned():
        case Value(type="i64") as value:
            select.emit("mov", RDI, select.source(value))
            select.emit("tailcall", select.target.box_int)
        case Value(type="bool") as value:
            _return_bool(select, value)
        case Value() as value:
            select.emit("mov", RAX, select.register(value))
            _return_counted(select)
        case Const(constant):
            _return_constant(select, constant)
        case shape:
            _return_shape(select, shape)


def _return_bool(select: Selector, value: Value) -> None:
    target = select.target
    select.emit("mov", RAX, target.false)
    true = select.copy(target.true)
    select.emit("cmov" + flags_of(select, value), RAX, true)
    _return_counted(select, immortal=target.immortal)


def _return_constant(select: Selector, constant: object) -> None:
    select.lir.constants.append(constant)
    singletons = {None: select.target.none, True: select.target.true, False: select.target.false}
    single = constant is None or constant is True or constant is False
    address = singletons[constant] if single else id(constant)  # type: ignore[index]
    select.emit("mov", RAX, address)
    _return_counted(select, immortal=single and select.target.immortal)


def _return_counted(select: Selector, *, immortal: bool = False) -> None:
    if not immortal:
        select.emit("incref", RAX, select.temporary())
    select.emit("return")


def _return_shape(select: Selector, shape: Shape) -> None:
    operands = [(value.type, select.source(value)) for value in values_in(shape)]
    select.emit_exit("jmp", LirExit(-1, ExitRecord("return", None, shape), list(operands)))
