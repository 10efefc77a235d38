"""Control flow of decoded bytecode: live locals, merges, loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final, TypeAlias

from tracejit.frontend.decode import Decoded, Instr, decode

_Row: TypeAlias = tuple[int, int, int, tuple[int, ...], tuple[int, ...]]
"""An offset, the locals read and (inverted) overwritten there, what follows, what handles."""


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What is known of each offset before tracing."""

    instrs: dict[int, Instr]
    live: dict[int, tuple[str, ...]]
    """The locals that can still be read, by an exception's handler too."""
    fixed: frozenset[str]
    """The locals that nothing binds or deletes: arguments, throughout what they are at first."""
    merges: set[int]
    """The offsets with more predecessors than one on paths without exceptions, and loop headers."""
    inside: dict[int, tuple[int, ...]]
    """The loops around each offset, but the one that begins there, by their headers."""
    latched: frozenset[int]
    """The headers that several jumps lead back to, none of them with handlers of its own."""


def flow_of(code: CodeType) -> Flow:
    """The instructions and the control flow of a code object."""
    decoded = decode(code)
    predecessors: dict[int, int] = {}
    # For the target of each backward jump, the last jump back to it.
    loops: dict[int, int] = {}
    backward: dict[int, list[int]] = {}
    for instr in _reachable(decoded.instrs):
        for successor in instr.successors:
            predecessors[successor] = predecessors.get(successor, 0) + 1
            if successor <= instr.offset:
                loops[successor] = max(instr.offset, loops.get(successor, 0))
                backward.setdefault(successor, []).append(instr.offset)
    live, fixed = _live_and_fixed(decoded, code.co_varnames)
    merges = loops.keys() | {offset for offset, count in predecessors.items() if count > 1}
    return Flow(
        decoded.instrs,
        live,
        fixed,
        merges,
        _inside(decoded, loops),
        _latched(decoded, backward),
    )


def _latched(decoded: Decoded, backward: dict[int, list[int]]) -> frozenset[int]:
    several = [header for header, jumps in backward.items() if len(jumps) > 1]
    if not several:
        return frozenset()
    handlers = _handlers(decoded)
    return frozenset(
        header
        for header in several
        if len({handlers.get(offset) for offset in (header, *backward[header])}) == 1
    )


def _inside(decoded: Decoded, loops: dict[int, int]) -> dict[int, tuple[int, ...]]:
    if not loops:
        return dict.fromkeys(decoded.instrs, ())
    found = {}
    around: tuple[int, ...] = ()
    nearest_end = 0
    for offset in decoded.instrs:
        if around and offset > nearest_end:
            around = tuple([header for header in around if loops[header] >= offset])
            nearest_end = min([loops[header] for header in around], default=0)
        found[offset] = around
        if offset in loops:
            nearest_end = min(loops[offset], nearest_end) if around else loops[offset]
            around = (*around, offset)
    return found


def _reachable(instrs: dict[int, Instr]) -> list[Instr]:
    found = []
    seen = {0}
    work = [0]
    for offset in work:
        instr = instrs[offset]
        found.append(instr)
        for successor in instr.successors:
            if successor not in seen:
                seen.add(successor)
                work.append(successor)
    return found


def _live_and_fixed(
    decoded: Decoded, names: tuple[str, ...]
) -> tuple[dict[int, tuple[str, ...]], frozenset[str]]:
    """The live locals before each instruction, in the order of `names`; and the fixed ones.

    Backward data flow over bit sets: over whole runs of instructions, swept again while a loop's
    header has become live in more, then once over each instruction.
    """
    bit = {name: 1 << index for index, name in enumerate(names)}
    handlers = _handlers(decoded)
    ahead = {handler.target for handler in decoded.handlers if handler.target < handler.end}
    rows: list[_Row] = []
    never_bound = ~0
    for offset, instr in decoded.instrs.items():
        access = _ACCESSES.get(instr.name)
        read, kept = (0, ~0) if access is None else access(instr.arg, bit)
        never_bound &= kept
        rows.append((offset, read, kept, instr.successors, handlers.get(offset, ())))
        if 0 <= instr.target <= offset:
            ahead.add(instr.target)
    rows.reverse()
    live = dict.fromkeys(decoded.instrs, 0)
    if ahead:
        runs = _runs(rows)
        read_ahead: list[int] | None = None
        while read_ahead != (read_ahead := [live[target] for target in ahead]):
            _sweep(runs, live)
    _sweep(rows, live)
    named = [(1 << index, name) for index, name in enumerate(names)]
    spelled = {
        mask: tuple([name for bit, name in named if mask & bit]) for mask in set(live.values())
    }
    fixed = frozenset([name for bit, name in named if never_bound & bit])
    return {offset: spelled[mask] for offset, mask in live.items()}, fixed


def _runs(rows: list[_Row]) -> list[_Row]:
    """The rows, last first, with those that only the next one follows merged with it."""
    entered: set[int] = set()
    last = -1
    for offset, _, _, following, targets in rows:
        if following != (last,):
            entered.update(following)
        if targets:
            entered.update(targets)
        last = offset
    runs: list[_Row] = []
    run = rows[0]
    for row in rows[1:]:
        first, read, kept, onward, handlers = run
        if row[3] == (first,) and first not in entered and not handlers and not row[4]:
            run = (row[0], row[1] | (read & row[2]), row[2] & kept, onward, ())
        else:
            runs.append(run)
            run = row
    runs.append(run)
    return runs


def _sweep(rows: list[_Row], live: dict[int, int]) -> None:
    for offset, read, kept, following, targets in rows:
        after = 0
        for successor in following:
            after |= live[successor]
        before = read | (after & kept)
        for target in targets:
            before |= live[target]
        live[offset] = before


def _handlers(decoded: Decoded) -> dict[int, tuple[int, ...]]:
    """For each offset, the handlers that an exception there can go to, if there are any."""
    found: dict[int, tuple[int, ...]] = {}
    for handler in decoded.handlers:
        found.update(dict.fromkeys(range(handler.start, handler.end, 2), (handler.target,)))
    return found


def _loads(name: str, bit: dict[str, int]) -> tuple[int, int]:
    return bit[name], ~0


def _stores(name: str, bit: dict[str, int]) -> tuple[int, int]:
    return 0, ~bit[name]


def _unbinds(name: str, bit: dict[str, int]) -> tuple[int, int]:
    return bit[name], ~bit[name]


def _loads_two(names: tuple[str, str], bit: dict[str, int]) -> tuple[int, int]:
    return bit[names[0]] | bit[names[1]], ~0


def _stores_two(names: tuple[str, str], bit: dict[str, int]) -> tuple[int, int]:
    return 0, ~(bit[names[0]] | bit[names[1]])


def _stores_and_loads(names: tuple[str, str], bit: dict[str, int]) -> tuple[int, int]:
    stored, loaded = bit[names[0]], bit[names[1]]
    return loaded & ~stored, ~stored


_ACCESSES: Final[dict[str, Callable[[Any, dict[str, int]], tuple[int, int]]]] = {
    "LOAD_FAST": _loads,
    "LOAD_FAST_LOAD_FAST": _loads_two,
    "LOAD_FAST_AND_CLEAR": _unbinds,
    "DELETE_FAST": _unbinds,
    "STORE_FAST": _stores,
    "STORE_FAST_STORE_FAST": _stores_two,
    "STORE_FAST_LOAD_FAST": _stores_and_loads,
}
"""The locals that an instruction reads, and (inverted) those that it overwrites, as bit sets."""
