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


def drop_tests(insts: list[MachInst], last: MachInst | None) -> list[MachInst]:
    """The instructions of a block, which `last` follows, without tests of what is in the flags."""
    comparisons = [at for at, inst in enumerate(insts) if inst.op.mnemonic in _COMPARISONS]
    kept: list[MachInst] = []
    done = 0
    for at in comparisons:
        kept += insts[done:at]
        test = insts[at]
        done = at + 1
        if _is_known(test, kept, insts[done:], last):
            continue
        summed = _as_sum(kept[-1], test) if kept and test.op.name == "test" else []
        if summed and _read(insts[done:], last) <= _OF_RESULT:
            kept[-1:] = summed
        else:
            kept.append(test)
    return kept + insts[done:] if comparisons else insts


def _is_known(
    test: MachInst, above: Sequence[MachInst], below: Sequence[MachInst], last: MachInst | None
) -> bool:
    """Whether the flags are, as far as anything reads them, as the comparison sets them."""
    writer, known = _writer(above)
    if writer is None or test.operands != known or not _tells_the_same(test.op, writer):
        return False
    if test.op is writer or writer.mnemonic in _BITWISE:
        return True
    return _read(below, last) <= _OF_RESULT


def _writer(insts: Sequence[MachInst]) -> tuple[MachOp | None, Sequence[Operand]]:
    """What has set the flags, and what they are by.

    Two operands that were compared, or twice what was compared with 0.
    """
    written: list[Operand] = []
    for inst in reversed(insts):
        op, operands = inst.op, inst.operands
        if op.name in _KEEPERS:
            written += [operands[place] for place in op.writes]
            continue
        if op.mnemonic in _BY_RESULT and _sets_flags(inst):
            known = operands[:1] * 2
        elif op.mnemonic == "cmp" and Memory not in map(type, operands):
            known = operands
        else:
            break
        return (None, []) if any(place in known for place in written) else (op, known)
    return None, []


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


def _read(insts: Sequence[MachInst], last: MachInst | None) -> set[str]:
    """The conditions that the instructions, and what follows, read of the flags before them."""
    found: set[str] = set()
    for inst in [*insts, *((last,) if last is not None else ())]:
        if inst.op.name in _READERS:
            found.add(_READERS[inst.op.name])
        elif inst.op.name not in _KEEPERS:
            break
    return found
