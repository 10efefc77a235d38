"""Live locals before each bytecode instruction."""

from __future__ import annotations

from collections.abc import Iterable

from tracejit.frontend.runs import Run


def live_locals(runs: list[Run]) -> dict[int, int]:
    """The locals that can still be read, by an exception's handler too: bit sets, by offset.

    Backward data flow: over whole runs, swept again while what is live where control comes back to
    has grown, then once over each instruction.
    """
    rows = [(run.start, run, run.successors, run.handlers) for run in reversed(runs)]
    live = {start: 0 for start, *_ in rows}
    again = {to for start, _, *ways in rows for way in ways for to in way if to <= start}
    before: list[int] | None = None
    while again and before != (before := [live[start] for start in again]):
        for start, run, successors, handlers in rows:
            caught = _any(live, handlers) if handlers else 0
            live[start] = run.read | (_any(live, successors) & run.kept) | caught
    for _, run, successors, handlers in rows:
        after, caught = _any(live, successors), _any(live, handlers)
        for instr in reversed(run.instrs):
            live[instr.offset] = after = instr.read | (after & instr.kept) | caught
    return live


def _any(live: dict[int, int], offsets: Iterable[int]) -> int:
    """The locals that are live at some of the offsets."""
    found = 0
    for offset in offsets:
        found |= live[offset]
    return found
