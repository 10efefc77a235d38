"""Instruction selection: what the lowering rules share.

Blocks are lowered in postorder and instructions from last to first, so that every use of a value is
seen before its definition: what nothing asked for in a register is never computed there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from tracejit.backend.exits import ExitRecord
from tracejit.backend.lir import (
    LirBlock,
    LirExit,
    LirFunction,
    MachInst,
    Operand,
    VirtualRegister,
)
from tracejit.backend.lir import (
    inst as make,
)
from tracejit.backend.target import Target
from tracejit.backend.x64 import R15, ROWS, fits_i32
from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Block, Function, Inst
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.shapes import values_in
from tracejit.ir.types import F64
from tracejit.ir.value import Value


class Selector:
    """The function being lowered, and the instructions chosen so far for the current one."""

    def __init__(self, function: Function, lir: LirFunction, target: Target) -> None:
        self.function = function
        self.lir = lir
        self.target = target
        self.registers: dict[Value, VirtualRegister] = {}
        """Where the values are that something later needs."""
        self.hoisted: dict[int, VirtualRegister] = {}
        """Constants to load at the function's start."""
        self.use_count: Mapping[Value, int] = {}
        self.home: dict[Value, Block] = {}
        self.flows: dict[Value, list[Value]] = {}
        """The block parameters that a value is passed to."""
        self.live_in: dict[Block, set[Value]] = {}
        self.live_out: dict[Block, set[Value]] = {}
        self.live: set[Value] = set()
        """What is live after the current instruction, and what that has asked for so far."""
        self.blocks: dict[Block, LirBlock] = {}
        self.lowered: set[Block] = set()
        self.block = function.entry
        self.before: Inst | None = None
        """The instruction before the current one, in the same block."""
        self.fused: set[Inst] = set()
        """What a later instruction computes too."""
        self.parts: list[Inst] = []
        """What else is read of what the call gives that comes right before."""
        self.depth = 0
        self.is_cold = False
        """Whether what is emitted now is seldom reached."""
        self.items: list[MachInst | LirBlock] = []
        self._survey()

    def _survey(self) -> None:
        """Count uses, and find what is live at each block's end."""
        exposed: dict[Block, set[Value]] = {}
        defined: dict[Block, set[Value]] = {}
        reads: list[Value] = []
        for block in self.function.blocks:
            exposed[block], defined[block] = self._survey_block(block, reads)
        self.use_count = Counter(reads)
        live_in, live_out = self.live_in, self.live_out
        live_in.update(exposed)
        work = list(self.function.blocks)
        predecessors = self.function.predecessors()
        while work:
            block = work.pop()
            live: set[Value] = set()
            for target in block.terminator.targets:
                live |= live_in[target.block]
            live_out[block] = live
            live = exposed[block] | (live - defined[block])
            if live != live_in[block]:
                live_in[block] = live
                work += predecessors[block]

    def _survey_block(self, block: Block, reads: list[Value]) -> tuple[set[Value], set[Value]]:
        """What the block reads from above it, and what it defines; every read goes to `reads`."""
        home, flows = self.home, self.flows
        first = len(reads)
        defined = set(block.params)
        for inst in block.insts:
            reads += inst.args
            if inst.exit is not None:
                reads += inst.exit.state.values()
            if inst.result is not None:
                home[inst.result] = block
                defined.add(inst.result)
        last = block.insts[-1]
        for target in last.targets:
            reads += target.args
            for arg, param in zip(target.args, target.block.params, strict=True):
                flows.setdefault(arg, []).append(param)
        if last.op is Op.ret:
            reads += values_in(last.returned())
        return set(reads[first:]) - defined, defined

    # Emitting

    def emit(self, name: str, *operands: Operand) -> None:
        self.items.append(MachInst(ROWS[name], list(operands)))

    def emit_exit(self, name: str, *exits: LirExit) -> None:
        self.items.append(MachInst(ROWS[name], [], *exits))

    def new_block(self, *, cold: bool = False) -> LirBlock:
        return LirBlock(-1, self.depth, cold or self.is_cold)

    def start(self, block: LirBlock) -> None:
        """What is emitted next goes to the block; what was emitted last falls through to it."""
        self.items.append(block)

    def emit_cold(self, block: LirBlock, emit: Callable[[], None], join: LirBlock) -> None:
        """Let the block, and all that is emitted for it, be out of the way; then on to `join`."""
        self.start(block)
        self.is_cold = True
        emit()
        self.is_cold = False
        self.emit("jmp", join)
        self.start(join)

    def branch(self, condition: str, taken: LirBlock, other: LirBlock) -> None:
        self.items.append(make("j" + condition, taken))
        self.items.append(make("jmp", other))

    # Operands

    def source(self, value: Value) -> VirtualRegister | int:
        """The value as the source of a move: every constant is an immediate."""
        found = self.registers.get(value)
        if found is None:
            constant = constant_of(value)
            if constant is not None:
                return constant
            found = self._assign(value)
        self.live.add(value)
        return found

    def register(self, value: Value) -> VirtualRegister:
        """The value's register; for a constant, one that is loaded here or before all loops."""
        source = self.source(value)
        if not isinstance(source, int):
            return source
        return self.copy_float(source) if value.type == F64 else self.constant(source)

    def operand(self, value: Value) -> VirtualRegister | int:
        """The value as an immediate if it can be one, or its register."""
        source = self.source(value)
        if not isinstance(source, int) or value.type == F64 or fits_i32(source):
            return source
        return self.constant(source)

    def place(self, value: Value) -> VirtualRegister:
        """The register that is to receive the value."""
        return self.registers.get(value) or self._assign(value)

    def _assign(self, value: Value) -> VirtualRegister:
        new = self.lir.new_float if value.type == F64 else self.lir.new_register
        found = self.registers[value] = new()
        return found

    def temporary(self) -> VirtualRegister:
        return self.lir.new_register()

    def copy(self, source: Operand) -> VirtualRegister:
        """A new register with what the operand holds."""
        register = self.lir.new_register()
        self.emit("mov", register, source)
        return register

    def copy_float(self, source: Operand) -> VirtualRegister:
        """A new register with the float that the operand holds, or of which it is the bits."""
        register = self.lir.new_float()
        self.emit("mov", register, source)
        return register

    def constant(self, value: int) -> VirtualRegister:
        """A register with that number, loaded outside of all loops."""
        if self.depth == 0:
            return self.copy(value)
        found = self.hoisted.get(value)
        if found is None:
            found = self.hoisted[value] = self.lir.new_register()
        return found

    def address_of(self, constant: object) -> int:
        """The address of an object that the code names, which lives as long as the code."""
        if constant is None:
            return self.target.none
        if isinstance(constant, bool):
            return self.target.true if constant else self.target.false
        self.lir.constants.append(constant)
        return id(constant)

    def dies(self, value: Value) -> bool:
        """Whether nothing reads the value after the current instruction, its exit apart."""
        return value not in self.live

    def only_here(self, value: Value) -> Inst | None:
        """What computes the value, if in this block and for a single use."""
        origin = value.origin
        if (
            isinstance(origin, Inst)
            and self.use_count[value] == 1
            and self.home[value] is self.block
        ):
            return origin
        return None

    def bounds(self, value: Value) -> tuple[int, int]:
        """The least and the greatest that the value can be."""
        constant = constant_of(value)
        if constant is not None:
            return constant, constant
        return self.function.range_of(value)

    # Exits

    def exit(
        self,
        exit: Exit | None,
        *,
        kind: str = "resume",
        restored: Value | None = None,
        undo: MachInst | None = None,
    ) -> LirExit:
        """A way out with the exit's state.

        `restored` is a value that the hot path overwrote and that `undo` brings back, in the same
        register.
        """
        assert exit is not None
        state = exit.state
        values = state.values()
        undone = [undo] if undo and restored in values else []
        operands = [
            undone[0].operands[0] if undone and value is restored else self.source(value)
            for value in values
        ]
        record = ExitRecord(
            "raise" if kind == "raise" else "resume",
            exit,
            frame=self.function.frame,
            stores=exit.state.stores,
        )
        return LirExit(-1, record, state.types(), operands, [*undone, *self.give_back()])

    def give_back(self) -> Sequence[MachInst]:
        """What returns the fuel that the loop has paid for iterations that do not come."""
        unspent = self.function.unspent.get(self.block)
        if unspent is None:
            return ()
        upper, lower = map(self.register, unspent)
        return make("add", R15, upper), make("sub", R15, lower)


def constant_of(value: Value) -> int | None:
    """The number that the value always is, or its bits if it is a float, where that is known."""
    origin = value.origin
    if type(origin) is Inst and origin.op.has_imm:
        return int(origin.imm)  # type: ignore[call-overload, no-any-return]  # an int or a bool
    return None


Rule: TypeAlias = Callable[[Selector, Inst], None]
RULES: Final[dict[Opcode, Rule]] = {}
"""How each opcode is lowered."""


def lowers(*opcodes: Opcode) -> Callable[[Rule], Rule]:
    """Register the rule for the opcodes."""

    def register(rule: Rule) -> Rule:
        for opcode in opcodes:
            RULES[opcode] = rule
        return rule

    return register
