"""Forwarding through spill slots: what a register still holds is not loaded again.

A walk through each block with what is known of the slots: a register that holds the same, or a
number. Loads become moves, or nothing; stores of what a slot holds already go.
"""

from __future__ import annotations

from typing import TypeAlias

from tracejit.backend.lir import LirBlock, MachInst, Operand, Slot
from tracejit.backend.x64 import FIRST_XMM, ROWS, Register

_MOV, _COPY, _PMOVE = (ROWS[name] for name in ("mov", "copy", "pmove"))

_Known: TypeAlias = dict[Operand, Operand]
"""By slot, the register or the number that is the same."""


def forward(block: LirBlock) -> None:
    """Spare loads and stores of allocated code, in place."""
    known: _Known = {}
    kept: list[MachInst] = []
    for inst in block.insts:
        if inst.op is _PMOVE:
            # The moves that do it stand before it.
            kept.append(inst)
            continue
        if known:
            _read_registers(inst, known)
        op = inst.op
        if op is _MOV:
            target, source = inst.operands
            if inst.virtual is None and (target == source or known.get(target) == source):
                continue
            kept.append(inst)
            if target == source:
                continue
            _forget(known, target)
            if isinstance(target, Slot) and isinstance(source, Register | int):
                known[target] = source
            elif isinstance(source, Slot):
                known[source] = target
            continue
        kept.append(inst)
        if known:
            for register in op.defs:
                _forget(known, register)
            for at in op.writes:
                _forget(known, inst.operands[at])
    block.insts = kept


def _read_registers(inst: MachInst, known: _Known) -> None:
    """Read registers where they hold what would be read from slots."""
    operands, written = inst.operands, inst.op.writes
    for at in inst.op.reads:
        operand = operands[at]
        if type(operand) is not Slot or operand not in known or at in written:
            continue
        same = known[operand]
        if inst.op is _COPY:
            inst.op = _MOV
            operands[at] = same
        elif inst.op is _MOV:
            if isinstance(operands[0], Register) and _alike(operands[0], same):
                operands[at] = same
        elif isinstance(same, Register):
            operands[at] = same


def _alike(target: Register, source: Operand) -> bool:
    """Whether a move between them is an ordinary one."""
    if not isinstance(source, Register):
        return True
    return (target.number < FIRST_XMM) is (source.number < FIRST_XMM)


def _forget(known: _Known, place: Operand) -> None:
    """The place gets another content."""
    known.pop(place, None)
    for slot in [slot for slot, same in known.items() if same == place]:
        del known[slot]
