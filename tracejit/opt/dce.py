"""Dead code elimination: what no effect, exit, branch or return depends on, cycles included."""

from __future__ import annotations

from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import OVF_FORM, Op, Opcode
from tracejit.ir.shapes import values_in
from tracejit.ir.value import Value
from tracejit.opt.params import keep_params

_DROPPABLE = frozenset(machine for exact, machine in OVF_FORM.items() if exact.exit == "may")
"""Machine opcodes that leave only because their result would not fit: nobody misses it."""
ROOTS: frozenset[Opcode] = frozenset(
    op
    for op in Op.by_name.values()
    if op.terminator or op.effect or (op.exit == "must" and op not in _DROPPABLE)
)
"""Opcodes that are needed even if their result is not."""


def dce(function: Function) -> None:
    """Drop the instructions and the block parameters that nothing needs."""
    sources: dict[Value, list[Value]] = {}
    edges: dict[Block, list[Target]] = {}
    for block in function.blocks:
        for target in block.insts[-1].targets:
            if target.args:
                edges.setdefault(target.block, []).append(target)
                for param, arg in zip(target.block.params, target.args, strict=True):
                    sources.setdefault(param, []).append(arg)
    live = _live(function, sources)
    for block in function.blocks:
        block.insts = [
            inst
            for inst in block.insts
            if inst.result is None or inst.result in live or inst.op in ROOTS
        ]
    for block, targets in edges.items():
        keep = [at for at, param in enumerate(block.params) if param in live]
        if len(keep) != len(block.params):
            keep_params(block, targets, keep)


def _live(function: Function, sources: dict[Value, list[Value]]) -> set[Value]:
    """The values that an instruction which must stay reads, and all that they are made of."""
    work: list[Value] = []
    for block in function.blocks:
        for inst in block.insts:
            if inst.op in ROOTS:
                _read(inst, work)
    live: set[Value] = set()
    while work:
        value = work.pop()
        if value in live:
            continue
        live.add(value)
        origin = value.origin
        if isinstance(origin, Inst):
            if origin.op not in ROOTS:
                _read(origin, work)
        else:
            work.extend(sources.get(value, ()))
    return live


def _read(inst: Inst, work: list[Value]) -> None:
    """Add what the instruction reads, but for block arguments, to the work."""
    work.extend(inst.args)
    if inst.exit is not None:
        work.extend(inst.exit.state.values())
    if inst.op is Op.ret:
        work.extend(values_in(inst.returned()))
