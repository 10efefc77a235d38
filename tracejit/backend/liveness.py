"""Where each register is live.

A set of places in the code is held in one integer. The instruction that is the k-th from the end
writes at bit 2k and reads at bit 2k + 1, and a carry goes where liveness goes: it starts at a read
and runs up the code, through all that does not write the register, until a write takes it. One
addition finds a register's live ranges, for sixty-four places by one machine operation, so that the
whole is linear in practice. Two ranges overlap where `a & b` is not zero; their union is `a | b`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from tracejit.backend.lir import (
    LirBlock,
    LirExit,
    LirFunction,
    MachInst,
    Memory,
    Operand,
    VirtualRegister,
)
from tracejit.backend.x64 import FIRST_VIRTUAL, READ, ROWS, WRITE, MachOp, Register

_MOV, _PMOVE = ROWS["mov"], ROWS["pmove"]


@dataclass(slots=True, eq=False)
class Liveness:
    """What the allocator needs to know; lists are by the numbers of registers."""

    insts: list[MachInst]
    """All in the order of the text: the k-th from the end is `insts[~k]`."""
    tops: dict[LirBlock, int]
    """The place right above each block."""
    copies: list[tuple[float, Operand, Operand]]
    """Target and source of each move, and how often it runs, as a guess from loops and coldness."""
    addresses: list[Memory]
    """The operands that are in memory."""
    accesses: list[int]
    """Where each register is written and read."""
    ranges: list[int]
    """Where each register is live."""
    weights: list[float]
    """How often each virtual register is read and written; what only exits read adds nothing."""

    def blocks_at(self, places: int) -> list[LirBlock]:
        """The blocks that have any of the places."""
        ends = [*self.tops.values(), 1][1:]
        spans = zip(self.tops.items(), ends, strict=True)
        return [block for (block, top), end in spans if places & (top - end)]

    def occurrences(self, register: VirtualRegister) -> Iterator[int]:
        """The instructions that write or read it, or an exit of which does: each k, from above."""
        accesses = self.accesses[register.number]
        while accesses:
            number = (accesses.bit_length() - 1) // 2
            yield number
            accesses &= (1 << 2 * number) - 1

    def writes(self, number: int, register: VirtualRegister) -> bool:
        """Whether the instruction that is the k-th from the end writes the register."""
        return bool(self.accesses[register.number] >> 2 * number & WRITE)


def frequency_of(block: LirBlock) -> float:
    return 0.01 * 8.0**block.depth if block.cold else 8.0**block.depth


def live_ranges(function: LirFunction) -> Liveness:
    insts = [inst for block in function.blocks for inst in block.insts]
    count = FIRST_VIRTUAL + len(function.registers)
    found = Liveness(insts, {}, [], [], [0] * count, [], [0.0] * count)
    implicit: dict[MachOp, int] = {}
    place = 2 * len(insts)
    for block in function.blocks:
        found.tops[block] = 1 << place
        _survey(block, place, found, implicit)
        place -= 2 * len(block.insts)
    for op, places in implicit.items():
        for number, access in op.implicit:
            found.accesses[number] |= access * places
    found.ranges = _ranges(found.accesses, _Flow(function.blocks, found.tops), 2 * len(insts))
    return found


def _survey(block: LirBlock, place: int, found: Liveness, implicit: dict[MachOp, int]) -> None:
    """Note what is accessed in the block, which begins below the place.

    In `implicit`, where the instructions are that access registers without naming them.
    """
    accesses, weights, copies = found.accesses, found.weights, found.copies
    frequency = frequency_of(block)
    weight = (0.0, frequency, frequency, 2 * frequency)
    for inst in block.insts:
        place -= 2
        op, operands = inst.op, inst.operands
        named: Iterable[tuple[int, int]] = op.accesses
        if op is _MOV:
            copies.append((frequency, operands[0], operands[1]))
        elif op is _PMOVE:
            copies += zip(repeat(frequency), operands[::2], operands[1::2])
            named = enumerate((WRITE, READ) * (len(operands) // 2))
        if op.implicit:
            implicit[op] = implicit.get(op, 0) | 1 << place
        for at, access in named:
            operand = operands[at]
            kind = type(operand)
            if kind is VirtualRegister:
                number = operand.number  # type: ignore[union-attr]
                accesses[number] |= access << place
                weights[number] += weight[access]
            elif kind is Register:
                accesses[operand.number] |= access << place  # type: ignore[union-attr]
            elif kind is Memory:
                found.addresses.append(operand)  # type: ignore[arg-type]
                for register in operand.registers():  # type: ignore[union-attr]
                    accesses[register.number] |= READ << place
                    weights[register.number] += frequency
        for exit in inst.exits:
            for number in _read_by(exit):
                accesses[number] |= READ << place


def _read_by(exit: LirExit) -> list[int]:
    """The numbers of the registers that hold what the exit needs."""
    operands = [*exit.operands]
    for undo in exit.undo:
        operands += undo.operands
    return [
        operand.number  # type: ignore[union-attr]
        for operand in operands
        if (kind := type(operand)) is VirtualRegister or kind is Register
    ]


class _Flow:
    """Where control goes on: down the text, but for what ends in jumps, and along these."""

    def __init__(self, blocks: Sequence[LirBlock], tops: dict[LirBlock, int]) -> None:
        self.stops = 1
        """The ends of the blocks that do not go on to the next one."""
        self.jumps: dict[int, int] = {}
        """By the top of a block, the ends of those that jump to it."""
        jumps = self.jumps
        for block, below in zip(blocks, [*blocks[1:], None], strict=True):
            # The next block's top is the place at which this one's last instruction would write.
            end = 1 if below is None else tops[below]
            successors = block.successors()
            if below not in successors:
                self.stops |= end
            for successor in successors:
                if successor is not below:
                    top = tops[successor]
                    jumps[top] = jumps.get(top, 0) | end


def _ranges(accesses: Sequence[int], flow: _Flow, places: int) -> list[int]:
    """Where each register is live that is accessed there.

    The carries of `a + b` are `a + b ^ a ^ b`. A carry goes through the places that are only in
    `a`, and starts at those that are in both.
    """
    odd = (1 << places) // 3 << 1
    jumps = flow.jumps
    targets = sum(jumps)
    open = (1 << places) - 1 & ~flow.stops
    found: list[int] = []
    for accessed in accesses:
        if not accessed:
            found.append(0)
            continue
        quiet = open & ~accessed
        starts = accessed & odd
        reached = 0
        while True:
            both = quiet | starts
            live = both + starts ^ both ^ starts
            more = live & targets & ~reached
            if not more:
                break
            reached |= more
            while more:
                top = more & -more
                starts |= jumps[top]
                more ^= top
        found.append(live & open | starts | accessed)
    return found
