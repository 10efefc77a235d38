"""LIR: the processor's instructions over virtual registers, then over registers and spill slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tracejit.backend.exits import ExitRecord
from tracejit.backend.target import Address
from tracejit.backend.x64 import FIRST_VIRTUAL, ROWS, MachOp, Register
from tracejit.ir.types import Type
from tracejit.ir.variables import Variable


class VirtualRegister:
    """A place for a value before allocation; `number` counts from FIRST_VIRTUAL in a function."""

    __slots__ = ("is_float", "number")

    def __init__(self, number: int, is_float: bool = False) -> None:
        self.number = number
        self.is_float = is_float

    def __repr__(self) -> str:
        return f"{'f' if self.is_float else 'v'}{self.number - FIRST_VIRTUAL}"


@dataclass(frozen=True, slots=True)
class Slot:
    """A spill slot: the 8 bytes at [rsp + 8*index]."""

    index: int

    def __repr__(self) -> str:
        return f"slot{self.index}"


AnyRegister: TypeAlias = VirtualRegister | Register


@dataclass(frozen=True, slots=True)
class Memory:
    """What is at base + index*scale + displacement."""

    base: AnyRegister
    displacement: int = 0
    index: AnyRegister | None = None
    scale: int = 1

    def registers(self) -> list[AnyRegister]:
        return [self.base] if self.index is None else [self.base, self.index]

    def __repr__(self) -> str:
        text = repr(self.base)
        if self.index is not None:
            text += f" + {self.index}*{self.scale}"
        if self.displacement:
            text += f" {'+' if self.displacement > 0 else '-'} {abs(self.displacement)}"
        return f"[{text}]"


class LirBlock:
    """A block: instructions of which the last ones jump to other blocks."""

    __slots__ = ("cold", "depth", "insts", "number")

    def __init__(self, number: int, depth: int = 0, cold: bool = False) -> None:
        self.number = number
        self.depth = depth
        self.cold = cold
        self.insts: list[MachInst] = []

    def successors(self) -> list[LirBlock]:
        found: list[LirBlock] = []
        for inst in reversed(self.insts):
            if not inst.op.jump:
                break
            if inst.operands and type(inst.operands[0]) is LirBlock:
                found.append(inst.operands[0])
        return found

    def __repr__(self) -> str:
        return f"block{self.number}"


Operand: TypeAlias = VirtualRegister | Register | Slot | Memory | LirBlock | int


class LirExit:
    """A way out at an instruction.

    `operands` hold the state's values, of these types, once `undo`, which the cold stub runs first,
    has brought back an operand that the hot path overwrote, and the fuel that was paid in advance.
    After allocation they are real and `virtual` holds what they were.
    """

    __slots__ = ("number", "operands", "record", "types", "undo", "virtual")

    def __init__(
        self,
        number: int,
        record: ExitRecord,
        types: Sequence[Type],
        operands: list[Operand],
        undo: Sequence[MachInst] = (),
    ) -> None:
        self.number = number
        self.record = record
        self.types = types
        self.operands = operands
        self.undo = undo
        self.virtual: Sequence[Operand] | None = None

    def __repr__(self) -> str:
        return f"exit{self.number}"


class MachInst:
    """One instruction.

    `exits` are the ways out that it may take: a jump has none or one, a poll up to three (raise,
    resume, and what it stores).
    After allocation `operands` are real and `virtual` holds what they were;
    `virtual` is None for what the allocator put in.
    """

    __slots__ = ("exits", "op", "operands", "virtual")

    def __init__(self, op: MachOp, operands: list[Operand], *exits: LirExit) -> None:
        self.op = op
        self.operands = operands
        self.exits = exits
        self.virtual: Sequence[Operand] | None = None


def inst(name: str, *operands: Operand) -> MachInst:
    """An instruction of the row of that name."""
    return MachInst(ROWS[name], list(operands))


@dataclass(slots=True, eq=False)
class LirFunction:
    """A version's machine code before it is text. `blocks[0]` is the entry."""

    name: str
    blocks: list[LirBlock] = field(default_factory=list)
    exits: list[LirExit] = field(default_factory=list)
    """In the order of their numbers; each with its record for the runtime."""
    guards: list[MachInst] = field(default_factory=list)
    """Loads and comparisons at the entry, and after foreign code ran; stale if one is unequal."""
    variables: Mapping[Variable, Address] = field(default_factory=dict)
    """Where the variables outside of the function are."""
    constants: list[object] = field(default_factory=list)
    """Objects whose addresses the code contains: they must live as long as it does."""
    registers: list[VirtualRegister] = field(default_factory=list)
    """In the order of their numbers."""
    calls: bool = False
    """Whether it calls functions of C."""
    pinned: tuple[Register, ...] = ()
    """Callee-saved registers that native calls share, and none of them saves."""
    slots: int = 0
    """Spill slots, once registers are allocated."""
    saved: tuple[Register, ...] = ()
    """Callee-saved registers that the prologue pushes, once registers are allocated."""
    rematerialised: dict[int, int] = field(default_factory=dict)
    """By virtual register's number: constants that have no place and are loaded where needed."""

    def new_register(self) -> VirtualRegister:
        register = VirtualRegister(FIRST_VIRTUAL + len(self.registers))
        self.registers.append(register)
        return register

    def new_float(self) -> VirtualRegister:
        register = self.new_register()
        register.is_float = True
        return register

    def records(self) -> list[ExitRecord]:
        """What the runtime needs to know of each exit, in the order of their numbers."""
        return [exit.record for exit in self.exits]


def print_lir(function: LirFunction) -> str:
    """The function as text; before allocation, `parse_lir` gives it back."""
    lines = [f"lir {function.name}:"]
    if function.slots or function.saved:
        saved = " ".join(register.name for register in function.saved)
        lines.append(f"    frame slots {function.slots} saved {saved}".rstrip())
    lines.extend(f"    guard {_print_operation(guard)}" for guard in function.guards)
    for block in function.blocks:
        depth = f" depth {block.depth}" if block.depth else ""
        lines.append(f"{block}{depth}{' cold' if block.cold else ''}:")
        lines.extend("    " + print_inst(i) for i in block.insts if not is_ghost(i))
    return "\n".join(lines) + "\n"


def is_ghost(inst: MachInst) -> bool:
    """Whether allocation made the instruction void: it stands there only for the checker."""
    if inst.virtual is None:
        return False
    if inst.op.name == "pmove":
        return True
    place = inst.operands[0] if inst.operands else None
    return inst.op.name == "mov" and (isinstance(place, int) or place == inst.operands[1])


def print_inst(inst: MachInst) -> str:
    """One instruction, on one line."""
    text = _print_operation(inst)
    return " ".join([text, *map(print_exit, inst.exits)])


def _print_operation(inst: MachInst) -> str:
    if inst.op.name == "pmove":
        targets, sources = inst.operands[::2], inst.operands[1::2]
        pairs = (f"{d} = {s}" for d, s in zip(targets, sources, strict=True))
        return f"pmove {', '.join(pairs)}"
    return f"{inst.op.name} {', '.join(map(repr, inst.operands))}".rstrip()


def print_exit(exit: LirExit) -> str:
    """`exit0 resume(i64 v1, bool 1) undo(sub v1, v2; add r15, v3)`."""
    pairs = zip(exit.types, exit.operands, strict=True)
    values = ", ".join(f"{type} {operand}" for type, operand in pairs)
    undo = f" undo({'; '.join(map(_print_operation, exit.undo))})" if exit.undo else ""
    return f"{exit} {exit.record.kind}({values}){undo}"
