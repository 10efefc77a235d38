"""`take_result`: the parts of an object that a call gave, for native code to go on with."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Final

from tracejit.backend.convention import result_registers
from tracejit.backend.x64 import XMM
from tracejit.ir.structures import Structure, types_of
from tracejit.runtime import layout, stubs
from tracejit.runtime.stubs.assembly import decref, lines

_WORD: Final = 8
_TYPE: Final = 8
"""Offset in an object."""


def take_result_text(structure: Structure) -> str:
    """In: rax = an object. Out: CF=0 and its parts, where native calls give them, if it has that
    structure and integers of 64 bits, and its reference given back; else CF=1, rax = the object.
    Clobbers what any call does.

    rbx = the object; the parts are put on the stack until it is gone.
    """
    registers = result_registers(types_of(structure))
    room = _WORD * (len(registers) + len(registers) % 2)
    loads = lines(
        f"{'movsd' if register in XMM else 'mov'} {register}, qword ptr [rsp + {_WORD * at}]"
        for at, register in enumerate(registers)
    )
    return f"""
    push rbx
    sub rsp, {room}
    mov rbx, rax
    {lines(_take(structure, (), iter(range(len(registers)))))}
    mov rdi, rbx
    {decref("done")}
done:
    {loads}
    add rsp, {room}
    pop rbx
    clc
    ret
other:
    mov rax, rbx
    add rsp, {room}
    pop rbx
    stc
    ret
"""


def _take(structure: Structure, path: tuple[int, ...], places: Iterator[int]) -> Iterator[str]:
    """Put the parts of what is found by the items of tuples that have these offsets."""
    yield "mov rax, rbx"
    yield from [f"mov rax, qword ptr [rax + {offset}]" for offset in path]
    if isinstance(structure, tuple):
        yield from _check_type(tuple)
        yield f"cmp qword ptr [rax + {layout.TUPLE_SIZE}], {len(structure)}"
        yield "jne other"
        for at, item in enumerate(structure):
            yield from _take(item, (*path, layout.TUPLE_ITEMS + _WORD * at), places)
    elif structure is NoneType:
        yield from _check(id(None), "rax")
    elif isinstance(structure, type):
        yield from _check_type(structure)
        yield from _unbox(structure)
        yield f"mov qword ptr [rsp + {_WORD * next(places)}], rax"
    else:
        yield "jmp other"


def _check_type(type: type) -> Iterator[str]:
    yield from _check(id(type), f"qword ptr [rax + {_TYPE}]")


def _check(address: int, place: str) -> Iterator[str]:
    yield f"mov rcx, {address:#x}"
    yield f"cmp {place}, rcx"
    yield "jne other"


def _unbox(type: type) -> Iterator[str]:
    """The value of the object in rax."""
    if type is int:
        yield f"mov rcx, {stubs.target().unbox_wide:#x}"
        yield "call rcx"
        yield "jb other"
    elif type is float:
        yield f"mov rax, qword ptr [rax + {layout.FLOAT_VALUE}]"
    else:
        yield f"mov rcx, {id(True):#x}"
        yield "cmp rax, rcx"
        yield "sete al"
        yield "movzx eax, al"
