"""Where each register is live.

A live range is a bit set, held in one integer: instruction k reads at bit 2k and writes at bit
2k + 1. Two ranges overlap where `a & b` is not zero, and their union is `a | b`: one machine
operation for sixty-four positions, so the whole is linear in practice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracejit.backend.lir import LirBlock, LirFunction, MachInst, Memory, Operand, VirtualRegister
from tracejit.backend.x64 import ROWS, Register

_MOV, _PMOVE = ROWS["mov"], ROWS["pmove"]
VIRTUAL = 32
"""A register's index: a physical one's number, or this plus a virtual one's number."""


def index_of(register: VirtualRegister | Register) -> int:
    return register.number if type(register) is Register else VIRTUAL + register.number


Accesses: TypeAlias = tuple[list[int], list[int], Sequence[int]]
"""The registers that an instruction reads, those that it writes, those that its exits read."""


@dataclass(slots=True, eq=False)
class Liveness:
    """What the allocator needs to know, by register index or by instruction number."""

    insts: list[MachInst]
    accesses: list[Accesses]
    copies: list[tuple[float, MachInst]]
    """The moves, with how often each runs, as a guess from loops and coldness."""
    ranges: list[int]
    weights: list[float]
    """How often each register is read and written; what only exits read adds nothing."""

    def occurrences(self) -> list[list[int]]:
        """By register, the instructions that read or write it, exits apart."""
        found: list[list[int]] = [[] for _ in self.ranges]
        for number, (reads, writes, _) in enumerate(self.accesses):
            for index in {*reads, *writes}:
                found[index].append(number)
        return found


def frequency_of(block: LirBlock) -> float:
    return 0.01 * 8.0**block.depth if block.cold else 8.0**block.depth


def accesses_of(inst: MachInst) -> Accesses:
    op = inst.op
    if op is _PMOVE:
        return _indices(inst.operands[1::2]), _indices(inst.operands[::2]), ()
    operands = inst.operands
    reads, writes = [*op.used], [*op.defined]
    for at in op.reads:
        operand = operands[at]
        kind = type(operand)
        if kind is VirtualRegister:
            reads.append(VIRTUAL + operand.number)  # type: ignore[union-attr]
        elif kind is Register:
            reads.append(operand.number)  # type: ignore[union-attr]
        elif kind is Memory:
            reads.append(index_of(operand.base))  # type: ignore[union-attr]
            if operand.index is not None:  # type: ignore[union-attr]
                reads.append(index_of(operand.index))  # type: ignore[union-attr, arg-type]
    for at in op.writes:
        operand = operands[at]
        kind = type(operand)
        if kind is VirtualRegister:
            writes.append(VIRTUAL + operand.number)  # type: ignore[union-attr]
        elif kind is Register:
            writes.append(operand.number)  # type: ignore[union-attr]
        elif kind is Memory:
            reads.append(index_of(operand.base))  # type: ignore[union-attr]
    if not inst.exits:
        return reads, writes, ()
    exit_reads: list[int] = []
    for exit in inst.exits:
        exit_reads += _indices([operand for _, operand in exit.values])
        for undo in exit.undo:
            exit_reads += _indices(undo.operands)
    return reads, writes, exit_reads


def _indices(operands: Iterable[Operand]) -> list[int]:
    found = []
    for operand in operands:
        kind = type(operand)
        if kind is VirtualRegister:
            found.append(VIRTUAL + operand.number)  # type: ignore[union-attr]
        elif kind is Register:
            found.append(operand.number)  # type: ignore[union-attr]
    return found


def live_ranges(function: LirFunction) -> Liveness:
    count = VIRTUAL + function.next_register
    found = Liveness([], [], [], [0] * count, [0.0] * count)
    exposed: dict[LirBlock, int] = {}
    written: dict[LirBlock, int] = {}
    for block in function.blocks:
        exposed[block], written[block] = _survey(block, found)
    out = live_out(function.blocks, exposed, written)
    into = {block: exposed[block] | (out[block] & ~written[block]) for block in function.blocks}
    _add_ranges(found, function.blocks, into, out)
    return found


def _survey(block: LirBlock, found: Liveness) -> tuple[int, int]:
    """Note the block's accesses: what it reads before it writes it, and what it writes, as sets."""
    frequency = frequency_of(block)
    accesses, copies = found.accesses, found.copies
    exposed: set[int] = set()
    written: set[int] = set()
    for inst in block.insts:
        access = accesses_of(inst)
        accesses.append(access)
        reads, writes, exit_reads = access
        for index in reads:
            if index not in written:
                exposed.add(index)
        for index in exit_reads:
            if index not in written:
                exposed.add(index)
        for index in writes:
            written.add(index)
        if inst.op is _MOV or inst.op is _PMOVE:
            copies.append((frequency, inst))
    found.insts += block.insts
    return _bits(exposed), _bits(written)


def live_out(
    blocks: list[LirBlock], exposed: dict[LirBlock, int], written: dict[LirBlock, int]
) -> dict[LirBlock, int]:
    """The registers live at each block's end, as a bit set by index."""
    into, out = dict(exposed), dict.fromkeys(blocks, 0)
    successors = [
        (block, following) for block in reversed(blocks) if (following := block.successors())
    ]
    changed = True
    while changed:
        changed = False
        for block, following in successors:
            live = 0
            for successor in following:
                live |= into[successor]
            if live != out[block]:
                out[block] = live
                into[block] = exposed[block] | (live & ~written[block])
                changed = True
    return out


def _bits(indices: Iterable[int]) -> int:
    bits = 0
    for index in indices:
        bits |= 1 << index
    return bits


def _add_ranges(
    found: Liveness, blocks: list[LirBlock], into: dict[LirBlock, int], out: dict[LirBlock, int]
) -> None:
    """Walk the code backwards; `ends` has, for each live register, the bit where its range ends.

    A range goes on into the block above it in the text unless the register is dead there.
    """
    ranges, weights, accesses = found.ranges, found.weights, found.accesses
    ends: dict[int, int] = {}
    live_below = 0
    number = len(accesses)
    for block in reversed(blocks):
        live = out[block]
        frequency = frequency_of(block)
        bound = 2 * number
        for index in _members(live_below & ~live):
            ranges[index] |= (1 << ends.pop(index)) - (1 << bound)
        for index in _members(live & ~live_below):
            ends[index] = bound
        for _ in block.insts:
            number -= 1
            reads, writes, exit_reads = accesses[number]
            at = 2 * number + 1
            for index in writes:
                weights[index] += frequency
                if index in ends:
                    ranges[index] |= (1 << ends.pop(index)) - (1 << at)
                else:
                    ranges[index] |= 1 << at
            for index in reads:
                weights[index] += frequency
                if index not in ends:
                    ends[index] = at
            for index in exit_reads:
                if index not in ends:
                    ends[index] = at
        live_below = into[block]
    for index, end in ends.items():
        ranges[index] |= (1 << end) - 1


def _members(bits: int) -> list[int]:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
