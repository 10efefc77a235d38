"""`store`: let a variable outside of a function have a value.

A number that nobody else refers to is changed where it is: it cannot be told from a new one in its
place. But small integers are the same objects everywhere, and who watches a dictionary has to know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tracejit.ir.types import F64, I64, OBJ, U64, Type
from tracejit.runtime import layout, stubs
from tracejit.runtime.stubs.assembly import call, incref
from tracejit.runtime.stubs.words import BASE, HOLDER, NAME, OFFSET

_DIGIT = 30
_MASK = (1 << _DIGIT) - 1
_SMALLEST, _SMALL = -5, 256 + 5
"""The first of the integers that exist once, and from there to the last."""


def store_int_text() -> str:
    """In: rdi = the variable's words, rsi = an integer. Out: CF=1 if there is no memory for it.
    Clobbers what any call does.

    rax = the object that is there; rdx = the magnitude, ecx = how many digits it has.
    """
    return _store_int("mov rdx, rsi\n    neg rdx\n    cmovs rdx, rsi", "PyLong_FromLongLong")


def store_unsigned_text() -> str:
    """The same for an unsigned integer."""
    return _store_int("mov rdx, rsi", "PyLong_FromUnsignedLongLong", signed=False)


def _store_int(magnitude: str, box: str, *, signed: bool = True) -> str:
    return f"""
    {_find(id(int))}
    lea rcx, [rsi + {-_SMALLEST}]
    cmp rcx, {_SMALL}
    jbe box
    {magnitude}
    mov ecx, 1
    mov r8, rdx
    shr r8, {_DIGIT}
    je counted
    inc ecx
    shr r8, {_DIGIT}
    je counted
    inc ecx
counted:
    {_tag(signed) if layout.TAGGED_INTS else _size(signed)}
    mov qword ptr [rax + {layout.INT_SIZE}], r9
    mov r8d, edx
    and r8d, {_MASK}
    mov dword ptr [rax + {layout.INT_DIGITS}], r8d
    dec ecx
    je stored
    mov r8, rdx
    shr r8, {_DIGIT}
    and r8d, {_MASK}
    mov dword ptr [rax + {layout.INT_DIGITS + 4}], r8d
    dec ecx
    je stored
    shr rdx, {2 * _DIGIT}
    mov dword ptr [rax + {layout.INT_DIGITS + 8}], edx
stored:
    clc
    ret
box:
    push rdi
    mov rdi, rsi
    {call(box)}
    {_assign_boxed()}"""


def _tag(signed: bool) -> str:
    """r9 = the size as the object has it, if it has as many digits already."""
    sign = "mov r10, rsi\n    shr r10, 63\n    lea r9, [r9 + r10*2]" if signed else ""
    return f"""
    mov r10, qword ptr [rax + {layout.INT_SIZE}]
    shr r10, 3
    cmp r10, rcx
    jne box
    lea r9, [rcx*8]
    {sign}"""


def _size(signed: bool) -> str:
    sign = "mov r10, rsi\n    sar r10, 63\n    xor r9, r10\n    sub r9, r10" if signed else ""
    return f"""
    mov r9, qword ptr [rax + {layout.INT_SIZE}]
    mov r10, r9
    sar r10, 63
    xor r9, r10
    sub r9, r10
    cmp r9, rcx
    jne box
    {sign}"""


def store_float_text() -> str:
    """In: rdi = the variable's words, xmm0 = a float. The rest as with an integer."""
    return f"""
    {_find(id(float))}
    movsd qword ptr [rax + {layout.FLOAT_VALUE}], xmm0
    clc
    ret
box:
    push rdi
    {call("PyFloat_FromDouble")}
    {_assign_boxed()}"""


def store_object_text() -> str:
    """In: rdi = the variable's words, rsi = an object. The rest as with an integer."""
    return f"""
    {_LOAD}
    cmp rax, rsi
    je same
    push rdi
    mov rax, rsi
    {incref("rax", "ecx", "counted")}
counted:
    {_assign_boxed()}
same:
    clc
    ret
"""


_LOAD: Final = f"""
    mov rax, qword ptr [rdi + {BASE}]
    mov rax, qword ptr [rax]
    mov rcx, qword ptr [rdi + {OFFSET}]
    mov rax, qword ptr [rax + rcx]"""


def _find(of_type: int) -> str:
    """rax = the object that is there; to `box` unless it is of the type and may be changed."""
    unwatched = f"""
    cmp qword ptr [rdi + {NAME}], 0
    je unwatched
    mov rcx, qword ptr [rdi + {HOLDER}]
    cmp byte ptr [rcx + {layout.DICT_WATCHERS}], 0
    jne box
unwatched:"""
    return f"""
    {_LOAD}
    mov rcx, {of_type:#x}
    cmp qword ptr [rax + 8], rcx
    jne box
    cmp qword ptr [rax], 1
    jne box
    {unwatched if layout.DICT_WATCHERS is not None else ""}"""


def _assign_boxed() -> str:
    """rax = a reference to the object, or null; on the stack the words."""
    return f"""
    pop rdi
    test rax, rax
    je refused
    push rax
    mov rsi, rax
    xor edx, edx
    mov rax, {stubs.compiled_assign():#x}
    call rax
    pop rcx
    test eax, eax
    js refused
    clc
    ret
refused:
    push rax
    {call("PyErr_Clear")}
    pop rax
    stc
    ret"""


TEXTS: Final[Mapping[Type, Callable[[], str]]] = {
    I64: store_int_text,
    U64: store_unsigned_text,
    F64: store_float_text,
    OBJ: store_object_text,
}
