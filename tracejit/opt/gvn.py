"""Global value numbering: an instruction that a dominating one has computed already is dropped.

A preorder walk of the dominator tree with one table. An entry whose block does not dominate the
current one belongs to a subtree that the walk has left, so it may be overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator

from tracejit.ir.dominators import DominatorTree, dominator_tree
from tracejit.ir.function import Block, Function, Inst
from tracejit.ir.ops import (
    OVF_FORM,
    UNSIGNED_OVF_FORM,
    UNSIGNED_WRAP_FORM,
    WRAP_FORM,
    Op,
    Opcode,
)
from tracejit.ir.value import Value
from tracejit.opt.substitute import substitute

_MIRRORED = {
    Op.igt: Op.ilt,
    Op.ige: Op.ile,
    Op.ugt: Op.ult,
    Op.uge: Op.ule,
    Op.fgt: Op.flt,
    Op.fge: Op.fle,
}
_QUOTIENT = {
    form[Op.imod]: form[Op.ifloordiv]
    for form in (OVF_FORM, WRAP_FORM, UNSIGNED_OVF_FORM, UNSIGNED_WRAP_FORM)
}
"""For each machine remainder, the quotient from which it can be had without a second division."""


def gvn(function: Function) -> None:
    """Replace what is computed again, and remainders of divisions that are there already."""
    table: dict[object, tuple[Value, Block]] = {}
    replaced: dict[Value, Value] = {}
    tree = dominator_tree(function)
    dominates = tree.dominates
    for block in _preorder(tree):
        insts: list[Inst] = []
        for inst in block.insts:
            result = inst.result
            if result is None:
                insts.append(inst)
                continue
            if replaced and not replaced.keys().isdisjoint(inst.args):
                inst.args = [replaced.get(arg, arg) for arg in inst.args]
            if inst.op.effect:
                insts.append(inst)
                continue
            key = key_of(inst)
            found = table.get(key)
            if found is not None and (found[1] is block or dominates(found[1], block)):
                replaced[result] = found[0]
                continue
            if inst.op in _QUOTIENT:
                quotient = table.get((_QUOTIENT[inst.op], *inst.args))
                if quotient is not None and dominates(quotient[1], block):
                    insts.append(_remainder(function, inst, quotient[0]))
            table[key] = (result, block)
            insts.append(inst)
        block.insts = insts
    substitute(function, replaced)


def _preorder(tree: DominatorTree) -> Iterator[Block]:
    stack = [tree.order[0]]
    while stack:
        block = stack.pop()
        yield block
        stack.extend(reversed(tree.children[block]))


def key_of(inst: Inst) -> tuple[object, ...]:
    """What instructions that compute the same have in common."""
    op: Opcode = inst.op
    args = inst.args
    if len(args) == 2:
        a, b = args
        if op.commutes:
            return (op, a, b) if a.id <= b.id else (op, b, a)
        if op in _MIRRORED:
            return (_MIRRORED[op], b, a)
        return (op, a, b)
    # No opcode takes both ints and bools as its constant, so that True == 1 cannot mix them up; and
    # the constants of floats are bits, of which 0.0 and -0.0 have different ones.
    return (op, inst.imm, *args) if op.has_imm else (op, *args)


def _remainder(function: Function, inst: Inst, quotient: Value) -> Inst:
    """Make `inst`, a remainder, `a - quotient * b`; gives the product, to stand before it."""
    a, b = inst.args
    product = function.new_inst(Op.imul_wrap, (quotient, b))
    inst.op, inst.args, inst.exit = Op.isub_wrap, [a, product.value], None
    return product
