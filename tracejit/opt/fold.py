"""Constant folding: what constants give, and what else the rules of `algebra` make cheaper."""

from __future__ import annotations

from typing import Any

from tracejit.ir.function import Function, Inst
from tracejit.ir.ops import Op, Opcode, Undefined
from tracejit.ir.types import F64, INT, bits_of, fits_i64, fits_u64
from tracejit.ir.value import Value
from tracejit.opt.algebra import RULES, SWAPPED, Answer, Computed, Known
from tracejit.opt.substitute import substitute

_MAX_STEPS = 8
"""How many rules may apply to one instruction, one after the other."""


def fold(function: Function) -> None:
    """Apply the rules to every instruction, operands first."""
    known: dict[Value, Any] = {}
    replaced: dict[Value, Value] = {}
    for block in function.blocks:
        insts: list[Inst] = []
        for inst in block.insts:
            if inst.op.has_imm:
                known[inst.value] = inst.constant()
            elif inst.op in RULES or inst.op is Op.br_if:
                if replaced and not replaced.keys().isdisjoint(inst.args):
                    inst.args = [replaced.get(arg, arg) for arg in inst.args]
                same = _fold(function, inst, known, insts)
                if same is not None:
                    replaced[inst.value] = same
                    continue
            insts.append(inst)
        block.insts = insts
    substitute(function, replaced)


def _fold(
    function: Function, inst: Inst, known: dict[Value, Any], before: list[Inst]
) -> Value | None:
    """Fold in place, new constants going to `before`; or the value that the result equals."""
    if inst.op is Op.br_if:
        _swap_targets(inst)
        return None
    for _ in range(_MAX_STEPS):
        constants = [known.get(arg) for arg in inst.args]
        answer = _answer(inst, constants)
        match answer:
            case None:
                return None
            case Value():
                return answer
            case int() | float():
                _become_constant(inst, answer)
                known[inst.value] = answer
                return None
            case op, args:
                _become(function, inst, op, args, known, before)
    return None


def _answer(inst: Inst, constants: Known) -> Answer:
    if None not in constants:
        computed = _compute(inst, constants)
        if computed is not None:
            return computed
    op = inst.op
    rule, forms = RULES[op]
    if len(constants) == 2 and constants[0] is not None and constants[1] is None:
        # c + x -> x + c, c < x -> x > c
        if op.commutes:
            return op, [inst.args[1], inst.args[0]]
        if op in SWAPPED:
            return SWAPPED[op], [inst.args[1], inst.args[0]]
    answer = rule(inst.args, constants)
    if isinstance(answer, tuple) and forms:
        return forms.get(answer[0], answer[0]), answer[1]
    return answer


def _compute(inst: Inst, constants: Known) -> float | None:
    """The result of constant operands; None where it is undefined or no register holds it."""
    assert inst.op.meaning is not None
    try:
        result = inst.op.meaning(*constants)
    except Undefined:
        return None
    fits = (
        inst.value.type == F64 or fits_i64(result) or (fits_u64(result) and inst.value.type == INT)
    )
    return result if fits else None


def _become_constant(inst: Inst, constant: float) -> None:
    match inst.value.type:
        case "bool":
            inst.op, inst.imm = Op.bconst, bool(constant)
        case "f64":
            inst.op, inst.imm = Op.fconst, bits_of(constant)
        case _:
            inst.op, inst.imm = Op.iconst, int(constant)
    inst.args, inst.exit = [], None


def _become(
    function: Function,
    inst: Inst,
    op: Opcode,
    parts: list[Value | float | Computed],
    known: dict[Value, Any],
    before: list[Inst],
) -> None:
    args = [_operand(function, inst, part, known, before) for part in parts]
    inst.op, inst.args = op, args
    _drop_needless_exit(inst)


def _operand(
    function: Function,
    inst: Inst,
    part: Value | float | Computed,
    known: dict[Value, Any],
    before: list[Inst],
) -> Value:
    if isinstance(part, Value):
        return part
    if isinstance(part, tuple):
        op, parts = part
        args = [_operand(function, inst, part, known, before) for part in parts]
        made = function.new_inst(op, args, exit=inst.exit)
        _drop_needless_exit(made)
    elif type(part) is float:
        made = function.new_inst(Op.fconst, imm=bits_of(part))
        known[made.value] = part
    else:
        made = function.new_inst(Op.iconst, imm=part, type=inst.args[-1].type)
        known[made.value] = part
    before.append(made)
    return made.value


def _drop_needless_exit(inst: Inst) -> None:
    if inst.op.exit == "never" and inst.args[0].type != INT:  # On exact integers it may leave yet.
        inst.exit = None


def _swap_targets(inst: Inst) -> None:
    """br_if not c, a, b -> br_if c, b, a"""
    origin = inst.args[0].origin
    if isinstance(origin, Inst) and origin.op is Op.bnot:
        inst.args = origin.args[:]
        inst.targets.reverse()
