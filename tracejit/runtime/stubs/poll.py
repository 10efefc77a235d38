"""`poll`: let signal handlers and other threads run, and choose when the next poll comes.

What CPython's evaluation loop does between two instructions, a call of an empty Python function
does here: it hands the GIL over where another thread waits for it, makes pending calls and raises
asynchronous exceptions. Signals come first, so that their handlers see the caller's frame.
"""

from __future__ import annotations

import ctypes
from typing import Final

from tracejit.runtime import code_memory
from tracejit.runtime.stubs.assembly import call, lines, pop, push, untraced

INITIAL_FUEL: Final = 10_000
"""Backward jumps until the first poll, and the least from one poll to the next."""
_MOST_FUEL = 1 << 26
_SOON, _LATE = 500_000, 2_000_000
"""Polls that follow each other faster or slower than this, in nanoseconds, change the fuel."""
_CLOCK_MONOTONIC = 1

# What the last poll gave and when, as byte offsets: a poll by the same frame continues it.
_LAST_FUEL, _SITE, _FRAME, _TIME = 0, 8, 16, 24
_words: Final = code_memory.words(4)

_SAVED = ("rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rbx")
# Behind the vector registers, from rsp: the clock's answer; the parts of an exception.
_TIMESPEC, _ROOM = 256, 288
_TYPE, _VALUE, _TRACEBACK = 256, 264, 272


def _serve() -> None:
    """CPython looks for work between instructions as soon as this runs."""


_NEXT: Final = "tb_next"


def poll_text() -> str:
    """Out: r15 = new fuel, ZF=0 if an exception is set. All other registers are kept.

    rbp = the frame, with the return address at +8; rbx = the words above; rax = the time.
    """
    return f"""
    push rbp
    mov rbp, rsp
    {push(*_SAVED)}
    sub rsp, {_ROOM}
    and rsp, -16
    {lines(f"movaps xmmword ptr [rsp + {16 * i}], xmm{i}" for i in range(16))}
    mov rbx, {_words[0].address:#x}
    {_now()}
    {_pace()}
    {call("PyErr_CheckSignals")}
    test eax, eax
    jne raised
    {_call_serve()}
served:
    {_now()}
    {_remember()}
    xor eax, eax
raised:
    mov ebx, eax
    {lines(f"movaps xmm{i}, xmmword ptr [rsp + {16 * i}]" for i in range(16))}
    lea rsp, [rbp - {8 * len(_SAVED)}]
    test ebx, ebx
    {pop(*_SAVED)}
    pop rbp
    ret
"""


def _now() -> str:
    """rax = nanoseconds."""
    clock = ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value
    return f"""
    mov edi, {_CLOCK_MONOTONIC}
    lea rsi, [rsp + {_TIMESPEC}]
    mov rax, {clock:#x}
    call rax
    mov rax, qword ptr [rsp + {_TIMESPEC}]
    imul rax, rax, 1000000000
    add rax, qword ptr [rsp + {_TIMESPEC + 8}]"""


def _pace() -> str:
    """r15 = the fuel: more or less than the last time if this loop polls too often or too rarely.

    The same loop: the same frame, and a return address not far from the last.
    """
    return f"""
    mov r15d, {INITIAL_FUEL}
    mov rcx, qword ptr [rbp + 8]
    mov rdx, rcx
    xor rdx, qword ptr [rbx + {_SITE}]
    shr rdx, 14
    jne known
    cmp rbp, qword ptr [rbx + {_FRAME}]
    jne known
    mov r15, qword ptr [rbx + {_LAST_FUEL}]
    mov rdx, rax
    sub rdx, qword ptr [rbx + {_TIME}]
    cmp rdx, {_SOON}
    jae slow
    cmp r15, {_MOST_FUEL}
    jae known
    add r15, r15
    jmp known
slow:
    cmp rdx, {_LATE}
    jbe known
    shr r15, 2
    cmp r15, {INITIAL_FUEL}
    jae known
    mov r15d, {INITIAL_FUEL}
known:"""


def _call_serve() -> str:
    serve = f"""
    mov rdi, {id(_serve):#x}
    {call("PyObject_CallNoArgs")}"""
    return f"""
    {untraced(serve)}
    mov rdi, rax
    test rax, rax
    je failed
    {call("Py_DecRef")}
    jmp served
    {_take_serve_out()}
    {_hand_over()}"""


def _take_serve_out() -> str:
    """The traceback of what it raises begins with `_serve` itself."""
    return f"""
failed:
    lea rdi, [rsp + {_TYPE}]
    lea rsi, [rsp + {_VALUE}]
    lea rdx, [rsp + {_TRACEBACK}]
    {call("PyErr_Fetch")}
    mov rdi, qword ptr [rsp + {_TRACEBACK}]
    test rdi, rdi
    je not_called
    mov rsi, {id(_NEXT):#x}
    {call("PyObject_GetAttr")}
    mov rdi, qword ptr [rsp + {_TRACEBACK}]
    mov qword ptr [rsp + {_TRACEBACK}], rax
    {call("Py_DecRef")}
    mov rdi, qword ptr [rsp + {_TYPE}]
    mov rsi, qword ptr [rsp + {_VALUE}]
    mov rdx, qword ptr [rsp + {_TRACEBACK}]
    {call("PyErr_Restore")}
    mov eax, 1
    jmp raised"""


def _hand_over() -> str:
    """Where there is no room for one more call, other threads get their chance all the same."""
    return f"""
not_called:
    mov rdi, qword ptr [rsp + {_TYPE}]
    {call("Py_DecRef")}
    mov rdi, qword ptr [rsp + {_VALUE}]
    {call("Py_DecRef")}
    {call("PyEval_SaveThread")}
    mov rdi, rax
    {call("PyEval_RestoreThread")}
    jmp served"""


def _remember() -> str:
    return f"""
    mov rcx, qword ptr [rbp + 8]
    mov qword ptr [rbx + {_LAST_FUEL}], r15
    mov qword ptr [rbx + {_SITE}], rcx
    mov qword ptr [rbx + {_FRAME}], rbp
    mov qword ptr [rbx + {_TIME}], rax"""
