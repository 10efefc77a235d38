"""What became of a decorated function: in numbers, and line by line."""

from __future__ import annotations

import linecache
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Final

from tracejit.decorator import state_of
from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Function
from tracejit.ir.types import Digit, Exactly, Kind, Signature, SignedDigit, UInt64

if TYPE_CHECKING:
    # Not loaded where there is no machine code.
    from tracejit.runtime.dispatcher import State
    from tracejit.runtime.version import Version


@dataclass(frozen=True, slots=True)
class Stats:
    """Numbers about one function, its resume functions included where it says so."""

    versions: int
    """Versions compiled, one for each tuple of argument types."""
    bridges: int
    """Resume functions compiled, because they were called often."""
    calls: int
    """Calls that came to the versions since the first was compiled."""
    misses: int
    """Calls that no version took, and that the interpreter ran."""
    exits: Mapping[str, int]
    """How often native code was left, by reason, bridges included."""
    nanoseconds: Mapping[str, int]
    """The time that each stage of the compiler took, bridges included."""
    disarmed: str | None
    """Why the function runs in the interpreter again, or None."""


def stats(function: FunctionType) -> Stats:
    """The numbers of a decorated function.

    Raises TypeError for what is no function and ValueError for one that is not decorated.
    """
    state = state_of(function)
    if isinstance(state, str):
        return Stats(0, 0, 0, 0, {}, {}, state)
    versions = list(every_version(state))
    exits: Counter[str] = Counter()
    nanoseconds: Counter[str] = Counter()
    for version in versions:
        nanoseconds.update(version.nanoseconds)
        for _, record, count in version.counts():
            if record.exit is not None and count:
                exits[record.exit.reason] += count
    own = len(state.versions) + len(state.retired)
    return Stats(
        versions=own,
        bridges=len(versions) - own,
        calls=state.calls,
        misses=state.misses,
        exits=dict(exits),
        nanoseconds=dict(nanoseconds),
        disarmed=state.disarmed,
    )


def every_version(state: State) -> Iterator[Version]:
    """The versions of a function and then those of its resume functions."""
    for version in (*state.versions.values(), *state.retired):
        yield version
        for child in version.children.values():
            if child is not None:
                yield from every_version(child)


def explain(function: FunctionType) -> str:
    """What became of a decorated function, as text.

    For each version every source line says whether it is native, and where native code can leave,
    for what reason and how often it did. Raises TypeError for what is no function and ValueError
    for one that is not decorated.
    """
    state = state_of(function)
    name = function.__qualname__
    if isinstance(state, str):
        return f"{name} is plain Python: {state}\n"
    return "\n".join(_lines(name, state)) + "\n"


def _lines(name: str, state: State) -> Iterator[str]:
    if state.disarmed is not None:
        yield f"{name} runs in the interpreter: {state.disarmed}"
    elif not state.versions and not state.refusals:
        yield f"{name} is not compiled yet: it has not been called"
    for signature, reason in state.refusals.items():
        yield f"{name}{_types(signature)} runs in the interpreter: {reason}"
    if state.misses:
        yield f"{name}: {state.misses} calls found no version for their arguments"
    for version in state.versions.values():
        yield f"{name}{_types(version.signature)}: {version.size} bytes of machine code"
        yield from _version_lines(version, state.code)


def _types(signature: Signature) -> str:
    return f"({', '.join(map(_kind, signature))})"


def _kind(kind: Kind) -> str:
    if isinstance(kind, Exactly):
        return getattr(kind.value, "__qualname__", "function")
    if isinstance(kind, tuple):
        return _types(kind)
    return _KINDS.get(kind, kind.__name__)


_KINDS: Final[dict[type, str]] = {
    Digit: "0 <= int < 2**30",
    SignedDigit: "-2**30 < int < 2**30",
    UInt64: "2**63 <= int < 2**64",
}


def _version_lines(version: Version, code: CodeType) -> Iterator[str]:
    assert isinstance(version.kept, Function)
    yield from _function_lines(version, None, code, version.kept.traced)
    # Some may be compiled for several kinds of arguments.
    along: dict[FunctionType, tuple[CodeType, set[int]]] = {}
    for native in version.kept.natives:
        if native.frame is not None:
            traced = along.setdefault(native.frame.function, (native.frame.code, set()))[1]
            traced |= native.traced
    for function, (its_code, traced) in along.items():
        yield f"with {function.__qualname__}:"
        yield from _function_lines(version, function, its_code, traced)


def _function_lines(
    version: Version, function: FunctionType | None, code: CodeType, traced: Set[int]
) -> Iterator[str]:
    """The lines of a function that is compiled along, or of that of the version."""
    line_of = _lines_by_offset(code)
    native = {line_of.get(offset) for offset in traced}
    left = _exits_by_line(version, function, line_of)
    first = code.co_firstlineno
    for number, text in enumerate(_source(code), first):
        notes = [f"{reason}: {_times(count)}" for reason, count in sorted(left[number].items())]
        word = "native" if number in native else ""
        if any(reason.startswith(_ALWAYS) for reason in left[number]):
            word = "leaves"
        yield f"{word:>6} {number:5} | {text:<50}  {', '.join(notes)}".rstrip()


_ALWAYS: Final = ("opcode:", "call:", "type:", "global:", "big-constant", "raise")
"""What the reasons of places begin with that native code never passes."""


def _exits_by_line(
    version: Version, function: FunctionType | None, line_of: dict[int, int]
) -> dict[int, Counter[str]]:
    """How often the version left at each line of the function, bridges not included."""
    left: dict[int, Counter[str]] = defaultdict(Counter)
    for _, record, count in version.counts():
        if record.exit is None or record.kind != "resume":
            continue
        if function is not (record.frame.function if record.frame else None):
            continue
        if count or record.exit.reason != "interrupt":
            line, reason = _place(record.exit, line_of)
            left[line][reason] += count
    return left


def _place(exit: Exit, line_of: dict[int, int]) -> tuple[int, str]:
    """The line where native code leaves, and why: from inlined functions, at their call."""
    state = exit.state
    if state.call is None:
        return line_of.get(state.offset, 0), exit.reason
    reason = f"in {state.call.function.__name__}: {exit.reason}"
    # Callers go on behind the call.
    return line_of.get(state.outermost.offset - 2, 0), reason


def _times(count: int) -> str:
    return "never" if count == 0 else "once" if count == 1 else f"{count} times"


def _lines_by_offset(code: CodeType) -> dict[int, int]:
    return {
        offset: line
        for start, end, line in code.co_lines()
        if line is not None
        for offset in range(start, end, 2)
    }


def _source(code: CodeType) -> list[str]:
    """The function's lines, empty where the source cannot be found."""
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    numbers = range(code.co_firstlineno, last + 1)
    return [linecache.getline(code.co_filename, number).rstrip("\n") for number in numbers]
