"""Where each register is live.

A live range is a bit set, held in one integer: instruction k reads at bit 2k and writes at bit
2k + 1. Two ranges overlap where `a & b` is not zero, and their union is `a | b`: one machine
operation for sixty-four positions, so the whole is linear in practice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tracejit.backend.lir import LirBlock, LirFunction, MachInst, Memory, VirtualRegister
from tracejit.backend.x64 import Register

VIRTUAL = 16
"""A register's index: a physical one's number, or this plus a virtual one's number."""


def index_of(register: VirtualRegister | Register) -> int:
    return register.number if type(register) is Register else VIRTUAL + register.number


@dataclass(slots=True, eq=False)
class Liveness:
    """What the allocator needs to know, by register index or by instruction number."""

    insts: list[MachInst] = field(default_factory=list)
    frequency: list[float] = field(default_factory=list)
    """How often each instruction runs, as a guess from loops and coldness."""
    ranges: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    """The frequencies of the reads and writes; what only exits read adds nothing."""
    occurrences: list[list[int]] = field(default_factory=list)
    """The instructions that read or write the register, exits apart."""


def frequency_of(block: LirBlock) -> float:
    return 0.01 * 8.0**block.depth if block.cold else 8.0**block.depth


def reads_of(inst: MachInst) -> Iterator[int]:
    """The registers that the instruction reads, exits apart."""
    op = inst.op
    if op.name == "pmove":
        for operand in inst.operands[1::2]:
            if type(operand) is VirtualRegister or type(operand) is Register:
                yield index_of(operand)
        return
    for operand, role in zip(inst.operands, op.roles, strict=False):
        kind = type(operand)
        if kind is VirtualRegister:
            if role != "d":
                yield VIRTUAL + operand.number  # type: ignore[union-attr]
        elif kind is Register:
            if role != "d":
                yield operand.number  # type: ignore[union-attr]
        elif kind is Memory:
            yield from _address(operand)  # type: ignore[arg-type]
    for register in op.uses:
        yield register.number


def _address(memory: Memory) -> Iterator[int]:
    yield index_of(memory.base)
    if memory.index is not None:
        yield index_of(memory.index)


def writes_of(inst: MachInst) -> Iterator[int]:
    """The registers that the instruction writes."""
    op = inst.op
    operands = inst.operands
    if op.name == "pmove":
        operands, roles = operands[::2], "d" * len(operands)
    else:
        roles = op.roles
    for operand, role in zip(operands, roles, strict=False):
        if role == "d" or role == "m":
            kind = type(operand)
            if kind is VirtualRegister:
                yield VIRTUAL + operand.number  # type: ignore[union-attr]
            elif kind is Register:
                yield operand.number  # type: ignore[union-attr]
    for register in op.defs:
        yield register.number


def exit_reads_of(inst: MachInst) -> Iterator[int]:
    """The registers that the instruction's exits read."""
    for exit in inst.exits:
        for _, operand in exit.values:
            if type(operand) is VirtualRegister or type(operand) is Register:
                yield index_of(operand)
        if exit.undo is not None:
            for operand in exit.undo.operands:
                if type(operand) is VirtualRegister or type(operand) is Register:
                    yield index_of(operand)


def live_out(blocks: list[LirBlock], accesses: list[_Accesses]) -> dict[LirBlock, int]:
    """The registers live at each block's end, as a bit set by index."""
    exposed, written = [], []
    at = 0
    for block in blocks:
        reads = kills = 0
        for reads_here, writes_here, exit_reads in reversed(accesses[at : at + len(block.insts)]):
            for index in writes_here:
                kills |= 1 << index
                reads &= ~(1 << index)
            for index in reads_here:
                reads |= 1 << index
            for index in exit_reads:
                reads |= 1 << index
        exposed.append(reads)
        written.append(kills)
        at += len(block.insts)
    out = dict.fromkeys(blocks, 0)
    into = dict(zip(blocks, exposed, strict=True))
    successors = {block: list(block.successors()) for block in blocks}
    changed = True
    while changed:
        changed = False
        for number in range(len(blocks) - 1, -1, -1):
            block = blocks[number]
            live = 0
            for successor in successors[block]:
                live |= into[successor]
            if live != out[block]:
                out[block] = live
                into[block] = exposed[number] | (live & ~written[number])
                changed = True
    return out


_Accesses = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""Reads, writes, and reads by exits of one instruction."""


def live_ranges(function: LirFunction) -> Liveness:
    count = VIRTUAL + function.next_register
    found = Liveness(
        ranges=[0] * count, weights=[0.0] * count, occurrences=[[] for _ in range(count)]
    )
    accesses: list[_Accesses] = []
    for block in function.blocks:
        frequency = frequency_of(block)
        for inst in block.insts:
            exit_reads = tuple(exit_reads_of(inst)) if inst.exits else ()
            access = tuple(reads_of(inst)), tuple(writes_of(inst)), exit_reads
            number = len(accesses)
            accesses.append(access)
            found.insts.append(inst)
            found.frequency.append(frequency)
            for index in {*access[0], *access[1]}:
                found.weights[index] += frequency
                found.occurrences[index].append(number)
    out = live_out(function.blocks, accesses)
    at = 0
    for block in function.blocks:
        end = at + len(block.insts)
        _add_ranges(found.ranges, accesses, at, end, out[block])
        at = end
    return found


def _add_ranges(
    ranges: list[int], accesses: list[_Accesses], start: int, end: int, live_after: int
) -> None:
    """Walk a block backwards; `ends` has, for each live register, the bit where its range ends."""
    ends: dict[int, int] = {}
    while live_after:
        lowest = live_after & -live_after
        ends[lowest.bit_length() - 1] = 2 * end
        live_after ^= lowest
    for number in range(end - 1, start - 1, -1):
        reads, writes, exit_reads = accesses[number]
        at = 2 * number + 1
        for index in writes:
            stop = ends.pop(index, at + 1)
            ranges[index] |= ((1 << (stop - at)) - 1) << at
        for index in reads:
            if index not in ends:
                ends[index] = at
        for index in exit_reads:
            if index not in ends:
                ends[index] = at
    for index, stop in ends.items():
        ranges[index] |= ((1 << (stop - 2 * start)) - 1) << (2 * start)
