"""The checker of register allocation accepts what is right and catches planted faults."""

from __future__ import annotations

import random
from typing import TypeVar

import pytest

from tests.backend.native import TARGET
from tests.backend.random_ir import random_function
from tracejit.backend.lir import LirFunction, MachInst, Slot
from tracejit.backend.lir_parser import parse_lir
from tracejit.backend.lower import lower
from tracejit.backend.regalloc import allocate
from tracejit.backend.regalloc_checker import WrongAllocation, check
from tracejit.backend.x64 import BY_NAME, REGISTERS, Register
from tracejit.ir.types import BOOL

T = TypeVar("T")

EXCHANGE = """lir exchange:
block0:
    entry
    mov v0, rdi
    mov v1, rsi
    jmp block1
block1 depth 1:
    pmove v0 = v1, v1 = v0
    cmp v0, v1
    jl block1
    jmp block2
block2:
    sub v0, v1
    mov rax, v0
    return
"""


def allocated(seed: int) -> LirFunction:
    function = random_function(seed, 50)
    signature = [bool if p.type == BOOL else int for p in function.entry.params]
    lir = lower(function, signature, (), TARGET)
    allocate(lir)
    check(lir)
    return lir


def is_caught(lir: LirFunction) -> bool:
    try:
        check(lir)
    except WrongAllocation:
        return True
    return False


def some(faults: list[T]) -> list[T]:
    """Enough of them to say how many of all are caught."""
    return random.Random(len(faults)).sample(faults, min(len(faults), 100))


def inserted(lir: LirFunction) -> list[tuple[list[MachInst], int]]:
    """Where the allocator put in moves."""
    return [
        (block.insts, at)
        for block in lir.blocks
        for at, inst in enumerate(block.insts)
        if inst.virtual is None
    ]


@pytest.mark.parametrize("seed", [8, 11, 29])
def test_a_dropped_move_is_caught(seed: int) -> None:
    lir = allocated(seed)
    moves = some(inserted(lir))
    caught = 0
    for insts, at in moves:
        dropped = insts[at]
        del insts[at]
        caught += is_caught(lir)
        insts.insert(at, dropped)
    assert not is_caught(lir)
    # a store that nothing reads before the next one may be dropped
    assert caught >= 0.75 * len(moves) > 0


@pytest.mark.parametrize("seed", [3, 11, 23])
def test_an_operand_in_another_register_is_caught(seed: int) -> None:
    lir, source = allocated(seed), random.Random(seed)
    reads = [
        (inst.operands, at)
        for block in lir.blocks
        for inst in block.insts
        for at in inst.op.reads
        if inst.virtual is not None and isinstance(inst.operands[at], Register)
    ]
    tried = caught = 0
    for operands, at in some(reads):
        place = operands[at]
        operands[at] = source.choice([r for r in REGISTERS if r is not place])
        caught += is_caught(lir)
        tried += 1
        operands[at] = place
    # now and then the other register holds the same value
    assert caught >= 0.97 * tried > 0


@pytest.mark.parametrize("seed", [8, 11])
def test_a_wrong_location_in_an_exit_is_caught(seed: int) -> None:
    lir = allocated(seed)
    tried = caught = 0
    slots = [
        (exit.operands, at, place)
        for exit in lir.exits
        for at, place in enumerate(exit.operands)
        if isinstance(place, Slot)
    ]
    for operands, at, place in some(slots):
        operands[at] = Slot(place.index + 1)
        caught += is_caught(lir)
        tried += 1
        operands[at] = place
    assert caught >= 0.9 * tried > 0


def test_two_registers_exchanged_by_a_loop_are_followed() -> None:
    lir = parse_lir(EXCHANGE)
    allocate(lir)
    check(lir)
    dropped = lir.blocks[1].insts.pop(0)
    assert dropped.op.name == "xchg"
    with pytest.raises(WrongAllocation, match="pmove"):
        check(lir)


def test_a_callee_saved_register_that_is_not_saved_is_caught() -> None:
    lir = parse_lir("lir f:\nblock0:\n    entry\n    mov v0, rdi\n    mov rax, v0\n    return\n")
    allocate(lir)
    lir.blocks[0].insts[1].operands[0] = BY_NAME["rbx"]
    lir.blocks[0].insts[2].operands[1] = BY_NAME["rbx"]
    with pytest.raises(WrongAllocation, match="rbx is not saved"):
        check(lir)
