"""The text form of LIR, read back. Exits come without their FrameStates: the text has none."""

from __future__ import annotations

import re
from typing import get_args

from tracejit.backend.exits import ExitRecord, Kind
from tracejit.backend.lir import (
    AnyRegister,
    LirBlock,
    LirExit,
    LirFunction,
    MachInst,
    Memory,
    Operand,
    Slot,
    VirtualRegister,
)
from tracejit.backend.x64 import BY_NAME, FIRST_VIRTUAL, ROWS
from tracejit.ir.types import Type

_BLOCK = re.compile(r"block(\d+)(?: depth (\d+))?( cold)?:")
_EXIT = re.compile(r"exit(\d+) (resume|raise|return|store)\(([^)]*)\)(?: undo\(([^)]*)\))?")
_MEMORY = re.compile(r"\[(\w+)(?: \+ ([a-z]\w*)\*(\d))?(?: ([+-]) (\d+))?\]")


class LirParseError(ValueError):
    """The text is not LIR."""


def parse_lir(text: str) -> LirFunction:
    """The function that the text describes. Raises LirParseError where it is not LIR."""
    return _Parser(text).function


class _Parser:
    def __init__(self, text: str) -> None:
        self.registers: dict[int, VirtualRegister] = {}
        self.blocks: dict[int, LirBlock] = {}
        lines = [line.strip() for line in text.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        header = re.fullmatch(r"lir (\w+):", lines[0]) if lines else None
        if header is None:
            raise LirParseError("expected `lir name:` first")
        self.function = LirFunction(header[1])
        for line in lines:
            if match := _BLOCK.fullmatch(line):
                block = LirBlock(int(match[1]), int(match[2] or 0), bool(match[3]))
                self.blocks[block.number] = block
                self.function.blocks.append(block)
        for line in lines[1:]:
            self.line(line)
        self.function.exits.sort(key=lambda exit: exit.number)
        numbers = range(FIRST_VIRTUAL, 1 + max(self.registers, default=0))
        found = [self.registers.get(number) or VirtualRegister(number) for number in numbers]
        self.function.registers = found

    def line(self, line: str) -> None:
        if match := _BLOCK.fullmatch(line):
            self.block = self.blocks[int(match[1])]
        elif line.startswith("guard "):
            self.function.guards.append(self.inst(line[6:]))
        elif match := re.fullmatch(r"frame slots (\d+) saved ?(.*)", line):
            self.function.slots = int(match[1])
            self.function.saved = tuple(BY_NAME[name] for name in match[2].split())
        else:
            self.block.insts.append(self.inst(line))

    def inst(self, line: str) -> MachInst:
        first = _EXIT.search(line)
        name, _, rest = line[: first.start() if first else None].strip().partition(" ")
        if name not in ROWS:
            raise LirParseError(f"no such instruction: {line!r}")
        words = re.split(r",\s*| = ", rest) if rest else []
        exits = [self.exit(match) for match in _EXIT.finditer(line)]
        return MachInst(ROWS[name], [self.operand(word) for word in words], *exits)

    def exit(self, match: re.Match[str]) -> LirExit:
        kind = _kind(match[2])
        words = [pair.split(" ", 1) for pair in match[3].split(", ") if pair]
        types = [_type(name) for name, _ in words]
        operands = [self.operand(word) for _, word in words]
        undo = [self.inst(inst) for inst in match[4].split("; ")] if match[4] else []
        exit = LirExit(int(match[1]), ExitRecord(kind), types, operands, undo)
        self.function.exits.append(exit)
        return exit

    def operand(self, word: str) -> Operand:
        if re.fullmatch(r"-?\d+", word):
            return int(word)
        if match := re.fullmatch(r"slot(\d+)", word):
            return Slot(int(match[1]))
        if match := re.fullmatch(r"block(\d+)", word):
            return self.blocks[int(match[1])]
        if match := _MEMORY.fullmatch(word):
            displacement = int(match[5] or 0) * (-1 if match[4] == "-" else 1)
            index = self.register(match[2]) if match[2] else None
            return Memory(self.register(match[1]), displacement, index, int(match[3] or 1))
        return self.register(word)

    def register(self, word: str) -> AnyRegister:
        if word in BY_NAME:
            return BY_NAME[word]
        match = re.fullmatch(r"([vf])(\d+)", word)
        if match is None:
            raise LirParseError(f"no operand: {word!r}")
        number, is_float = FIRST_VIRTUAL + int(match[2]), match[1] == "f"
        if number not in self.registers:
            self.registers[number] = VirtualRegister(number, is_float)
        return self.registers[number]


def _kind(word: str) -> Kind:
    for kind in get_args(Kind):
        if word == kind:
            return kind  # type: ignore[no-any-return]  # get_args loses the type
    raise LirParseError(f"no kind of exit: {word!r}")


def _type(word: str) -> Type:
    for type in get_args(Type):
        if word == type:
            return type  # type: ignore[no-any-return]  # get_args loses the type
    raise LirParseError(f"no type: {word!r}")
