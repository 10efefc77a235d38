"""Idiom recognition: shifts and masks that put the bytes of a register in the other order.

What is put together from shifted and masked parts of one value is known by where the value's bits
go, and so is what is put together from parts of that (LLVM's recognizeBSwapOrBitReverseIdiom tells
it bit by bit).
"""

from __future__ import annotations

from typing import Final, TypeAlias

from tracejit.ir.function import Block, Function, Inst, constant_of
from tracejit.ir.ops import Op
from tracejit.ir.types import I64, U64_MAX, WORD, unsigned
from tracejit.ir.value import Value

BYTE: Final = 8
MAX_DEPTH: Final = 4
"""How many times parts are taken of what is put together from parts."""

Moves: TypeAlias = dict[int, int]
"""Which bits of a value, as a mask, go how far to the left."""


def byte_swap(function: Function) -> None:
    """Let one instruction swap all bytes of a register, and two those of its low half."""
    for block in function.blocks:
        for inst in [inst for inst in block.insts if inst.op is Op.ior]:
            _recognise(function, block, inst)


def _recognise(function: Function, block: Block, inst: Inst) -> None:
    value = inst.value
    moves: Moves = {0: U64_MAX}
    for _ in range(MAX_DEPTH):
        found = parts_of(value)
        if found is None or any(distance % BYTE for distance in found[1]):
            return
        value, inner = found
        moves = composed(moves, inner)
        if moves == swapping(WORD):
            inst.op, inst.args = Op.ibyte_swap, [value]
            return
        if moves == swapping(WORD // 2):
            swapped = function.new_inst(Op.ibyte_swap, [value])
            count = function.new_inst(Op.iconst, imm=WORD // 2, type=I64)
            at = block.insts.index(inst)
            block.insts[at:at] = [swapped, count]
            inst.op, inst.args = Op.ushr_wrap, [swapped.value, count.value]
            return


def swapping(bits: int) -> Moves:
    """Where the bits go of a number of so many whose bytes are put in the other order."""
    byte = (1 << BYTE) - 1
    return {bits - BYTE - 2 * at: byte << at for at in range(0, bits, BYTE)}


def parts_of(value: Value) -> tuple[Value, Moves] | None:
    """The one value of whose parts this one is put together, and where its bits go."""
    source: Value | None = None
    moves: Moves = {}
    work = [value]
    while work:
        value = work.pop()
        origin = value.origin
        if isinstance(origin, Inst) and origin.op is Op.ior:
            work += origin.args
            continue
        part, distance, mask = _part_of(value)
        if source is not None and part is not source:
            return None
        source = part
        moves[distance] = moves.get(distance, 0) | mask
    return None if source is None else (source, moves)


def _part_of(value: Value) -> tuple[Value, int, int]:
    """What the value is a part of, how far to the left that is moved, and which of its bits."""
    distance, mask = 0, U64_MAX
    while isinstance(value.origin, Inst) and len(value.origin.args) == 2:
        op, (x, y) = value.origin.op, value.origin.args
        number = constant_of(y)
        if number is None:
            break
        if op is Op.iand:
            mask &= unsigned(number)
        elif op is Op.ushr_wrap and 0 <= number < WORD:
            distance, mask = distance - number, mask << number & U64_MAX
        elif op is Op.ishl_wrap and 0 <= number < WORD:
            distance, mask = distance + number, mask >> number
        else:
            break
        value = x
    return value, distance, mask


def composed(outer: Moves, inner: Moves) -> Moves:
    """Where the bits go that the inner moves bring to the outer ones."""
    found: Moves = {}
    for to, moved in outer.items():
        for distance, mask in inner.items():
            mask &= moved >> distance if distance > 0 else moved << -distance
            if mask:
                found[to + distance] = found.get(to + distance, 0) | mask
    return found
