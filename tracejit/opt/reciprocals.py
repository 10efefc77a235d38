"""Reciprocals of what a loop divides by again and again, computed where the divisor is.

A remainder then takes two multiplications. Not so the remainder of a sum of what is no product: it
is likely to take one subtraction, see the lowering of divisions.
"""

from __future__ import annotations

from typing import Final

from tracejit.ir.dominators import Loop, dominator_tree, natural_loops
from tracejit.ir.function import Block, Function, Inst
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.value import Value

_FORMS: Final = {
    Op.imod_ovf: (Op.imod_by_ovf, Op.ireciprocal),
    Op.imod_wrap: (Op.imod_by_wrap, Op.ireciprocal),
    Op.umod_wide_ovf: (Op.umod_wide_by_ovf, Op.ureciprocal_wide),
    Op.umod_wide_wrap: (Op.umod_wide_by_wrap, Op.ureciprocal_wide),
}
_SUMS: Final = frozenset((Op.iadd_wrap, Op.iadd_ovf, Op.isub_wrap, Op.isub_ovf))
_PRODUCTS: Final = frozenset((Op.imul_wrap, Op.imul_ovf))


def reciprocals(function: Function) -> None:
    """Let remainders in loops use the reciprocals of their divisors, if no loop changes these."""
    found = [
        (inst, block)
        for block in function.blocks
        for inst in block.insts
        if inst.op in _FORMS and _is_worth_it(function, inst)
    ]
    if not found:
        return
    homes = _homes(function, {inst.args[-1] for inst, _ in found})
    innermost: dict[Block, Loop] = {}
    for loop in natural_loops(function, dominator_tree(function)):
        innermost.update(dict.fromkeys(loop.blocks, loop))
    made: dict[tuple[Value, Opcode], Value] = {}
    for inst, block in found:
        divisor = inst.args[-1]
        if block in innermost and homes[divisor] not in innermost[block].blocks:
            inst.op, op = _FORMS[inst.op]
            if (divisor, op) not in made:
                made[divisor, op] = _reciprocal(function, op, divisor, homes[divisor])
            inst.args = [*inst.args, made[divisor, op]]


def _is_worth_it(function: Function, inst: Inst) -> bool:
    x, divisor = inst.args[0], inst.args[-1]
    if isinstance(divisor.origin, Inst) and divisor.origin.op.has_imm:
        return False
    if len(inst.args) == 3:  # Only a divisor with a register's highest bit needs no shift.
        return function.range_of(divisor)[0] < 0
    origin = x.origin
    return (
        not isinstance(origin, Inst)
        or origin.op not in _SUMS
        or any(isinstance(arg.origin, Inst) and arg.origin.op in _PRODUCTS for arg in origin.args)
    )


def _homes(function: Function, values: set[Value]) -> dict[Value, Block]:
    homes: dict[Value, Block] = {}
    for block in function.blocks:
        homes.update((param, block) for param in block.params if param in values)
        homes.update((inst.value, block) for inst in block.insts if inst.result in values)
    return homes


def _reciprocal(function: Function, op: Opcode, divisor: Value, home: Block) -> Value:
    inst = function.new_inst(op, (divisor,))
    at = home.insts.index(divisor.origin) + 1 if isinstance(divisor.origin, Inst) else 0
    home.insts.insert(at, inst)
    return inst.value
