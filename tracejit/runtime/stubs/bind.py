"""`bind`: fill defaults and keywords in, and call the versions with one argument per parameter."""

from __future__ import annotations

from tracejit.runtime import layout
from tracejit.runtime.stubs.assembly import call, decref, incref, pop, push
from tracejit.runtime.stubs.words import (
    CALLS,
    DISPATCH,
    FIRST_KEYWORD,
    KEYWORD_ONLY,
    NAMES,
    PARAMETERS,
    POSITIONAL,
    VERSIONS,
)

_KEPT = ("rbx", "r12", "r13", "r14", "r15")
_TAKEN = ("rdi", "rsi", "rdx", "rcx", "r11")
_FUNCTION = 8 * (len(_KEPT) + 1)
"""Where the function is, the first of _TAKEN, below rbp; in the end the result."""


def bind_text() -> str:
    """In: a vectorcall, r11 = the function's words. What does not fit goes on to `dispatch`.

    rbx = the words; r12 = how many values there are from the left; r13 = how many parameters; r14 =
    values, by parameter; r15 = those of them that are references to give back.
    """
    return f"""
    push rbp
    mov rbp, rsp
    {push(*_KEPT)}
    {push(*_TAKEN)}
    mov rbx, r11
    mov r12, rdx
    shl r12, 1
    shr r12, 1
    mov r13, qword ptr [rbx + {8 * PARAMETERS}]
    cmp r12, qword ptr [rbx + {8 * POSITIONAL}]
    ja unchanged
    {_make_room()}
    {_take_positional()}
    {_take_keywords()}
    {_fill_positional_defaults()}
    {_fill_keyword_only_defaults()}
    {_call_versions()}
no_item:
    {call("PyErr_Clear")}
fail:
    {_give_back(then="unchanged", again="fail")}
unchanged:
    lea rsp, [rbp - {8 * len(_KEPT + _TAKEN)}]
    {pop(*_TAKEN)}
    {pop(*_KEPT)}
    pop rbp
    jmp qword ptr [r11 + {8 * DISPATCH}]
"""


def _make_room() -> str:
    """r14 and r15, all null."""
    return """
    mov rax, r13
    shl rax, 4
    sub rsp, rax
    and rsp, -16
    mov r14, rsp
    lea r15, [r14 + r13*8]
    lea rax, [r13 + r13]
clear:
    dec rax
    js cleared
    mov qword ptr [r14 + rax*8], 0
    jmp clear
cleared:"""


def _take_positional() -> str:
    return """
    xor eax, eax
copy:
    cmp rax, r12
    jae copied
    mov rdx, qword ptr [rsi + rax*8]
    mov qword ptr [r14 + rax*8], rdx
    inc rax
    jmp copy
copied:"""


def _take_keywords() -> str:
    """Names are found by identity; they are interned, or the dispatcher compares them.

    rcx = the names, r8 = how many, r10 = which, r9 = their values; rdi = the parameters' names.
    """
    return f"""
    test rcx, rcx
    je defaults
    mov r8, qword ptr [rcx + {layout.TUPLE_SIZE}]
    lea r9, [rsi + r12*8]
    mov rdi, qword ptr [rbx + {8 * NAMES}]
    xor r10d, r10d
keyword:
    cmp r10, r8
    jae defaults
    mov rax, qword ptr [rcx + r10*8 + {layout.TUPLE_ITEMS}]
    mov rdx, qword ptr [rbx + {8 * FIRST_KEYWORD}]
find:
    cmp rdx, r13
    jae fail
    cmp rax, qword ptr [rdi + rdx*8]
    je found
    inc rdx
    jmp find
found:
    cmp qword ptr [r14 + rdx*8], 0
    jne fail
    mov rax, qword ptr [r9 + r10*8]
    mov qword ptr [r14 + rdx*8], rax
    inc r10
    jmp keyword
defaults:"""


def _fill_positional_defaults() -> str:
    """rsi = the defaults, r8 = the first parameter that has one."""
    return f"""
    mov rdi, qword ptr [rbp - {_FUNCTION}]
    mov rsi, qword ptr [rdi + {layout.FUNCTION_DEFAULTS}]
    mov r8, qword ptr [rbx + {8 * POSITIONAL}]
    test rsi, rsi
    je default
    sub r8, qword ptr [rsi + {layout.TUPLE_SIZE}]
default:
    cmp r12, qword ptr [rbx + {8 * POSITIONAL}]
    jae keyword_only
    cmp qword ptr [r14 + r12*8], 0
    jne next_default
    mov rax, r12
    sub rax, r8
    js fail
    mov rax, qword ptr [rsi + rax*8 + {layout.TUPLE_ITEMS}]
    mov qword ptr [r14 + r12*8], rax
    mov qword ptr [r15 + r12*8], rax
    {incref("rax", "edx", "next_default")}
next_default:
    inc r12
    jmp default"""


def _fill_keyword_only_defaults() -> str:
    return f"""
keyword_only:
    cmp r12, r13
    jae bound
    cmp qword ptr [r14 + r12*8], 0
    jne next_keyword_only
    mov rdi, qword ptr [rbp - {_FUNCTION}]
    mov rdi, qword ptr [rdi + {layout.FUNCTION_KWDEFAULTS}]
    test rdi, rdi
    je fail
    mov rsi, qword ptr [rbx + {8 * NAMES}]
    mov rsi, qword ptr [rsi + r12*8]
    {call("PyDict_GetItemWithError")}
    test rax, rax
    je no_item
    mov qword ptr [r14 + r12*8], rax
    mov qword ptr [r15 + r12*8], rax
    {incref("rax", "edx", "next_keyword_only")}
next_keyword_only:
    inc r12
    jmp keyword_only"""


def _call_versions() -> str:
    return f"""
bound:
    mov rdi, qword ptr [rbp - {_FUNCTION}]
    mov rsi, r14
    mov rdx, qword ptr [rbx + {8 * POSITIONAL}]
    mov rcx, qword ptr [rbx + {8 * KEYWORD_ONLY}]
    inc qword ptr [rbx + {8 * CALLS}]
    call qword ptr [rbx + {8 * VERSIONS}]
    mov qword ptr [rbp - {_FUNCTION}], rax
release:
    {_give_back(then="leave", again="release")}
leave:
    mov rax, qword ptr [rbp - {_FUNCTION}]
    lea rsp, [rbp - {8 * len(_KEPT)}]
    {pop(*_KEPT)}
    pop rbp
    ret"""


def _give_back(then: str, again: str) -> str:
    """Give the reference of the last parameter back and go to `again`, or to `then` after all."""
    return f"""
    test r13, r13
    je {then}
    dec r13
    mov rdi, qword ptr [r15 + r13*8]
    test rdi, rdi
    je {again}
    {decref(again)}"""
