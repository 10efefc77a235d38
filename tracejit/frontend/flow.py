"""Control flow of bytecode, as tracing asks for it: live locals, merges, loops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from inspect import CO_VARARGS, CO_VARKEYWORDS
from itertools import compress
from operator import and_, or_
from types import CodeType

from tracejit.frontend.decode import Instr, decode
from tracejit.frontend.liveness import live_locals
from tracejit.frontend.runs import Run, runs_of
from tracejit.ir.graphs import Dominators


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What is known of each offset before tracing."""

    names: tuple[str, ...]
    """Those of the locals."""
    instrs: dict[int, Instr]
    live: dict[int, int]
    """The locals that can still be read, by an exception's handler too, as bit sets of indices."""
    bound: int
    """The locals that are bound or deleted somewhere; others are arguments, and stay."""
    copied: int
    """The locals that are bound in loops whose first iteration has code of its own.

    Those are entered midway, or while a local is not bound that is once they come back.
    """
    merges: set[int]
    """The offsets with more predecessors than one on paths without exceptions, and loop headers."""
    changing: dict[int, int]
    """For each offset that is jumped to or behind a jump, the locals that ways to it may have bound
    differently."""
    inside: dict[int, tuple[int, ...]]
    """The loops around each offset, but the one that begins there, by their headers."""
    latched: frozenset[int]
    """The headers that several jumps lead back to, none of them with handlers of its own."""
    _named: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def named(self, locals: int) -> tuple[str, ...]:
        """The names in a bit set, in their order."""
        found = self._named.get(locals)
        if found is None:
            indices = map(int, f"{locals:b}"[::-1])
            found = self._named[locals] = tuple(compress(self.names, indices))
        return found


def flow_of(code: CodeType) -> Flow:
    """The instructions and the control flow of a code object."""
    decoded = decode(code)
    runs = {run.start: run for run in runs_of(decoded)}
    paths = Dominators({start: run.successors for start, run in runs.items()}, 0)
    merges: set[int] = set()
    # For the target of each backward jump, the jumps back to it.
    loops: dict[int, list[Run]] = {}
    for start, sources in zip(paths.order, paths.sources, strict=True):
        back = [runs[paths.order[at]] for at in sources if paths.order[at] >= start]
        if back:
            loops[start] = back
        if back or len(sources) > 1:
            merges.add(start)
    ends = {start: max([run.end for run in back]) for start, back in loops.items()}
    inside = _inside(runs, ends)
    live = live_locals([*runs.values()])
    bound = {start: ~run.kept for start, run in runs.items()}
    copied = 0
    unbound = _entered_unbound(paths, bound, live, _parameters(code))
    midway = _entered_midway([runs[start] for start in paths.order], inside)
    for header in midway | (unbound & loops.keys()):
        copied |= _any([bound[start] for start in runs if header <= start <= ends[header]])
    return Flow(
        code.co_varnames,
        decoded.instrs,
        live,
        _any(bound.values()),
        copied,
        merges,
        _changing(paths, bound),
        inside,
        frozenset([start for start, back in loops.items() if _meet(runs[start], back)]),
    )


def _any(locals: Iterable[int]) -> int:
    return reduce(or_, locals, 0)


def _parameters(code: CodeType) -> int:
    """The parameters, as a bit set of locals."""
    packed = (code.co_flags & CO_VARARGS != 0) + (code.co_flags & CO_VARKEYWORDS != 0)
    return (1 << code.co_argcount + code.co_kwonlyargcount + packed) - 1


def _changing(paths: Dominators[int], bound: dict[int, int]) -> dict[int, int]:
    """The locals that need a phi at the top of each run, for what is `bound` in them."""
    binds = [bound[start] for start in paths.order]
    found = [0] * len(binds)
    work = list(range(len(binds)))
    for at in work:
        for to in paths.frontiers[at]:
            if binds[at] & ~found[to]:
                found[to] |= binds[at]
                binds[to] |= binds[at]
                work.append(to)
    return dict(zip(paths.order, found, strict=True))


def _entered_midway(runs: Iterable[Run], inside: dict[int, tuple[int, ...]]) -> set[int]:
    """The headers of the loops that are entered elsewhere, as by a resume function."""
    return {
        header
        for run in runs
        for successor in run.successors
        for header in inside[successor]
        if header != run.end and header not in inside[run.end]
    }


def _entered_unbound(
    paths: Dominators[int], bound: dict[int, int], live: dict[int, int], parameters: int
) -> set[int]:
    """Where control may come while a local that is live there is not bound."""
    found: set[int] = set()
    bound_at: list[int] = []
    for at, (start, sources) in enumerate(zip(paths.order, paths.sources, strict=True)):
        before = [bound_at[source] for source in sources if source < at]
        now = reduce(and_, before) if before else parameters
        if live[start] & ~now:
            found.add(start)
        bound_at.append(now | bound[start])
    return found


def _meet(header: Run, back: list[Run]) -> bool:
    """Whether several runs jump back to the header, none of them with handlers of its own."""
    return len(back) > 1 and all(run.handlers == header.handlers for run in back)


def _inside(runs: dict[int, Run], loops: dict[int, int]) -> dict[int, tuple[int, ...]]:
    """The loops around each offset; `loops` has the last jump back to each header."""
    found: dict[int, tuple[int, ...]] = {}
    around: tuple[int, ...] = ()
    for run in runs.values():
        if around and run.start > min([loops[header] for header in around]):
            around = tuple([header for header in around if loops[header] >= run.start])
        outside = around
        if run.start in loops:
            around = (*around, run.start)
        found.update(dict.fromkeys([instr.offset for instr in run.instrs], around))
        found[run.start] = outside
    return found
