"""The emitter's lines to machine code: instructions are encoded, labels placed, jumps resolved.

What a line is does not depend on the others, and most lines occur in many functions: it is found
out once. Jumps are short at first; those that do not reach grow, until all do (Szymanski,
"Assembling Code for Machines with Span-Dependent Instructions", 1978).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from tracejit.backend.assembler import encode
from tracejit.backend.x64 import BY_NAME, CONDITIONS

_OPCODES: Final = {
    "jmp": (b"\xeb", b"\xe9"),
    "call": (b"", b"\xe8"),
    **{
        f"j{name}": (bytes((0x70 + number,)), bytes((0x0F, 0x80 + number)))
        for number, name in enumerate(CONDITIONS)
    },
}
"""What comes before a displacement of one byte, if there is such a form, and of four."""
_NOPS: Final = tuple(
    bytes.fromhex(code)
    for code in (
        "",
        "90",
        "6690",
        "0f1f00",
        "0f1f4000",
        "0f1f440000",
        "660f1f440000",
        "0f1f8000000000",
        "0f1f840000000000",
        "660f1f840000000000",
        "662e0f1f840000000000",
    )
)
"""By size in bytes; longer ones have more prefixes."""
_LONGEST_NOP: Final = 15
_NUMBER: Final = 1 << 62
"""Any number of eight bytes: they are the last ones of the instruction that loads it."""
_RELATIVE: Final = "[rip + "
"""What is at a label, in an instruction that ends with the distance."""
_MOST_LINES: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class MachineCode:
    """Position-independent code, to be placed at a multiple of 32."""

    code: bytes
    entry: int
    """The offset of the entry."""
    epilogue: int
    """The offset of what leaves the frame, with the result in rax."""


@dataclass(frozen=True, slots=True)
class _Label:
    name: str


@dataclass(frozen=True, slots=True)
class _Align:
    multiple: int


@dataclass(frozen=True, slots=True)
class _Jump:
    """A jump to a label, a call, or what reads memory there: its code ends in the distance."""

    short: bytes
    long: bytes
    label: str


_Mark: TypeAlias = _Label | _Align | _Jump
_Lines: TypeAlias = dict[str, bytes | _Mark]
_known: Final[list[_Lines]] = [{}]
"""One dictionary: when it has grown too large, another one takes its place."""


def link(lines: Sequence[str]) -> MachineCode:
    """The code of `emit`'s lines. Raises AssemblyError."""
    if len(_known[0]) > _MOST_LINES:
        _known[0] = {}
    known = _known[0]
    unknown = [line for line in lines if line not in known]
    if unknown:
        _learn(dict.fromkeys(unknown), known)
    code: list[bytes] = []
    marks: list[tuple[int, int, _Mark]] = []
    """Where each stands among the codes, below how many bytes since the one before."""
    above = 0
    for text in lines:
        line = known[text]
        if isinstance(line, bytes):
            above += len(line)
            code.append(line)
        else:
            marks.append((len(code), above, line))
            code.append(b"")
            above = 0
    labels = _settle(marks, code)
    return MachineCode(b"".join(code), labels["entry"], labels["epilogue"])


def _learn(lines: Iterable[str], known: _Lines) -> None:
    """Find out what the lines are."""
    asked: list[str] = []
    loads: list[tuple[str, str]] = []
    relative: list[tuple[str, str, str]] = []
    for line in lines:
        mark = _mark(line)
        if mark is not None:
            known[line] = mark
        elif _RELATIVE in line:
            before, _, label = line.partition(_RELATIVE)
            relative.append((line, f"{before}{_RELATIVE}0]", label[:-1]))
        elif line.startswith("movabs "):
            loads.append((line, f"{line.partition(',')[0]}, {_NUMBER}"))
        else:
            asked.append(line)
    asked += {general for _, general in loads if general not in known}
    asked += {general for _, general, _ in relative if general not in known}
    if asked:
        known.update(zip(asked, encode(asked), strict=True))
    for line, general in loads:
        code, number = known[general], int(line.partition(",")[2])
        assert isinstance(code, bytes)
        known[line] = code[:-8] + number.to_bytes(8, "little")
    for line, general, label in relative:
        code = known[general]
        assert isinstance(code, bytes)
        known[line] = _Jump(b"", code[:-4], label)


def _mark(line: str) -> bytes | _Mark | None:
    """What the line is if it is no instruction that stands for itself."""
    if line.endswith(":"):
        return _Label(line[:-1])
    name, _, rest = line.partition(" ")
    if name == ".p2align":
        return _Align(1 << int(rest))
    if name == ".quad":
        return int(rest).to_bytes(8, "little")
    if name in _OPCODES and rest not in BY_NAME and "[" not in rest:
        return _Jump(*_OPCODES[name], rest)
    return None


def _settle(marks: Sequence[tuple[int, int, _Mark]], code: list[bytes]) -> dict[str, int]:
    """Put in the jumps and what aligns; the offsets of the labels."""
    labels: dict[str, int] = {}
    jumps = {at: mark for at, _, mark in marks if type(mark) is _Jump}
    short = {at for at, jump in jumps.items() if jump.short}
    ends: dict[int, int] = {}
    while True:
        offset = 0
        for at, above, mark in marks:
            offset += above
            if type(mark) is _Label:
                labels[mark.name] = offset
            elif type(mark) is _Jump:
                offset += len(mark.short) + 1 if at in short else len(mark.long) + 4
                ends[at] = offset
            elif type(mark) is _Align:
                code[at] = _padding(-offset % mark.multiple)
                offset += len(code[at])
        far = [at for at in short if not -128 <= labels[jumps[at].label] - ends[at] <= 127]
        if not far:
            break
        short.difference_update(far)
    for at, jump in jumps.items():
        distance = labels[jump.label] - ends[at]
        if at in short:
            code[at] = jump.short + distance.to_bytes(1, "little", signed=True)
        else:
            code[at] = jump.long + distance.to_bytes(4, "little", signed=True)
    return labels


@cache
def _padding(size: int) -> bytes:
    if size > _LONGEST_NOP:
        return _padding(_LONGEST_NOP) + _padding(size - _LONGEST_NOP)
    longest = min(size, len(_NOPS) - 1)
    return b"\x66" * (size - longest) + _NOPS[longest]
