"""Moves that happen at once, as a sequence of moves, with no register to spare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from tracejit.backend.lir import MachInst, Slot, inst
from tracejit.backend.x64 import XMM, Register

Place: TypeAlias = Register | Slot


def sequence(moves: Sequence[tuple[Place, Place | int]]) -> list[MachInst]:
    """Instructions after which each target holds what its source held before all of them.

    A target occurs once. Moves that wait for nothing go first; what remains are cycles, each undone
    by exchanges. Constants come last: nothing reads them from a place. The flags stay as they are.
    """
    sources = {d: s for d, s in moves if d != s and not isinstance(s, int)}
    readers: dict[Place, int] = {}
    for source in sources.values():
        readers[source] = readers.get(source, 0) + 1
    ready = [target for target in sources if target not in readers]
    insts: list[MachInst] = []
    while ready:
        target = ready.pop()
        source = sources.pop(target)
        insts.append(_move(target, source))
        readers[source] -= 1
        if readers[source] == 0 and source in sources:
            ready.append(source)
    while sources:
        insts += _cycle(sources)
    insts += [inst("mov", d, s) for d, s in moves if isinstance(s, int)]
    return insts


def _move(target: Place, source: Place) -> MachInst:
    in_memory = isinstance(target, Slot) and isinstance(source, Slot)
    return inst("copy" if in_memory else "mov", target, source)


def _cycle(sources: dict[Place, Place]) -> list[MachInst]:
    """Take one cycle out of the moves; each exchange puts one more value into its place."""
    first = next(iter(sources))
    insts = []
    target, source = first, sources.pop(first)
    while source != first:
        insts.append(_exchange(target, source))
        target, source = source, sources.pop(source)
    return insts


def _exchange(a: Place, b: Place) -> MachInst:
    in_memory = isinstance(a, Slot) and isinstance(b, Slot)
    return inst("swap" if in_memory or a in XMM or b in XMM else "xchg", a, b)
