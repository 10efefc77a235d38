"""Parallel moves: the sequence leaves in each target what its source held at first."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tracejit.backend.lir import MachInst, Slot
from tracejit.backend.parallel_move import Place, sequence
from tracejit.backend.x64 import REGISTERS


def run(insts: list[MachInst], state: dict[Any, Any]) -> None:
    for inst in insts:
        match inst.op.name, inst.operands:
            case (("mov" | "copy"), [target, source]):
                assert not (
                    inst.op.name == "mov" and isinstance(target, Slot) and isinstance(source, Slot)
                )
                state[target] = source if isinstance(source, int) else state[source]
            case (("xchg" | "swap"), [a, b]):
                state[a], state[b] = state[b], state[a]


@pytest.mark.parametrize("seed", range(300))
def test_random_moves_happen_at_once(seed: int) -> None:
    source = random.Random(seed)
    places: list[Place] = [*REGISTERS[: source.randint(2, 8)], *map(Slot, range(3))]
    targets = source.sample(places, source.randint(1, len(places)))
    moves: list[tuple[Place, Place | int]] = [
        (target, source.choice([*places, 0, 7])) for target in targets
    ]
    if seed % 2:
        moves = list(zip(targets, source.sample(targets, len(targets)), strict=True))
    before = {place: f"old {place}" for place in places}
    after: dict[Place, Any] = dict(before)
    insts = sequence(moves)
    run(insts, after)
    for target, origin in moves:
        assert after[target] == (origin if isinstance(origin, int) else before[origin])
    for place in set(places) - set(targets):
        assert after[place] == before[place]


def test_a_move_to_itself_is_nothing() -> None:
    assert sequence([(REGISTERS[0], REGISTERS[0])]) == []


def test_an_exchange_is_one_instruction() -> None:
    a, b = REGISTERS[:2]
    assert [inst.op.name for inst in sequence([(a, b), (b, a)])] == ["xchg"]
