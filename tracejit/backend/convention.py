"""The convention of native calls: where parts of arguments and of results are.

They are in registers: one for each. With a result, edx = 0; else edx = 1, and rax has an object,
whose reference is its caller's, or NULL for an exception. r14 says in its low half how many more
frames of Python's native code may make, in its high half how many the interpreter may on top of
that; a function that is called looks whether these are enough for all that it makes itself. r15 is
the fuel.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tracejit.backend.x64 import RAX, RCX, RDI, RDX, REGISTERS, RSI, XMM, Register
from tracejit.ir.types import F64, Type

_ARGUMENTS: Final = (RDI, RSI, RDX, RCX, *REGISTERS[8:12])
_RESULTS: Final = (RAX, RDI, RSI, RCX, *REGISTERS[8:12])


def argument_registers(types: Iterable[Type]) -> list[Register]:
    return _registers(_ARGUMENTS, types)


def result_registers(types: Iterable[Type]) -> list[Register]:
    return _registers(_RESULTS, types)


def _registers(integers: Iterable[Register], types: Iterable[Type]) -> list[Register]:
    """What is no float is in those, floats are in the first of XMM."""
    rest, floats = iter(integers), iter(XMM)
    return [next(floats if type == F64 else rest) for type in types]
