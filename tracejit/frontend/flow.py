"""Control flow of bytecode, as tracing asks for it: live locals, merges, loops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import compress
from types import CodeType

from tracejit.frontend.decode import Instr, decode
from tracejit.frontend.liveness import live_locals
from tracejit.frontend.runs import Run, runs_of
from tracejit.ir.graphs import reverse_postorder


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What is known of each offset before tracing."""

    names: tuple[str, ...]
    """Those of the locals."""
    instrs: dict[int, Instr]
    live: dict[int, int]
    """The locals that can still be read, by an exception's handler too, as bit sets of indices."""
    fixed: frozenset[str]
    """The locals that nothing binds or deletes: arguments, throughout what they are at first."""
    merges: set[int]
    """The offsets with more predecessors than one on paths without exceptions, and loop headers."""
    inside: dict[int, tuple[int, ...]]
    """The loops around each offset, but the one that begins there, by their headers."""
    latched: frozenset[int]
    """The headers that several jumps lead back to, none of them with handlers of its own."""
    _named: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def live_at(self, offset: int) -> tuple[str, ...]:
        """The names of the locals that can still be read, in their order."""
        live = self.live[offset]
        found = self._named.get(live)
        if found is None:
            found = self._named[live] = _named(live, self.names)
        return found


def _named(locals: int, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(compress(names, map(int, f"{locals:b}"[::-1])))


def flow_of(code: CodeType) -> Flow:
    """The instructions and the control flow of a code object."""
    decoded = decode(code)
    runs = {run.start: run for run in runs_of(decoded)}
    reachable = reverse_postorder({start: run.successors for start, run in runs.items()}, 0)
    merges: set[int] = set()
    # For the target of each backward jump, the jumps back to it.
    loops: dict[int, list[Run]] = {}
    seen: set[int] = set()
    for start in reachable:
        run = runs[start]
        for successor in run.successors:
            if successor <= start:
                loops.setdefault(successor, []).append(run)
            if successor in seen:
                merges.add(successor)
            seen.add(successor)
    kept = ~0
    for run in runs.values():
        kept &= run.kept
    return Flow(
        code.co_varnames,
        decoded.instrs,
        live_locals([*runs.values()]),
        frozenset([name for at, name in enumerate(code.co_varnames) if kept >> at & 1]),
        merges | loops.keys(),
        _inside(runs.values(), {to: max([run.end for run in runs]) for to, runs in loops.items()}),
        frozenset([to for to, back in loops.items() if _meet(runs[to], back)]),
    )


def _meet(header: Run, back: list[Run]) -> bool:
    """Whether several runs jump back to the header, none of them with handlers of its own."""
    return len(back) > 1 and all(run.handlers == header.handlers for run in back)


def _inside(runs: Iterable[Run], loops: dict[int, int]) -> dict[int, tuple[int, ...]]:
    """The loops around each offset; `loops` has the last jump back to each header."""
    found: dict[int, tuple[int, ...]] = {}
    around: tuple[int, ...] = ()
    for run in runs:
        if around and run.start > min([loops[header] for header in around]):
            around = tuple([header for header in around if loops[header] >= run.start])
        outside = around
        if run.start in loops:
            around = (*around, run.start)
        found.update(dict.fromkeys([instr.offset for instr in run.instrs], around))
        found[run.start] = outside
    return found
