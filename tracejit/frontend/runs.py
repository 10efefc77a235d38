"""Straight runs of bytecode: control enters them at the top only."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from tracejit.frontend.decode import Decoded, Instr


@dataclass(slots=True, eq=False)
class Run:
    """Instructions that only the one before leads to, but for the first."""

    instrs: list[Instr]
    read: int
    """The locals that are read before they are bound, as a bit set of their indices."""
    kept: int
    """The locals that are neither bound nor deleted, likewise."""
    handlers: tuple[int, ...]
    """Where an exception in it goes, if something handles it here."""

    @property
    def start(self) -> int:
        return self.instrs[0].offset

    @property
    def end(self) -> int:
        """The offset of the last instruction."""
        return self.instrs[-1].offset

    @property
    def successors(self) -> tuple[int, ...]:
        return self.instrs[-1].successors


def runs_of(decoded: Decoded) -> list[Run]:
    """The runs, in the order of their offsets."""
    starts = set(decoded.starts)
    handled: dict[int, tuple[int, ...]] = {}
    for handler in decoded.handlers:
        starts |= {handler.start, handler.end, handler.target}
        handled.update(dict.fromkeys(range(handler.start, handler.end, 2), (handler.target,)))
    offsets, instrs = list(decoded.instrs), list(decoded.instrs.values())
    bounds = sorted({bisect_left(offsets, start) for start in starts} | {len(instrs)})
    return [_run(instrs[start:end], handled) for start, end in pairwise(bounds)]


def _run(instrs: list[Instr], handled: dict[int, tuple[int, ...]]) -> Run:
    read, kept = 0, ~0
    for instr in instrs:
        read |= instr.read & kept
        kept &= instr.kept
    return Run(instrs, read, kept, handled.get(instrs[0].offset, ()))
