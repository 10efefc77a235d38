"""Allocated LIR as assembly text.

The hot path first, in the order of the blocks, then what only taken jumps reach. Labels: `bK` a
block, `xK` a side exit, `gK` what several exits give back, `pK` a poll that ran out of fuel, `wK`
where it is done and `qK` the way back from it, `cK` a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from tracejit.backend.flags import drop_tests
from tracejit.backend.lir import (
    LirBlock,
    LirExit,
    LirFunction,
    MachInst,
    Memory,
    Operand,
    Slot,
    is_ghost,
)
from tracejit.backend.target import DATA_NEXT, Target
from tracejit.backend.x64 import (
    FIRST_XMM,
    INVERSE,
    R15,
    RAX,
    RCX,
    RDX,
    ROWS,
    MachOp,
    Register,
    fits_i32,
)
from tracejit.ir.structures import MOST_PARTS

_JMP, _MOV, _PMOVE = (ROWS[name] for name in ("jmp", "mov", "pmove"))
_REPEATED: Final = 3
"""The length in instructions up to which a loop's test is repeated instead of jumped back to."""
_MOST_LINES: Final = 1 << 12
"""So many texts of instructions are kept."""
_LINES_PER_FUEL: Final = 32
"""What one unit of fuel pays for, in lines of a loop."""


def emit(function: LirFunction, target: Target, data_address: int) -> list[str]:
    """The function's assembly, line by line."""
    emitter = _Emitter(function, target, data_address)
    emitter.epilogue()
    emitter.body()
    emitter.stubs()
    return emitter.result()


class _Emitter:
    def __init__(self, function: LirFunction, target: Target, data_address: int) -> None:
        self.function = function
        self.target = target
        self.data_address = data_address
        self.lines: list[str] = []
        self.labels: list[int] = []
        """The lines that are labels."""
        self.referenced = {"epilogue:", "entry:"}
        self.heads: set[str] = set()
        """The labels that backward jumps of the hot path go to."""
        self.cold = False
        self.polls: list[MachInst] = []
        self.repayments: dict[str, str] = {}
        """What gives fuel back before leaving, and its label."""
        self.has_polls = any(exit.record.kind == "raise" for exit in function.exits)
        self.frame = _frame_size(function, self.has_polls)
        self.code = {block: _code_of(block) for block in function.blocks}
        self.destinations = {block: self.destination(block) for block in function.blocks}
        """Where a jump to each block really goes."""
        self.names = {block: self.name(block) for block in function.blocks}
        """The labels by which blocks are reached."""
        self.emitted: dict[LirBlock, int] = {}
        """The line that each block begins with."""
        self.begin = 0
        """The line that the block begins with which is being written."""
        self.following: Sequence[object] = ()
        """The blocks that it goes on to."""
        self.next_label = 0
        self.floats: dict[int, str] = {}
        """The constants that come with the code, by their bits, and their labels."""

    def result(self) -> list[str]:
        """The lines, without the labels that nothing refers to, and with loop heads aligned."""
        lines = self.lines
        found: list[str] = []
        done = 0
        for at in self.labels:
            found += lines[done:at]
            done = at + 1
            label = lines[at]
            if label in self.referenced:
                found += [".p2align 4", label] if label in self.heads else [label]
        return found + lines[done:]

    def label(self, name: str) -> None:
        """Where jumps to the name lead, if there are any."""
        self.labels.append(len(self.lines))
        self.lines.append(name + ":")

    def to(self, label: str) -> str:
        self.referenced.add(label + ":")
        return label

    def to_block(self, block: LirBlock) -> str:
        label = self.names[block]
        if not self.cold and self.destinations[block] in self.emitted:
            self.heads.add(label + ":")
        return self.to(label)

    # The frame

    def epilogue(self) -> None:
        self.label("epilogue")
        if self.function.pinned:
            self.leave_frame()
            self.lines.append("mov edx, 1")
        else:
            self.leave_entered()
        self.lines += ["ret", ".p2align 5"]
        self.label("entry")

    def make_frame(self) -> None:
        self.lines += [f"push {register}" for register in self.function.saved]
        if self.frame:
            self.lines.append(f"sub rsp, {self.frame}")

    def leave_frame(self) -> None:
        if self.frame:
            self.lines.append(f"add rsp, {self.frame}")
        self.lines += [f"pop {register}" for register in reversed(self.function.saved)]

    def leave_entered(self) -> None:
        """The frame of what is entered like a vectorcall."""
        self.leave_frame()
        self.lines += [f"pop {register}" for register in reversed(self.function.pinned)]

    # Blocks

    def body(self) -> None:
        blocks = [block for block in self.function.blocks if self.destinations[block] is block]
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            self.label(f"b{block.number}")
            self.emitted[block] = len(self.lines)
            self.cold = block.cold
            self.block(block, following)

    def block(self, block: LirBlock, following: LirBlock | None, repeated: bool = False) -> None:
        """The instructions; `following` is what comes next in the text."""
        insts, taken, other = self.code[block]
        self.begin, self.following = len(self.lines), (other, taken and taken.operands[0])
        for inst in insts:
            self.inst(inst)
        if taken is not None and other is not None:
            self.branch(taken, other, following, repeated)
        elif other is not None:
            self.go(other, following, repeated)

    def loop(self) -> int:
        """The line that the loop begins with whose end is being written, if it is one."""
        begins = [
            self.emitted[self.destinations[block]]
            for block in self.following
            if isinstance(block, LirBlock) and self.destinations[block] in self.emitted
        ]
        return min(begins, default=self.begin)

    def branch(
        self, jump: MachInst, other: LirBlock, following: LirBlock | None, repeated: bool
    ) -> None:
        taken = jump.operands[0]
        assert isinstance(taken, LirBlock)
        condition = jump.op.name[1:]
        if following is not None and self.destinations[taken] is self.destinations[following]:
            taken, other, condition = other, taken, INVERSE[condition]
        if self.names[taken] != self.names[other]:
            self.lines.append(f"j{condition} {self.to_block(taken)}")
        self.go(other, following, repeated)

    def go(self, block: LirBlock, following: LirBlock | None, repeated: bool) -> None:
        """Reach the block: by falling through, by repeating its test, or by a jump."""
        destination = self.destinations[block]
        if following is not None and destination is self.destinations[following]:
            return
        backward = destination in self.emitted and not self.cold
        if backward and not repeated and self.is_test(destination):
            self.block(destination, following, repeated=True)
        else:
            self.lines.append(f"jmp {self.to_block(block)}")

    def is_test(self, block: LirBlock) -> bool:
        """Whether the block only decides, in a few instructions, where to go."""
        insts, taken, _ = self.code[block]
        return (
            taken is not None
            and len(insts) <= _REPEATED
            and all(inst.op.name not in ("poll", "entry") for inst in insts)
        )

    def destination(self, block: LirBlock) -> LirBlock:
        """Where a jump to the block really goes; in a ring of empty blocks, to the first."""
        seen = {block}
        while True:
            insts, taken, other = self.code[block]
            if insts or taken is not None or other is None:
                return block
            if other in seen:
                return min(seen, key=lambda block: block.number)
            seen.add(other)
            block = other

    def name(self, block: LirBlock) -> str:
        """What to jump to in order to reach the block; an exit if it does nothing but leave."""
        destination = self.destinations[block]
        insts, _, _ = self.code[destination]
        if len(insts) == 1 and insts[0].op.name == "jmp":
            return f"x{insts[0].exits[0].number}"
        return f"b{destination.number}"

    # Instructions

    def inst(self, inst: MachInst) -> None:
        op = inst.op
        special = _SPECIAL.get(op)
        if special is not None:
            special(self, inst)
        elif inst.exits:
            self.lines.append(f"{op.mnemonic} {self.to(f'x{inst.exits[0].number}')}")
        else:
            self.lines.append(_line(op, *inst.operands))

    def miss(self, inst: MachInst) -> None:
        self.lines.append(f"j{inst.op.name[4:]} {self.to('miss')}")

    def entry(self, inst: MachInst) -> None:
        self.lines += [f"push {register}" for register in self.function.pinned]
        self.make_frame()

    def enter(self, inst: MachInst) -> None:
        self.lines.append(".p2align 4")
        self.label(f"n{inst.operands[-1]}")
        self.make_frame()

    def native(self, inst: MachInst) -> None:
        self.lines.append(f"call {self.to(f'n{inst.operands[-1]}')}")

    def give(self, inst: MachInst) -> None:
        self.leave_frame()
        self.lines += ["xor edx, edx", "ret"]

    def budget(self, inst: MachInst) -> None:
        (stub,) = inst.operands
        words = 1 + len(self.function.saved) + self.frame // 8
        self.lines += [f"push {8 * words}", f"call {_operand(stub, pushed=1)}"]

    def recheck_guards(self, inst: MachInst) -> None:
        self.lines.append(f"call {self.to('recheck')}")

    def guards(self, inst: MachInst) -> None:
        """By the subroutine, where polls need one all the same."""
        if self.has_polls:
            self.lines += [f"call {self.to('recheck')}", f"jne {self.to('miss')}"]
        else:
            self.check_guards("miss")

    def mov(self, inst: MachInst) -> None:
        place, source = inst.operands
        if _is_float(place) or _is_float(source):
            self.move_float(place, source)
        elif not isinstance(source, int):
            self.lines.append(_line(_MOV, place, source))
        elif isinstance(place, Register):
            self.lines.append(_load(place, source))
        elif fits_i32(source):
            self.lines.append(f"mov {_operand(place)}, {source}")
        else:
            assert isinstance(place, Slot)
            for half in range(2):
                part = source >> 32 * half & 0xFFFFFFFF
                at = 8 * place.index + 4 * half
                self.lines.append(f"mov dword ptr [rsp + {at}], {part}")

    def move_float(self, place: Operand, source: Operand) -> None:
        if source == 0:
            self.lines.append(f"xorps {place}, {place}")
        elif _is_float(place) and _is_float(source):
            self.lines.append(f"movaps {place}, {source}")
        else:
            self.lines.append(f"movsd {_operand(place)}, {self.float_operand(source)}")

    def float_operand(self, operand: Operand, size: int = 8) -> str:
        if not isinstance(operand, int):
            return _operand(operand, size)
        label = self.floats.setdefault(operand, f"c{operand:x}")
        return f"{_SIZES[size]} ptr [rip + {self.to(label)}]"

    def float_operation(self, inst: MachInst) -> None:
        place, source = inst.operands
        self.lines.append(f"{inst.op.mnemonic} {place}, {self.float_operand(source, inst.op.size)}")

    def zero(self, inst: MachInst) -> None:
        (place,) = inst.operands
        if isinstance(place, Register):
            self.lines.append(f"xor {place.name32}, {place.name32}")
        else:
            self.lines.append(f"mov {_operand(place)}, 0")

    def shift(self, inst: MachInst) -> None:
        place, count = inst.operands
        text = "cl" if count is RCX else str(count)
        self.lines.append(f"{inst.op.mnemonic} {_operand(place)}, {text}")

    def lea(self, inst: MachInst) -> None:
        place, address = inst.operands
        assert isinstance(address, Memory)
        self.lines.append(f"lea {place}, {_address(address)}")

    def copy(self, inst: MachInst) -> None:
        place, source = inst.operands
        self.lines += [f"push {_operand(source)}", f"pop {_operand(place)}"]

    def swap(self, inst: MachInst) -> None:
        a, b = inst.operands
        if _is_float(a) and _is_float(b):
            self.lines += [f"xorps {a}, {b}", f"xorps {b}, {a}", f"xorps {a}, {b}"]
            return
        if _is_float(a) or _is_float(b):
            self.swap_with_slot(*((a, b) if _is_float(a) else (b, a)))
            return
        self.lines += [
            f"push {_operand(a)}",
            f"push {_operand(b, pushed=1)}",
            f"pop {_operand(a, pushed=1)}",
            f"pop {_operand(b)}",
        ]

    def swap_with_slot(self, register: Operand, slot: Operand) -> None:
        """No flag changes."""
        self.lines += [
            f"push {_operand(slot)}",
            f"movsd {_operand(slot, pushed=1)}, {register}",
            f"movsd {register}, qword ptr [rsp]",
            "lea rsp, [rsp + 8]",
        ]

    def incref(self, inst: MachInst) -> None:
        counted, scratch = inst.operands
        if not self.target.immortal:
            self.lines.append(f"inc qword ptr [{counted}]")
            return
        assert isinstance(scratch, Register)
        label = f"i{self.next_label}"
        self.next_label += 1
        self.lines += [
            f"mov {scratch.name32}, dword ptr [{counted}]",
            f"inc {scratch.name32}",
            f"je {self.to(label)}",
            f"mov dword ptr [{counted}], {scratch.name32}",
        ]
        self.label(label)

    def floor_divide(self, inst: MachInst) -> None:
        (divisor,) = inst.operands
        self.lines += [
            f"push {_operand(divisor)}",
            _load(RDX, self.target.floor_divide),
            "call rdx",
        ]

    def return_(self, inst: MachInst) -> None:
        self.leave_entered()
        self.lines.append("ret")

    def tail_call(self, inst: MachInst) -> None:
        (function,) = inst.operands
        assert isinstance(function, int)
        self.leave_entered()
        self.lines += [_load(RAX, function), "jmp rax"]

    def poll(self, inst: MachInst) -> None:
        """A long loop spends more fuel, so that what is left of a short one's does not last."""
        number = inst.exits[0].number
        self.polls.append(inst)
        price = 1 + (len(self.lines) - self.loop()) // _LINES_PER_FUEL
        spend = "dec r15" if price == 1 else f"sub r15, {price}"
        self.lines += [spend, f"jle {self.to(f'p{number}')}"]
        self.label(f"q{number}")

    # What only taken jumps reach

    def stubs(self) -> None:
        for inst in self.polls:
            self.poll_stub(inst)
        if "recheck:" in self.referenced:
            self.recheck()
        exits = [e for e in self.function.exits if f"x{e.number}:" in self.referenced]
        for exit in exits:
            self.exit_stub(exit)
        for text, label in self.repayments.items():
            self.label(label)
            self.lines += [*text.split("\n"), f"jmp {self.to('deopt')}"]
        if exits:
            self.leave_version()
        if "miss:" in self.referenced:
            self.label("miss")
            self.leave_entered()
            self.lines.append(_load(RAX, self.data_address + DATA_NEXT))
            self.lines.append("jmp qword ptr [rax]")
        if self.floats:
            self.constants()

    def constants(self) -> None:
        """Each in 16 bytes, as operations on all bits of a register read so much."""
        self.lines.append(".p2align 4")
        for bits, label in self.floats.items():
            self.label(label)
            self.lines += [f".quad {bits}", ".quad 0"]

    def poll_stub(self, inst: MachInst) -> None:
        raised, *others = inst.exits
        stale = others[0] if others else None
        lines = self.lines
        self.label(f"p{raised.number}")
        if len(others) == 2:
            self.poll_and_store(inst)
        else:
            lines.append(f"movabs r15, {self.target.poll}")
            lines.append("call r15")
            lines.append(f"jne {self.to(f'x{raised.number}')}")
        if stale is not None and self.function.guards:
            lines.append(f"call {self.to('recheck')}")
            lines.append(f"jne {self.to(f'x{stale.number}')}")
        lines.append(f"jmp {self.to(f'q{raised.number}')}")

    def poll_and_store(self, inst: MachInst) -> None:
        """By the deopt stub, which comes back to where r15 says.

        With CF=1 if all is well, else ZF=1 if an exception is set.
        """
        raised, stale, stored = inst.exits
        back = f"w{raised.number}"
        self.lines += [
            f"lea r15, [rip + {self.to(back)}]",
            f"push {stored.number}",
            f"jmp {self.to('deopt')}",
        ]
        self.label(back)
        self.lines += [
            f"je {self.to(f'x{raised.number}')}",
            f"ja {self.to(f'x{stale.number}')}",
        ]

    def recheck(self) -> None:
        """A subroutine: ZF=0 where a guard does not hold any more; keeps every register."""
        self.label("recheck")
        self.lines += ["push rax", "push r11"]
        self.check_guards("rechecked")
        self.label("rechecked")
        self.lines += ["pop r11", "pop rax", "ret"]

    def check_guards(self, stale: str) -> None:
        for inst in self.function.guards:
            self.inst(inst)
            if inst.op.mnemonic == "cmp":
                self.lines.append(f"jne {self.to(stale)}")

    def exit_stub(self, exit: LirExit) -> None:
        self.label(f"x{exit.number}")
        # Behind the last poll, any value may be in the register of the fuel.
        repaid = [inst for inst in exit.undo if inst.virtual and inst.virtual[0] is R15]
        for inst in exit.undo:
            if inst not in repaid:
                self.undo(inst)
        self.lines += [f"push {exit.number}", f"jmp {self.to(self.repay(repaid))}"]

    def repay(self, insts: Sequence[MachInst]) -> str:
        """Where to go on to in order to give fuel back, one word pushed, and leave."""
        if not insts:
            return "deopt"
        text = "\n".join(
            f"{inst.op.mnemonic} {R15}, {_operand(inst.operands[1], pushed=1)}" for inst in insts
        )
        return self.repayments.setdefault(text, f"g{len(self.repayments)}")

    def undo(self, inst: MachInst) -> None:
        """Where the processor cannot do it at once, by a scratch register that is kept."""
        place, *rest = inst.operands
        source = rest[0] if rest else 0
        in_memory = isinstance(place, Slot) and isinstance(source, Slot)
        if not in_memory and not (isinstance(source, int) and not fits_i32(source)):
            self.inst(inst)
            return
        scratch = RCX if place is RAX else RAX
        if isinstance(source, int):
            load = _load(scratch, source)
        else:
            load = f"mov {scratch}, {_operand(source, pushed=1)}"
        self.lines += [
            f"push {scratch}",
            load,
            f"{inst.op.mnemonic} {_operand(place, pushed=1)}, {scratch}",
            f"pop {scratch}",
        ]

    def leave_version(self) -> None:
        """To the deopt stub, with DATA and the exit's number on the stack and no register lost."""
        self.label("deopt")
        for address in (self.data_address, self.target.deopt):
            self.lines += ["push rax", f"movabs rax, {address}", "xchg qword ptr [rsp], rax"]
        self.lines.append("ret")


_SPECIAL: Final[dict[MachOp, Callable[[_Emitter, MachInst], None]]] = {
    ROWS["entry"]: _Emitter.entry,
    ROWS["guards"]: _Emitter.guards,
    ROWS["mov"]: _Emitter.mov,
    ROWS["zero"]: _Emitter.zero,
    ROWS["shl"]: _Emitter.shift,
    ROWS["shr"]: _Emitter.shift,
    ROWS["sar"]: _Emitter.shift,
    ROWS["lea"]: _Emitter.lea,
    ROWS["copy"]: _Emitter.copy,
    ROWS["swap"]: _Emitter.swap,
    ROWS["incref"]: _Emitter.incref,
    ROWS["floordiv"]: _Emitter.floor_divide,
    **{ROWS[f"enter{n}"]: _Emitter.enter for n in range(MOST_PARTS + 1)},
    **{ROWS[f"native{n}"]: _Emitter.native for n in range(MOST_PARTS + 1)},
    **{ROWS[f"give{n}"]: _Emitter.give for n in range(MOST_PARTS + 1)},
    ROWS["budget"]: _Emitter.budget,
    ROWS["recheck"]: _Emitter.recheck_guards,
    ROWS["return"]: _Emitter.return_,
    ROWS["tailcall"]: _Emitter.tail_call,
    ROWS["tailcall_float"]: _Emitter.tail_call,
    ROWS["poll"]: _Emitter.poll,
    **{row: _Emitter.float_operation for row in ROWS.values() if row.is_float},
    **{row: _Emitter.miss for row in ROWS.values() if row.name.startswith("miss")},
}


def _frame_size(function: LirFunction, has_polls: bool) -> int:
    """The bytes below the saved registers, such that calls find rsp at a multiple of 16."""
    if not function.slots and not has_polls and not function.calls:
        return 0
    words = function.slots
    words += (1 + len(function.saved) + words) % 2
    return 8 * words


def _code_of(block: LirBlock) -> tuple[list[MachInst], MachInst | None, LirBlock | None]:
    """The instructions but for the jumps to other blocks at the end: conditional, and plain."""
    insts = [
        inst
        for inst in block.insts
        if inst.op is not _PMOVE and (inst.op is not _MOV or not is_ghost(inst))
    ]
    taken: MachInst | None = None
    other: LirBlock | None = None
    if insts and insts[-1].op is _JMP and _leads_to_block(insts[-1]):
        destination = insts.pop().operands[0]
        assert isinstance(destination, LirBlock)
        other = destination
    if insts and _leads_to_block(insts[-1]):
        taken = insts.pop()
    return drop_tests(insts, taken), taken, other


def _leads_to_block(inst: MachInst) -> bool:
    return inst.op.jump and bool(inst.operands) and type(inst.operands[0]) is LirBlock


_SIZES: Final = {1: "byte", 4: "dword", 8: "qword", 16: "xmmword"}


@lru_cache(_MOST_LINES)
def _line(op: MachOp, *operands: Operand) -> str:
    """The operation and its operands: most lines are those of many functions."""
    texts = [_operand(operand, op.size) for operand in operands]
    return f"{op.mnemonic} {', '.join(texts)}" if texts else op.mnemonic


def _is_float(operand: Operand) -> bool:
    return isinstance(operand, Register) and operand.number >= FIRST_XMM


def _operand(operand: Operand, size: int = 8, pushed: int = 0) -> str:
    """`pushed` words have been pushed since the frame was made."""
    if type(operand) is Register:
        return operand.name if size >= 8 else operand.name32 if size == 4 else operand.name8
    if type(operand) is Slot:
        return f"{_SIZES[size]} ptr [rsp + {8 * (operand.index + pushed)}]"
    if type(operand) is Memory:
        return f"{_SIZES[size]} ptr {_address(operand)}"
    return str(operand)


def _address(memory: Memory) -> str:
    return repr(memory)


def _load(register: Register, constant: int) -> str:
    """The shortest way to load the constant that keeps the flags."""
    constant %= 2**64
    if constant < 2**32:
        return f"mov {register.name32}, {constant}"
    if constant >= 2**64 - 2**31:
        return f"mov {register}, {constant - 2**64}"
    return f"movabs {register}, {constant}"
