"""The IR's grammar, checked after every pass: a pass that breaks it is caught where it did."""

from __future__ import annotations

from typing import Literal, TypeAlias

from tracejit.ir.dominators import DominatorTree, dominator_tree
from tracejit.ir.function import Block, Function, Inst
from tracejit.ir.ops import CALLS, PARTS, Op, Opcode
from tracejit.ir.printer import print_inst
from tracejit.ir.structures import types_of
from tracejit.ir.types import BOOL, I64, INT, fits_i64, fits_u64
from tracejit.ir.value import Value

Stage: TypeAlias = Literal["exact", "machine"]
"""Before or after the narrow pass."""


class MalformedIR(AssertionError):
    """The function breaks a rule of the IR."""


def verify(function: Function, stage: Stage) -> None:
    """Raise MalformedIR, naming the block and the instruction, where the function breaks a rule."""
    if not function.blocks:
        raise MalformedIR(f"{function.name} has no blocks")
    known = set(function.blocks)
    defined: dict[Value, tuple[Block, int]] = {}
    ids: set[int] = set()
    for block in function.blocks:
        _check_block(block, known)
        for position, value in _definitions(block):
            if value.id in ids:
                raise MalformedIR(f"{block} defines {value} a second time")
            ids.add(value.id)
            defined[value] = (block, position)
            if (value.type == INT and stage == "machine") or (
                value.type == I64 and stage == "exact"
            ):
                raise MalformedIR(f"{block} defines {value}: {value.type} in the {stage} stage")
    if any(function.entry in block.successors() for block in function.blocks):
        raise MalformedIR("the entry has a predecessor")
    tree = dominator_tree(function)
    for block in tree.order:
        _check_parts(block, function)
        for position, inst in enumerate(block.insts):
            try:
                _check_inst(inst, stage, function)
                _check_uses(inst, block, position, defined, tree)
            except MalformedIR as error:
                raise MalformedIR(f"{block}: {print_inst(inst)}: {error}") from None


def _definitions(block: Block) -> list[tuple[int, Value]]:
    found = [(-1, param) for param in block.params]
    found += [(at, inst.result) for at, inst in enumerate(block.insts) if inst.result is not None]
    for position, value in found:
        origin = block if position < 0 else block.insts[position]
        if value.origin is not origin:
            raise MalformedIR(f"{block}: {value}'s origin is not what defines it")
    return found


def _check_block(block: Block, known: set[Block]) -> None:
    if not block.insts or not block.terminator.op.terminator:
        raise MalformedIR(f"{block} does not end in a terminator")
    if any(inst.op.terminator for inst in block.insts[:-1]):
        raise MalformedIR(f"{block} has a terminator before its end")
    for target in block.terminator.targets:
        if target.block not in known:
            raise MalformedIR(f"{block} jumps to {target.block}, which is not in the function")
        given = [arg.type for arg in target.args]
        taken = [param.type for param in target.block.params]
        if given != taken:
            raise MalformedIR(f"{block} gives {target.block} {given} for {taken}")


_TARGETS = {Op.jump: 1, Op.br_if: 2}


def _check_inst(inst: Inst, stage: Stage, function: Function) -> None:
    op = inst.op
    if op.only not in ("both", stage):
        raise MalformedIR(f"not an opcode of the {stage} stage")
    operands = op.operands
    if op in CALLS.values():
        if not isinstance(inst.imm, int) or not 0 <= inst.imm < len(function.natives):
            raise MalformedIR("calls what is not compiled along")
        callee = function.natives[inst.imm]
        # That may be in the other stage.
        types = [param.type for param in callee.passed()]
        operands = tuple([INT if type == I64 else type for type in types])
        if callee.result is None or _given_by(callee)[0] is not op:
            raise MalformedIR("expects another result")
    if len(inst.args) != len(operands):
        raise MalformedIR(f"takes {len(operands)} operands")
    integer = INT if stage == "exact" else I64
    free = [arg.type for arg, type in zip(inst.args, operands, strict=True) if type is None]
    for arg, type in zip(inst.args, operands, strict=True):
        taken = free[0] if type is None else integer if type == INT else type
        if arg.type != taken:
            raise MalformedIR(f"{arg} is {arg.type}, not {taken}")
    if (inst.result is None) != (op.result is None):
        raise MalformedIR("has a result where it should have none, or none where it should")
    if inst.result is not None:
        given = free[0] if op.result == "same" else integer if op.result == INT else op.result
        if inst.result.type != given:
            raise MalformedIR(f"results in {inst.result.type}, not {given}")
    if op.exit == "must" and inst.exit is None:
        raise MalformedIR("lacks its exit")
    if stage == "machine" and op.exit == "never" and inst.exit is not None:
        raise MalformedIR("has an exit that it can never take")
    if len(inst.targets) != _TARGETS.get(op, 0):
        raise MalformedIR("has the wrong number of targets")
    _check_immediate(inst, stage)


def _given_by(callee: Function) -> tuple[Opcode, ...]:
    """The opcodes of a call, and of the other parts of the result."""
    assert callee.result is not None
    types = types_of(callee.result)
    return CALLS[types[0] if types else None], *[PARTS[type] for type in types[1:]]


def _check_parts(block: Block, function: Function) -> None:
    """What else a call gives comes right behind it, in order."""
    expected: list[tuple[int, Opcode]] = []
    for inst in block.insts:
        if expected:
            if (inst.imm, inst.op) != expected.pop(0):
                raise MalformedIR(f"{block}: {print_inst(inst)}: comes before a part of a result")
        elif inst.op in PARTS.values():
            raise MalformedIR(f"{block}: {print_inst(inst)}: is no part of a result")
        if inst.op in CALLS.values():
            assert isinstance(inst.imm, int)
            expected = [*enumerate(_given_by(function.natives[inst.imm]))][1:]


def _check_immediate(inst: Inst, stage: Stage) -> None:
    match inst.op:
        case Op.iconst:
            if type(inst.imm) is not int:
                raise MalformedIR("its constant is not an int")
            if stage == "machine" and not fits_i64(inst.imm):
                raise MalformedIR("its constant does not fit 64 bits")
        case Op.bconst:
            if type(inst.imm) is not bool:
                raise MalformedIR("its constant is not a bool")
        case Op.fconst:
            if type(inst.imm) is not int or not fits_u64(inst.imm):
                raise MalformedIR("its constant is not the bits of a float")
        case Op.br_if:
            assert inst.args[0].type == BOOL


def _check_uses(
    inst: Inst,
    block: Block,
    position: int,
    defined: dict[Value, tuple[Block, int]],
    tree: DominatorTree,
) -> None:
    for value in inst.uses():
        if value not in defined:
            raise MalformedIR(f"{value} is defined nowhere")
        home, at = defined[value]
        ahead = (
            at < position if home is block else home in tree.idom and tree.dominates(home, block)
        )
        if not ahead:
            raise MalformedIR(f"{value} is not defined on every path to here")
