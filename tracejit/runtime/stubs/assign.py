"""`assign`: let a variable outside of a function have an object, unless it has such a one."""

from __future__ import annotations

from tracejit.runtime import layout
from tracejit.runtime.stubs.assembly import call, decref, pop, push
from tracejit.runtime.stubs.words import HOLDER, NAME

_KEPT = ("rbx", "r12", "r13", "r14", "r15")
_EQUAL = 2
"""Of `PyObject_RichCompareBool`."""


def assign_text() -> str:
    """In: rdi = the variable's words, rsi = an object of which the reference is taken over, edx = 1
    if it is only to be compared. Out: eax = 1 if the variable has another one then, -1 if that
    could not be changed and an exception is set, else 0. Clobbers what any call does.

    Objects of one type are the same if they are equal, floats bit by bit. rbx = the words, r12 =
    the object, r13 = whether to compare, r14 = the variable's object, r15 = what is given back.
    """
    return f"""
    {push(*_KEPT)}
    mov rbx, rdi
    mov r12, rsi
    mov r13d, edx
    {_find()}
    {_compare()}
    {_assign()}
different:
    mov r15d, 1
    jmp drop
same:
    xor r15d, r15d
drop:
    mov rdi, r12
    {decref("done")}
done:
    mov eax, r15d
    {pop(*_KEPT)}
    ret
"""


def _find() -> str:
    """By the dictionary itself: guards may not hold."""
    return f"""
    mov rdi, qword ptr [rbx + {HOLDER}]
    mov rsi, qword ptr [rbx + {NAME}]
    mov rax, qword ptr [rdi + {layout.CELL_CONTENTS}]
    test rsi, rsi
    je found
    {call("PyDict_GetItemWithError")}
found:
    mov r14, rax
    test rax, rax
    je other"""


def _compare() -> str:
    return f"""
    cmp rax, r12
    je same
    mov rcx, qword ptr [rax + 8]
    cmp rcx, qword ptr [r12 + 8]
    jne other
    mov rdx, {id(float):#x}
    cmp rcx, rdx
    je floats
    mov rdx, {id(int):#x}
    cmp rcx, rdx
    jne other
    mov rdi, rax
    mov rsi, r12
    mov edx, {_EQUAL}
    {call("PyObject_RichCompareBool")}
    test eax, eax
    jne same
    jmp other
floats:
    mov rdx, qword ptr [rax + {layout.FLOAT_VALUE}]
    cmp rdx, qword ptr [r12 + {layout.FLOAT_VALUE}]
    je same"""


def _assign() -> str:
    """A cell takes the reference over, and what was in it is given back instead."""
    return f"""
other:
    test r13d, r13d
    jne different
    mov rdi, qword ptr [rbx + {HOLDER}]
    mov rsi, qword ptr [rbx + {NAME}]
    test rsi, rsi
    je cell
    mov rdx, r12
    {call("PyDict_SetItem")}
    mov r15d, eax
    jmp drop
cell:
    mov qword ptr [rdi + {layout.CELL_CONTENTS}], r12
    mov r12, r14
    test r14, r14
    jne same
    xor eax, eax
    {pop(*_KEPT)}
    ret"""
