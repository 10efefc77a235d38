"""Dead code elimination: what no effect, exit, branch or return depends on, cycles included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Final

from tracejit.ir.function import Function, Inst, rows_of
from tracejit.ir.ops import OVF_FORM, Op, Opcode
from tracejit.ir.shapes import values_in
from tracejit.ir.value import Value
from tracejit.opt.params import keep_params

ROOTS: Final[frozenset[Opcode]] = frozenset(
    op for op in Op.by_name.values() if op.terminator or op.effect or op.exit == "must"
)
"""Opcodes that are needed even if their result is not."""
NEEDED_BEFORE_DECISIONS: Final = ROOTS - {
    machine for exact, machine in OVF_FORM.items() if exact.exit == "may"
}
"""The same while nothing relies yet on a result that does not fit making the code leave."""


def dce(function: Function) -> None:
    """Drop the instructions and the block parameters that nothing needs."""
    drop_dead(function, ROOTS)


def drop_dead(function: Function, roots: Set[Opcode]) -> None:
    """Drop what no instruction with an opcode among the roots depends on."""
    edges = function.edges()
    sources: dict[Value, Sequence[Value]] = {}
    for block, targets in edges.items():
        sources.update(rows_of(block, targets))
    live = _live(function, sources, roots)
    for block in function.blocks:
        block.insts = [
            inst
            for inst in block.insts
            if inst.result is None or inst.result in live or inst.op in roots
        ]
    for block, targets in edges.items():
        keep = [at for at, param in enumerate(block.params) if param in live]
        if len(keep) != len(block.params):
            keep_params(block, targets, keep)


def _live(
    function: Function, sources: Mapping[Value, Sequence[Value]], roots: Set[Opcode]
) -> set[Value]:
    """The values that an instruction which must stay reads, and all that they are made of."""
    live: set[Value] = set()
    work: list[Value] = []
    for block in function.blocks:
        for inst in block.insts:
            if inst.op in roots:
                work += _read(inst)
    for value in work:
        if value not in live:
            live.add(value)
            origin = value.origin
            if type(origin) is not Inst:
                work += sources.get(value, ())
            elif origin.op not in roots and not origin.op.has_imm:
                work += _read(origin)
    return live


def _read(inst: Inst) -> Sequence[Value]:
    """What the instruction reads, but for block arguments."""
    if inst.exit is not None:
        return (*inst.args, *inst.exit.state.values())
    if inst.op is Op.ret:
        return list(values_in(inst.returned()))
    return inst.args
