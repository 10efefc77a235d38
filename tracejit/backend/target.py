"""What machine code takes from the process that it runs in: addresses, layouts, conventions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tracejit.ir.structures import Structure
from tracejit.ir.types import Type


@dataclass(frozen=True, slots=True)
class Target:
    """Facts about the running CPython and processor that machine code embeds.

    Fields without a comment are addresses, of the object or type of that name.
    """

    int_type: int
    bool_type: int
    float_type: int
    none: int
    true: int
    false: int
    immortal: bool
    """Objects may be immortal: not counted if the low 32 bits would wrap to 0 (3.12 and later)."""
    tagged_ints: bool
    """The word at +16 of an `int` holds digit count and sign as `lv_tag` (3.12 and later)."""
    box_int: int
    """`PyLong_FromLongLong`."""
    box_unsigned: int
    """`PyLong_FromUnsignedLongLong`."""
    box_float: int
    """`PyFloat_FromDouble`."""
    unbox_wide: int
    """Stub. In: rax = an exact `int`. Out: CF=0, rax = its value; or CF=1. Keeps all else."""
    unbox_unsigned: int
    """The same for integers from 2**63 to 2**64 - 1."""
    floor_divide: int
    """Stub. In: rax, [rsp+8] = dividend, divisor, not 0. Out: rax, rdx = floor, remainder; OF=1 if
    the floor needs more than 64 bits; the divisor is off the stack. Keeps all else."""
    float_divmod: Callable[[], int]
    """Makes the stub if there is none yet. In: xmm0, xmm1 = dividend, divisor, not 0. Out: floor,
    remainder. Keeps all else."""
    libm: Mapping[str, int]
    """Functions of the C library's mathematics, as CPython's `math` calls them."""
    call_math: Callable[[str], int]
    """Makes the stub for a function of `math` if there is none yet. In: xmm0 = the argument. Out:
    xmm0 = the result, which is no number where the function raises. Clobbers what any call does."""
    budget: Callable[[], int]
    """Makes the stub if there is none yet. In: [rsp+8] = bytes that a native call takes of the
    stack. Out: CF=0, r14 = how many more frames of Python's native calls may make, in the low half,
    and how many the interpreter may on top of that, in the high one; or CF=1 if there is no room
    for one. Keeps all registers else but xmm; the bytes are off the stack."""
    take_result: Callable[[Structure], int]
    """Makes the stub if there is none yet. In: rax = an object. Out: CF=0, its parts, if it has
    that structure, where native calls give them, and its reference given back; or CF=1 and rax as
    it was."""
    store: Callable[[Type], int]
    """Makes the stub if there is none yet. In: rdi = a variable's words, rsi = a value of the type,
    or xmm0. Out: CF=0, and the variable has it, or had it before; or CF=1 if there is no memory for
    an object. Clobbers what any call does."""
    poll: int
    """Stub. Out: r15 = new fuel, ZF=0 when an exception is pending. Keeps all else."""
    deopt: int
    """Stub, jumped to with [rsp] = DATA, [rsp+8] = exit number, [rsp+16] = the frame base."""
    initial_fuel: int
    """Backward jumps until the first poll."""
    popcnt: bool = False
    """The processor has `popcnt`."""
    sse41: bool = False
    """The processor has `roundsd`."""


@dataclass(frozen=True, slots=True)
class MemoryIs:
    """A guard on a word of memory.

    Load from `path[0]`, then from that plus `path[1]`, and so on; the last load has `width` bytes
    and must give `value`.
    """

    path: tuple[int, ...]
    width: Literal[4, 8]
    value: int


@dataclass(frozen=True, slots=True)
class Address:
    """Where a variable outside of the function is."""

    path: tuple[int, ...]
    """To the object, as a guard's path."""
    words: int
    """What stubs know the variable by."""
    block: object = None
    """What holds the words."""


DATA_NEXT: Final = 0
"""In a version's DATA block: where to go when a guard misses."""
DATA_EPILOGUE: Final = 8
"""The address of the epilogue: what leaves the frame, with the result in rax."""
DATA_LINK: Final = 16
DATA_EXITS: Final = 32
"""One record for each exit: descriptor address, resume function, count."""
EXIT_SIZE: Final = 24
