"""Comparisons that are not needed, as the instruction before has set the same flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracejit.backend.lir import MachInst, Memory, Operand, Slot
from tracejit.backend.lir import inst as make
from tracejit.backend.x64 import INVERSE, RCX, MachOp, Register

_BITWISE: Final = frozenset(("and", "or", "xor"))
"""Set every flag as `test` does by their result."""
_BY_RESULT: Final = _BITWISE | {"add", "sub", "neg", "shl", "shr", "sar"}
"""Set ZF and SF so; a shift does if it shifts at all."""
_COMPARISONS: Final = frozenset(("cmp", "test"))
_OF_RESULT: Final = frozenset(("e", "ne", "s", "ns"))
"""The conditions that read no other flags."""
_READERS: Final = {
    prefix + condition: condition
    for condition in INVERSE
    for prefix in ("j", "cmov", "set", "miss")
}
_KEEPERS: Final = {*_READERS, "mov", "mov32", "lea", "not", "bswap", "xchg", "copy", "swap"}
"""What leaves the flags as they are."""


def drop_tests(insts: Sequence[MachInst], last: MachInst | None) -> list[MachInst]:
    """The instructions of a block, which `last` follows, without tests of what is in the flags."""
    comparisons = [name for inst in insts if (name := inst.op.mnemonic) in _COMPARISONS]
    if comparisons in ([], ["cmp"]):
        # What compares two operands is dropped only if it does so again.
        return list(insts)
    kept: list[MachInst] = []
    known: list[Operand] = []
    """What the flags are by: two that were compared, or twice what was compared with 0."""
    writer = None
    for at, inst in enumerate(insts):
        op = inst.op
        if (
            writer is not None
            and inst.operands == known
            and _tells_the_same(op, writer.op)
            and (
                op is writer.op
                or writer.op.mnemonic in _BITWISE
                or _read(insts, at, last) <= _OF_RESULT
            )
        ):
            continue
        if (
            op.name == "test"
            and kept
            and (summed := _as_sum(kept[-1], inst))
            and _read(insts, at, last) <= _OF_RESULT
        ):
            kept[-1:] = summed
            known, writer = inst.operands, kept[-1]
            continue
        kept.append(inst)
        if op.mnemonic in _BY_RESULT and _sets_flags(inst):
            known, writer = inst.operands[:1] * 2, inst
        elif op.mnemonic == "cmp" and Memory not in map(type, inst.operands):
            known, writer = inst.operands, inst
        elif writer is not None and not _keeps(inst, known):
            known, writer = [], None
    return kept


def _keeps(inst: MachInst, known: Sequence[Operand]) -> bool:
    """Whether flags are by the same afterwards as before."""
    if inst.op.name not in _KEEPERS:
        return False
    return not any(inst.operands[place] in known for place in inst.op.writes)


def _tells_the_same(op: MachOp, writer: MachOp) -> bool:
    """Whether the instruction compares what the one that has set the flags has compared."""
    if op.mnemonic == "cmp":
        return op is writer
    return op.mnemonic == "test" and writer.mnemonic in _BY_RESULT and op.size == writer.size


def _as_sum(inst: MachInst, test: MachInst) -> list[MachInst]:
    """Instead of an address that is tested at once, the same as a sum, if it is one of two."""
    if inst.op.name != "lea" or not inst.operands[0] == test.operands[0] == test.operands[1]:
        return []
    d, place = inst.operands
    assert isinstance(place, Memory)
    a: Operand = place.base
    b: Operand = place.displacement if place.index is None else place.index
    if place.index is not None and (place.displacement or place.scale != 1):
        return []
    if b == d:
        a, b = b, a
    return [*([make("mov", d, a)] if a != d else []), make("add", d, b)]


def _sets_flags(inst: MachInst) -> bool:
    place, count = inst.operands[0], inst.operands[-1]
    return isinstance(place, Register | Slot) and not (
        inst.op.mnemonic in ("shl", "shr", "sar") and (count is RCX or count == 0)
    )


def _read(insts: Sequence[MachInst], at: int, last: MachInst | None) -> set[str]:
    """The conditions that are read of the flags that the instruction at this place sets."""
    found: set[str] = set()
    for inst in [*insts[at + 1 :], *((last,) if last is not None else ())]:
        if inst.op.name in _READERS:
            found.add(_READERS[inst.op.name])
        elif inst.op.name not in _KEEPERS:
            break
    return found
