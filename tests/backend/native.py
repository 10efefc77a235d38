"""Runs emitted code without the runtime: stubs of its own, and outcomes like the interpreter's."""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.ir.translated import Run, translated
from tracejit.backend import x64
from tracejit.backend.assembler import assemble
from tracejit.backend.emit import emit
from tracejit.backend.exits import ExitRecord, InRegister, InSlot, IsConstant, Location
from tracejit.backend.linker import MachineCode, link
from tracejit.backend.lir import LirFunction
from tracejit.backend.lower import lower
from tracejit.backend.regalloc import allocate
from tracejit.backend.regalloc_checker import check
from tracejit.backend.target import DATA_EPILOGUE, DATA_NEXT, MemoryIs, Target
from tracejit.ir.frame_state import FrameState
from tracejit.ir.function import Function
from tracejit.ir.interpreter import Left, Returned, evaluate
from tracejit.ir.shapes import Const, Shape, map_values
from tracejit.ir.types import BOOL, F64, I64, OBJ, U64, float_of
from tracejit.runtime import libm
from tracejit.runtime.stubs import store, take_result
from tracejit.runtime.stubs.budget import budget_text
from tracejit.runtime.stubs.call_math import call_math_text
from tracejit.runtime.stubs.divide import floor_divide_text
from tracejit.runtime.stubs.float_divmod import float_divmod_text
from tracejit.runtime.stubs.unbox import unbox_unsigned_text

ENTRY = 32
"""Where the emitter puts the entry; the epilogue, which is shorter, comes first."""

POINTER = ctypes.c_void_p
VECTORCALL = ctypes.PYFUNCTYPE(ctypes.py_object, POINTER, POINTER, ctypes.c_size_t, POINTER)
TAGGED = sys.version_info >= (3, 12)
SLOTS = 160
FLOATS, FRAME = 32, 48
"""Words of the dump: the registers for floats, and what is at the frame base."""
REGISTERS = [register.name for register in x64.REGISTERS]


@dataclass(frozen=True)
class Missed:
    """A guard did not hold, and the next version was entered with the same registers."""


def c_function(name: str) -> int:
    found = ctypes.cast(getattr(ctypes.pythonapi, name), POINTER).value
    assert found is not None
    return found


class Memory:
    """A page range to execute, and buffers that machine code writes to."""

    def __init__(self, size: int = 1 << 20) -> None:
        self.map = mmap.mmap(-1, size, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        self.used = 0

    def reserve(self, size: int) -> int:
        at = self.used
        self.used = -(-(at + size) // 64) * 64
        return self.start + at

    def place(self, code: bytes) -> int:
        address = self.reserve(len(code))
        ctypes.memmove(address, code, len(code))
        return address


MEMORY = Memory()
CODE = Memory()
DATA = MEMORY.reserve(64)
DUMP = MEMORY.reserve(8 * FRAME + 8 * SLOTS)
POLLED = MEMORY.reserve(64)
NEXT, EPILOGUE = (ctypes.c_uint64.from_address(DATA + at) for at in (DATA_NEXT, DATA_EPILOGUE))
WORDS: Any = (ctypes.c_int64 * (FRAME + SLOTS)).from_address(DUMP)
EXIT, BASE = 16, 17
"""Words of the dump after the registers: the exit's number and the frame base."""


def _assembled(text: str) -> int:
    return MEMORY.place(assemble(text))


def _deopt_stub() -> int:
    stores = "\n".join(
        f"mov qword ptr [rax + {8 * number}], {name}"
        for number, name in enumerate(REGISTERS)
        if name not in ("rax", "rsp")
    )
    stores += "".join(
        f"\nmovsd qword ptr [rax + {8 * (FLOATS + number)}], xmm{number}" for number in range(16)
    )
    return _assembled(f"""
        push rax
        movabs rax, {DUMP}
        {stores}
        pop rcx
        mov qword ptr [rax], rcx
        mov rcx, qword ptr [rsp + 8]
        mov qword ptr [rax + {8 * EXIT}], rcx
        lea rsi, [rsp + 16]
        mov qword ptr [rax + {8 * BASE}], rsi
        lea rdi, [rax + {8 * FRAME}]
        pop rdx
        add rsp, 8
        mov ecx, {SLOTS}
        cld
        rep movsq
        movabs rax, {id(None)}
        inc qword ptr [rax]
        jmp qword ptr [rdx + {DATA_EPILOGUE}]
    """)


def _unbox_stub() -> int:
    kept = ("rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rbp")
    return _assembled(
        "\n".join(
            [
                *(f"push {name}" for name in kept),
                "mov rbp, rsp",
                "and rsp, -16",
                "sub rsp, 16",
                "mov rdi, rax",
                "mov rsi, rsp",
                f"movabs rax, {c_function('PyLong_AsLongLongAndOverflow')}",
                "call rax",
                "mov ecx, dword ptr [rsp]",
                "mov rsp, rbp",
                "neg ecx",
                *(f"pop {name}" for name in reversed(kept)),
                "ret",
            ]
        )
    )


def _poll_stub() -> int:
    """Gives the fuel at POLLED+8, counts at POLLED+16; raises when POLLED is not zero."""
    return _assembled(f"""
        push rax
        movabs rax, {POLLED}
        inc qword ptr [rax + 16]
        mov r15, qword ptr [rax + 8]
        cmp qword ptr [rax], 0
        pop rax
        ret
    """)


def _miss_stub() -> int:
    """Dumps what the next version gets, and returns NotImplemented."""
    return _assembled(f"""
        movabs rax, {DUMP}
        mov qword ptr [rax], rdi
        mov qword ptr [rax + 8], rsi
        mov qword ptr [rax + 16], rdx
        mov qword ptr [rax + 24], rcx
        movabs rax, {id(NotImplemented)}
        inc qword ptr [rax]
        ret
    """)


MISS = _miss_stub()


def address_of(object: Any) -> int:
    return id(object)


def make_target(popcnt: bool = False, fuel: int = 3, sse41: bool = True) -> Target:
    return Target(
        int_type=id(int),
        bool_type=id(bool),
        float_type=id(float),
        none=id(None),
        true=id(True),
        false=id(False),
        immortal=TAGGED,
        tagged_ints=TAGGED,
        box_int=c_function("PyLong_FromLongLong"),
        box_unsigned=c_function("PyLong_FromUnsignedLongLong"),
        box_float=c_function("PyFloat_FromDouble"),
        unbox_wide=_UNBOX,
        unbox_unsigned=_UNBOX_UNSIGNED,
        floor_divide=_FLOOR_DIVIDE,
        float_divmod=lambda: _FLOAT_DIVMOD,
        libm=libm.FUNCTIONS,
        call_math=lambda name: _assembled(call_math_text(name)),
        store=lambda of_type: _assembled(store.TEXTS[of_type]()),
        budget=lambda: _BUDGET,
        take_result=lambda of_type: _assembled(take_result.TEXTS[of_type]()),
        poll=_POLL,
        deopt=_DEOPT,
        initial_fuel=fuel,
        popcnt=popcnt,
        sse41=sse41,
    )


_UNBOX, _POLL, _DEOPT = _unbox_stub(), _poll_stub(), _deopt_stub()
_UNBOX_UNSIGNED = _assembled(unbox_unsigned_text())
_FLOAT_DIVMOD = _assembled(float_divmod_text())
_BUDGET = _assembled(budget_text())
_FLOOR_DIVIDE = _assembled(floor_divide_text())
TARGET = make_target()


@dataclass(eq=False)
class Native:
    """A compiled version."""

    function: Function
    lir: LirFunction
    text: str
    code: MachineCode
    address: int

    def __call__(self, *args: object) -> Returned | Left | Missed:
        """What the code does with the arguments."""
        boxed: Any = (ctypes.py_object * (len(args) + 1))(*args)  # type: ignore[misc]
        WORDS[EXIT] = -1
        NEXT.value = MISS
        EPILOGUE.value = self.address + self.code.epilogue
        array = ctypes.addressof(boxed)
        result = self.vectorcall(0x1234, array, len(args), 0x5678)
        if result is NotImplemented:
            assert WORDS[0:4] == [0x1234, array, len(args), 0x5678]
            return Missed()
        if WORDS[EXIT] >= 0:
            return self.left(self.lir.records()[WORDS[EXIT]], WORDS)
        return Returned(result)

    @cached_property
    def vectorcall(self) -> Callable[[int, int, int, int], object]:
        return VECTORCALL(self.address + self.code.entry)

    @cached_property
    def expected(self) -> Run:
        """What the reference interpreter does with the arguments."""
        return translated(self.function)

    def left(self, record: ExitRecord, words: Any) -> Returned | Left:
        found = [_read(type, location, words) for type, location in record.values]
        if record.kind == "return":
            assert record.shape is not None
            return Returned(filled(record.shape, iter(found)))
        assert record.exit is not None
        reason = record.exit.reason + ("!" if record.kind == "raise" else "")
        return _frame(reason, record.exit.state, iter(found))


def _frame(reason: str, state: FrameState, found: Iterator[object]) -> Left:
    """The state with the values that the exit read so."""
    call = state.call
    return Left(
        reason,
        state.offset,
        {name: filled(shape, found) for name, shape in state.locals.items()},
        tuple(filled(shape, found) for shape in state.stack),
        (call.function, call.code, _frame(reason, call.caller, found)) if call else None,
    )


def filled(shape: Shape, found: Iterator[object]) -> object:
    """The object of a shape whose values the exit read so."""
    return evaluate(map_values(shape, lambda _: Const(next(found))), {})


def _read(type: str, location: Location, words: Any) -> object:
    match location:
        case InRegister(number):
            word = words[number if number < x64.FIRST_XMM else FLOATS + number - x64.FIRST_XMM]
        case InSlot(offset):
            assert offset // 8 < SLOTS
            word = words[FRAME + offset // 8]
        case IsConstant(value):
            word = value
    if type == BOOL:
        assert word in (0, 1)
        return bool(word)
    if type == OBJ:
        return ctypes.cast(word, ctypes.py_object).value
    if type == F64:
        return float_of(word % 2**64)
    return word % 2**64 if type == U64 else word


def compiled(
    function: Function,
    signature: Sequence[type] | None = None,
    guards: Sequence[MemoryIs] = (),
    target: Target = TARGET,
) -> Native:
    """The function's machine code, with its allocation checked."""
    if signature is None:
        types = {I64: int, BOOL: bool, OBJ: object, F64: float}
        signature = [types[param.type] for param in function.entry.params]
    lir = lower(function, signature, guards, target)
    allocate(lir)
    check(lir)
    lines = emit(lir, target, DATA)
    code = link(lines)
    if CODE.used + len(code.code) > len(CODE.map):
        CODE.used = 0
    return Native(function, lir, "\n".join(lines), code, CODE.place(code.code))
