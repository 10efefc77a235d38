"""The processor: registers, conditions, and a row for each instruction that the back end uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tracejit.ir.structures import MOST_PARTS


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """A register; `number` as instruction encodings have it, for floats with FIRST_XMM added."""

    number: int
    name: str
    name32: str
    name8: str

    def __repr__(self) -> str:
        return self.name


def _registers() -> tuple[Register, ...]:
    legacy = ("ax", "cx", "dx", "bx", "sp", "bp", "si", "di")
    named = [
        Register(number, "r" + name, "e" + name, name[0] + "l" if number < 4 else name + "l")
        for number, name in enumerate(legacy)
    ]
    numbered = [Register(n, f"r{n}", f"r{n}d", f"r{n}b") for n in range(8, 16)]
    return (*named, *numbered)


REGISTERS: Final = _registers()
FIRST_XMM: Final = 16
XMM: Final = tuple(Register(FIRST_XMM + n, *3 * (f"xmm{n}",)) for n in range(16))
"""The registers for floats; calls keep none of them."""
RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = REGISTERS[:8]
R8, R9, R11, R14, R15 = (REGISTERS[number] for number in (8, 9, 11, 14, 15))
XMM0, XMM1 = XMM[:2]
FIRST_VIRTUAL: Final = FIRST_XMM + len(XMM)
"""Virtual registers are numbered from here on."""
BY_NAME: Final = {register.name: register for register in (*REGISTERS, *XMM)}

CALLEE_SAVED: Final = (RBX, RBP, *REGISTERS[12:16])
ALLOCATION_ORDER: Final = (*REGISTERS[8:12], RSI, RDI, RCX, RDX, RAX, *CALLEE_SAVED)
"""First what fixed operands never need, last what the prologue must save."""
FLOAT_ORDER: Final = XMM[::-1]
CALL_CLOBBERED: Final = (RAX, RCX, RDX, RSI, RDI, *REGISTERS[8:12], *XMM)
"""What a function of C need not keep."""


CONDITIONS: Final = (
    *("o", "no", "b", "ae", "e", "ne", "be", "a"),
    *("s", "ns", "p", "np", "l", "ge", "le", "g"),
)
"""The condition codes, by their numbers in encodings."""
INVERSE: Final = {name: CONDITIONS[number ^ 1] for number, name in enumerate(CONDITIONS)}
"""Each condition code's negation."""
SWAPPED: Final = {
    "e": "e",
    "ne": "ne",
    "l": "g",
    "g": "l",
    "le": "ge",
    "ge": "le",
    "b": "a",
    "a": "b",
    "be": "ae",
    "ae": "be",
}
"""The condition that holds after the comparison's operands are exchanged."""


WRITE: Final = 1
READ: Final = 2
_ACCESSES: Final = {"u": READ, "d": WRITE, "m": READ | WRITE}


@dataclass(frozen=True, slots=True, eq=False)
class MachOp:
    """One row: an instruction of the processor, or a pseudo-instruction that the emitter expands.

    `roles` has a letter for each operand: `u` read, `d` written, `m` both; a block's name has `b`.
    `memory` holds the operands that may stand in memory (one of them at a time). `uses` and `defs`
    are the registers read and written without being named.
    """

    name: str
    roles: str = ""
    memory: frozenset[int] = frozenset()
    uses: tuple[Register, ...] = ()
    defs: tuple[Register, ...] = ()
    size: int = 8
    mnemonic: str = ""
    immediate: int | None = None
    """The operand that may be a number, of 32 bits sign-extended but for `mov`'s and floats'."""
    is_float: bool = False
    """Takes its number, the bits of a float, from memory that comes with the code."""
    jump: bool = False
    """Ends a block, or leaves it in the middle when its target is an exit."""
    reads: tuple[int, ...] = ()
    """The operands that are read, by place."""
    writes: tuple[int, ...] = ()
    """The operands that are written, by place."""
    accesses: tuple[tuple[int, int], ...] = ()
    """The operands that are read or written, by place, each with READ, WRITE, or both."""
    implicit: tuple[tuple[int, int], ...] = ()
    """The numbers of the registers in `uses` and `defs`, each with READ or WRITE."""


def _row(
    name: str,
    spec: str = "",
    uses: tuple[Register, ...] = (),
    defs: tuple[Register, ...] = (),
    *,
    size: int = 8,
    mnemonic: str = "",
    jump: bool = False,
    is_float: bool = False,
) -> MachOp:
    """`spec` is the role of each operand, with a star where it may be in memory."""
    words = spec.split()
    memory = frozenset(at for at, word in enumerate(words) if word.endswith("*"))
    roles = "".join(word[0] for word in words)
    immediate = 1 if is_float or (mnemonic or name) in _TAKE_IMMEDIATE else None
    reads = tuple(at for at, role in enumerate(roles) if role in "um")
    writes = tuple(at for at, role in enumerate(roles) if role in "dm")
    known = mnemonic or name
    accesses = tuple((at, _ACCESSES[role]) for at, role in enumerate(roles) if role in _ACCESSES)
    implicit = tuple((r.number, access) for rs, access in ((uses, READ), (defs, WRITE)) for r in rs)
    return MachOp(
        name,
        roles,
        memory,
        uses,
        defs,
        size,
        known,
        immediate,
        is_float,
        jump,
        reads,
        writes,
        accesses,
        implicit,
    )


_TAKE_IMMEDIATE: Final = ("mov", "add", "adc", "sub", "and", "or", "xor", "cmp", "test")


def _sized(name: str, spec: str) -> tuple[MachOp, MachOp]:
    """The 64-bit row and the 32-bit one, which writes only registers: it clears the high half."""
    short = spec.replace("m*", "m").replace("d*", "d")
    return _row(name, spec), _row(name + "32", short, size=4, mnemonic=name)


ENTRY_REGISTERS: Final = (RDI, RSI, RDX, RCX)
"""What a vectorcall passes, and what a missed guard must hand on unchanged."""
_PAIR: Final = (RAX, RDX)

_ROWS: Final = (
    *_sized("mov", "d* u*"),
    # d = 0, at the price of the flags
    _row("zero", "d*"),
    *(row for name in ("add", "sub", "and", "or", "xor") for row in _sized(name, "m* u*")),
    # right after the addition whose carry it adds
    _row("adc", "m* u*"),
    *(row for name in ("cmp", "test") for row in _sized(name, "u* u*")),
    *(row for name in ("shl", "shr", "sar", "rol") for row in _sized(name, "m* u")),
    _row("bt", "u* u"),
    _row("bswap", "m"),
    _row("neg", "m*"),
    _row("not", "m*"),
    *_sized("imul", "m u*"),
    _row("imul3", "d u* u", mnemonic="imul"),
    _row("imul3_32", "d u u", size=4, mnemonic="imul"),
    # the second operand is an address, not what is there
    _row("lea", "d u"),
    _row("bsr", "d u*"),
    # of what is not 0; a processor without it takes it for the slower `bsf`, which gives the same
    _row("tzcnt", "d u*"),
    _row("popcnt", "d u*"),
    _row("mul", "u*", uses=(RAX,), defs=_PAIR),
    # the signed product of rax
    _row("imul1", "u*", uses=(RAX,), defs=_PAIR, mnemonic="imul"),
    _row("cqo", uses=(RAX,), defs=(RDX,)),
    _row("idiv", "u*", uses=_PAIR, defs=_PAIR),
    _row("div", "u*", uses=_PAIR, defs=_PAIR),
    _row("div32", "u*", uses=_PAIR, defs=_PAIR, size=4, mnemonic="div"),
    *(_row("set" + cc, "m*", size=1) for cc in INVERSE),
    *(_row("cmov" + cc, "m u*") for cc in INVERSE),
    *(_row("j" + cc, "b", jump=True) for cc in INVERSE),
    _row("jmp", "b", jump=True),
    *(
        _row(name, "m u*", is_float=True)
        for name in ("addsd", "subsd", "mulsd", "divsd", "minsd", "maxsd")
    ),
    # of all bits
    *(_row(name, "m u", size=16, is_float=True) for name in ("andps", "orps", "xorps")),
    # all bits where it holds, else none
    _row("cmpeqsd", "m u*"),
    _row("cmpneqsd", "m u*"),
    _row("ucomisd", "u u*", is_float=True),
    _row("sqrtsd", "d u*"),
    # the third operand says how
    _row("roundsd", "d u u"),
    # from one kind of register to the other
    _row("movq", "d u"),
    # what is not written of the register stays
    _row("cvtsi2sd", "m u*"),
    _row("cvttsd2si", "d u*"),
    # the registers as a vectorcall has them
    _row("entry", defs=ENTRY_REGISTERS),
    # to the next version, when one of the function's guards does not hold
    _row("guards", uses=ENTRY_REGISTERS, defs=(RAX, R11)),
    # to the next version, when the condition holds
    *(_row("miss" + cc, uses=ENTRY_REGISTERS) for cc in INVERSE),
    # call of a stub that keeps all but rax; its address is the operand
    _row("unbox", "u*", uses=(RAX,), defs=(RAX,), mnemonic="call"),
    # call of the stub that divides rax by the operand: the floor, the remainder, OF if it overflows
    _row("floordiv", "u*", uses=(RAX,), defs=_PAIR),
    # call of the stub that divides xmm0 by xmm1, and keeps all else; its address is the operand
    _row("float_divmod", "u*", uses=(XMM0, XMM1), defs=(XMM0, XMM1), mnemonic="call"),
    # call of a function of C, whose address is the operand, with one float or two
    _row("call1", "u*", uses=(XMM0,), defs=CALL_CLOBBERED, mnemonic="call"),
    _row("call2", "u*", uses=(XMM0, XMM1), defs=CALL_CLOBBERED, mnemonic="call"),
    # what a function is entered with that is called natively; the last operand is its number
    *(_row(f"enter{n}", "d " * n, defs=(R14, R15)) for n in range(MOST_PARTS + 1)),
    # call of the function of the number that is the last operand: edx and the registers for results
    # have what it gives
    *(
        _row(f"native{n}", "u " * n, uses=(R14, R15), defs=(*CALL_CLOBBERED, R15))
        for n in range(MOST_PARTS + 1)
    ),
    # return to a native call, of what is in the registers for results
    *(_row(f"give{n}", "u " * n, uses=(R14, R15), jump=True) for n in range(MOST_PARTS + 1)),
    # call of the stub, by its address, that gives r14; CF=1 if no frame may be made
    _row("budget", "u", defs=(R14, *XMM)),
    # ZF=0 if one of the function's guards does not hold
    _row("recheck"),
    # call of a stub, by its address, that takes the parts out of the object in rax, if CF=0
    _row("take", "u", uses=(RAX,), defs=CALL_CLOBBERED, mnemonic="call"),
    # call of a stub, by its address, that lets a variable have rsi, or xmm0; CF=1 if it cannot
    _row("store", "u", uses=(RDI, RSI), defs=CALL_CLOBBERED, mnemonic="call"),
    _row("store_float", "u", uses=(RDI, XMM0), defs=CALL_CLOBBERED, mnemonic="call"),
    # all operands at once: first, third, ... = second, fourth, ...
    _row("pmove"),
    _row("xchg", "m* m*"),
    # memory to memory
    _row("copy", "d* u*"),
    # memory with memory, or what holds a float with any place
    _row("swap", "m* m*"),
    # one unit of fuel; leaves when the stub says so
    _row("poll", uses=(R15,), defs=(R15,)),
    # count one more reference to the object in the register; the other one is scratch
    _row("incref", "u d"),
    # return rax; return what the function whose address is the operand makes of rdi, or of xmm0
    _row("return", uses=(RAX,), jump=True),
    _row("tailcall", "i", uses=(RDI,), jump=True),
    _row("tailcall_float", "i", uses=(XMM0,), jump=True),
)

ROWS: Final = {row.name: row for row in _ROWS}
"""The rows by name."""


def fits_i32(value: int) -> bool:
    """Whether an instruction can take the value as a sign-extended 32-bit immediate."""
    return -0x80000000 <= value <= 0x7FFFFFFF
