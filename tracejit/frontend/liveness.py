"""Control flow of decoded bytecode: live locals, merges, loops."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType
from typing import TypeAlias

from tracejit.frontend.decode import Decoded, Instr, decode

_Row: TypeAlias = tuple[int, int, int, tuple[int, ...], tuple[int, ...]]
"""An offset, the locals read and (inverted) overwritten there, what follows, what handles."""


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What is known of each offset before tracing."""

    instrs: dict[int, Instr]
    live: dict[int, tuple[str, ...]]
    """The locals that can still be read, by an exception's handler too."""
    merges: set[int]
    """The offsets with more predecessors than one on paths without exceptions, and loop headers."""
    inside: dict[int, tuple[int, ...]]
    """The loops around each offset, but the one that begins there, by their headers."""


def flow_of(code: CodeType) -> Flow:
    """The instructions and the control flow of a code object."""
    decoded = decode(code)
    predecessors: dict[int, int] = {}
    # For the target of each backward jump, the last jump back to it.
    loops: dict[int, int] = {}
    for instr in _reachable(decoded.instrs):
        for successor in instr.successors():
            predecessors[successor] = predecessors.get(successor, 0) + 1
            if successor <= instr.offset:
                loops[successor] = max(instr.offset, loops.get(successor, 0))
    merges = loops.keys() | {offset for offset, count in predecessors.items() if count > 1}
    return Flow(
        decoded.instrs, live_locals(decoded, code.co_varnames), merges, _inside(decoded, loops)
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
    while work:
        instr = instrs[work.pop()]
        found.append(instr)
        for successor in instr.successors():
            if successor not in seen:
                seen.add(successor)
                work.append(successor)
    return found


def live_locals(decoded: Decoded, names: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    """The live locals before each instruction, in the order of `names`.

    Backward data flow over bit sets: over whole runs of instructions, swept again while a loop's
    header has become live in more, then once over each instruction.
    """
    bit = {name: 1 << index for index, name in enumerate(names)}
    rows: list[_Row] = [
        (instr.offset, *_reads_writes(instr, bit), instr.successors(), targets)
        for instr, targets in _with_handlers(decoded)
    ]
    rows.reverse()
    live = dict.fromkeys(decoded.instrs, 0)
    ahead = {
        target
        for offset, _, _, following, targets in rows
        for target in (*following, *targets)
        if target <= offset
    }
    if ahead:
        runs = _runs(rows)
        read_ahead: list[int] | None = None
        while read_ahead != (read_ahead := [live[target] for target in ahead]):
            _sweep(runs, live)
    _sweep(rows, live)
    spelled = {mask: _spell(mask, names) for mask in set(live.values())}
    return {offset: spelled[mask] for offset, mask in live.items()}


def _runs(rows: list[_Row]) -> list[_Row]:
    """The rows, last first, with those that only the next one follows merged with it."""
    entered: set[int] = set()
    last = -1
    for offset, _, _, following, targets in rows:
        if following != (last,):
            entered.update(following)
        entered.update(targets)
        last = offset
    runs: list[_Row] = []
    for row in rows:
        offset, read, kept, following, targets = row
        if runs and following == (runs[-1][0],) and not targets:
            first, later_read, later_kept, onward, handlers = runs[-1]
            if first not in entered and not handlers:
                runs[-1] = (offset, read | (later_read & kept), kept & later_kept, onward, ())
                continue
        runs.append(row)
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


def _spell(mask: int, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for index, name in enumerate(names) if mask >> index & 1)


def _with_handlers(decoded: Decoded) -> list[tuple[Instr, tuple[int, ...]]]:
    """Each instruction with the handlers that an exception in it can go to."""
    if not decoded.handlers:
        return [(instr, ()) for instr in decoded.instrs.values()]
    found: dict[int, tuple[int, ...]] = {}
    for handler in decoded.handlers:
        for offset in range(handler.start, handler.end, 2):
            found[offset] = (handler.target,)
    return [(instr, found.get(offset, ())) for offset, instr in decoded.instrs.items()]


def _reads_writes(instr: Instr, bit: dict[str, int]) -> tuple[int, int]:
    """The locals that an instruction reads, and (inverted) those that it overwrites."""
    if "FAST" not in instr.name:
        return 0, ~0
    match instr.name:
        case "LOAD_FAST":
            return bit[instr.arg], ~0
        case "LOAD_FAST_LOAD_FAST":
            return bit[instr.arg[0]] | bit[instr.arg[1]], ~0
        case "STORE_FAST":
            return 0, ~bit[instr.arg]
        case "STORE_FAST_STORE_FAST":
            return 0, ~(bit[instr.arg[0]] | bit[instr.arg[1]])
        case "STORE_FAST_LOAD_FAST":
            stored, loaded = bit[instr.arg[0]], bit[instr.arg[1]]
            return loaded & ~stored, ~stored
        case "DELETE_FAST" | "LOAD_FAST_AND_CLEAR":
            return bit[instr.arg], ~bit[instr.arg]
    return 0, ~0
