"""A symbolic check of register allocation: each place is followed with the registers it stands for.

An abstract interpretation of the allocated code (as in regalloc2's checker): a state says which
virtual registers, physical registers as lowering named them, and constants each place holds; every
read must find there what it read before allocation.
"""

from __future__ import annotations

from typing import TypeAlias

from tracejit.backend.lir import (
    LirBlock,
    LirFunction,
    MachInst,
    Memory,
    Operand,
    Slot,
    VirtualRegister,
    print_inst,
)
from tracejit.backend.x64 import CALLEE_SAVED, Register

State: TypeAlias = dict[Operand, frozenset[Operand]]
"""What each register and slot holds; what is absent holds nothing known."""

_NOTHING: frozenset[Operand] = frozenset()


class WrongAllocation(AssertionError):
    """An instruction would read something else than it read before allocation."""


def check(function: LirFunction) -> None:
    """Raise WrongAllocation, naming the instruction, where allocation changed what is computed."""
    entry = function.blocks[0]
    states: dict[LirBlock, State] = {entry: {}}
    work = [entry]
    while work:
        block = work.pop()
        state = dict(states[block])
        for inst in block.insts:
            try:
                _step(function, state, inst)
            except WrongAllocation as error:
                raise WrongAllocation(f"{block}: {print_inst(inst)}: {error}") from None
        for successor in block.successors():
            met = _meet(states.get(successor), state)
            if met != states.get(successor):
                states[successor] = met
                work.append(successor)


def _meet(known: State | None, other: State) -> State:
    if known is None:
        return dict(other)
    both = {place: held & other.get(place, _NOTHING) for place, held in known.items()}
    return {place: held for place, held in both.items() if held}


def _step(function: LirFunction, state: State, inst: MachInst) -> None:
    if inst.virtual is None:
        _follow_move(state, inst)
    elif inst.op.name == "pmove":
        _follow_parallel_move(function, state, inst)
    else:
        _follow(function, state, inst)


def _held(state: State, place: Operand) -> frozenset[Operand]:
    if not isinstance(place, int):
        return state.get(place, _NOTHING)
    # A number is all that some place holds together with it.
    return frozenset((place,)).union(*[held for held in state.values() if place in held])


def _follow_move(state: State, inst: MachInst) -> None:
    """A move that the allocator put in."""
    match inst.op.name:
        case "mov" | "copy":
            state[inst.operands[0]] = _held(state, inst.operands[1])
        case "xchg" | "swap":
            a, b = inst.operands
            state[a], state[b] = _held(state, b), _held(state, a)
        case name:
            raise WrongAllocation(f"the allocator put in a {name}")


def _follow_parallel_move(function: LirFunction, state: State, inst: MachInst) -> None:
    """The moves before it have been made: the targets must hold the sources' values by now."""
    assert inst.virtual is not None
    places, targets, sources = inst.operands[::2], inst.virtual[::2], inst.virtual[1::2]
    for place, source in zip(places, sources, strict=True):
        _require(function, state, place, source)
    for target in targets:
        _forget(state, target)
    for place, target in zip(places, targets, strict=True):
        copied = _held(state, place)
        state[place] = copied | {target}
        _name_alike(state, target, copied)


def _follow(function: LirFunction, state: State, inst: MachInst) -> None:
    assert inst.virtual is not None
    op = inst.op
    operands = list(zip(inst.operands, inst.virtual, op.roles, strict=False))
    if _is_rematerialised(function, inst):
        return
    for place, virtual, role in operands:
        if role != "d":
            _require(function, state, place, virtual)
    for register in op.uses:
        _require(function, state, register, register)
    for exit in inst.exits:
        assert exit.virtual is not None
        for place, virtual in zip(exit.operands, exit.virtual, strict=True):
            _require(function, state, place, virtual)
        for undo in exit.undo:
            assert undo.virtual is not None
            for place, virtual in zip(undo.operands, undo.virtual, strict=True):
                _require(function, state, place, virtual)
    copied = _held(state, inst.operands[1]) if op.name == "mov" else _NOTHING
    for register in op.defs:
        _write(function, state, register, register, _NOTHING)
    for place, virtual, role in operands:
        if role in ("d", "m"):
            _write(function, state, place, virtual, copied)
            _name_alike(state, virtual, copied)


def _is_rematerialised(function: LirFunction, inst: MachInst) -> bool:
    """Whether this loaded a constant that has no place of its own any more."""
    return inst.op.name == "mov" and isinstance(inst.operands[0], int)


def _write(
    function: LirFunction,
    state: State,
    place: Operand,
    virtual: Operand,
    copied: frozenset[Operand],
) -> None:
    if place in CALLEE_SAVED and place not in (*function.saved, *function.pinned):
        raise WrongAllocation(f"{place} is not saved")
    if isinstance(place, Slot) and place.index >= function.slots:
        raise WrongAllocation(f"{place} is outside of the frame")
    _forget(state, virtual)
    state[place] = (copied - {virtual}) | {virtual}


def _name_alike(state: State, virtual: Operand, copied: frozenset[Operand]) -> None:
    """Places with a name in common hold the same: what one of them is called now, all are."""
    for place, held in state.items():
        if held & copied:
            state[place] = held | {virtual}


def _forget(state: State, virtual: Operand) -> None:
    for place, held in state.items():
        if virtual in held:
            state[place] = held - {virtual}


def _require(function: LirFunction, state: State, place: Operand, virtual: Operand) -> None:
    if isinstance(virtual, Memory):
        assert isinstance(place, Memory)
        _require(function, state, place.base, virtual.base)
        if virtual.index is not None:
            assert place.index is not None
            _require(function, state, place.index, virtual.index)
        return
    if not isinstance(virtual, VirtualRegister | Register | int):
        return
    held = _held(state, place)
    if virtual in held:
        return
    if isinstance(virtual, VirtualRegister):
        constant = function.rematerialised.get(virtual.number)
        if constant is not None and constant in held:
            return
    names = ", ".join(map(repr, held)) or "nothing known"
    raise WrongAllocation(f"{place} holds {names}, not {virtual}")
