"""`take_result`: the value of an object that a call gave, for native code to go on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tracejit.ir.types import BOOL, F64, I64, Type
from tracejit.runtime import layout, stubs
from tracejit.runtime.stubs.assembly import decref


def take_int_text() -> str:
    """In: rax = an object. Out: CF=0, rax = its value, if it is an `int` of 64 bits, and its
    reference given back; else CF=1, rax = the object. Clobbers what any call does.
    """
    return _take(
        id(int),
        f"""
    mov rcx, {stubs.target().unbox_wide:#x}
    call rcx
    jb other""",
    )


def take_float_text() -> str:
    """The same for a `float`, of which rax = the bits."""
    return _take(id(float), f"mov rax, qword ptr [rax + {layout.FLOAT_VALUE}]")


def _take(type: int, unbox: str) -> str:
    """rbx = the object, then its value."""
    return f"""
    push rbx
    mov rbx, rax
    mov rcx, {type:#x}
    cmp qword ptr [rax + 8], rcx
    jne other
    {unbox}
    mov rdi, rbx
    mov rbx, rax
    {decref("done")}
done:
    mov rax, rbx
    pop rbx
    clc
    ret
other:
    mov rax, rbx
    pop rbx
    stc
    ret
"""


def take_bool_text() -> str:
    """The same for a `bool`."""
    return f"""
    mov rcx, {id(True):#x}
    mov rdx, {id(False):#x}
    mov rdi, rax
    cmp rax, rdx
    je found
    cmp rax, rcx
    jne other
found:
    xor esi, esi
    cmp rax, rcx
    sete sil
    push rsi
    {decref("done")}
done:
    pop rax
    clc
    ret
other:
    stc
    ret
"""


TEXTS: Final[Mapping[Type, Callable[[], str]]] = {
    I64: take_int_text,
    F64: take_float_text,
    BOOL: take_bool_text,
}
