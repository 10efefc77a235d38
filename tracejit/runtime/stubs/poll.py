"""`poll`: let signal handlers and other threads run, and choose when the next poll comes."""

from __future__ import annotations

import ctypes
from typing import Final

from tracejit.runtime import code_memory
from tracejit.runtime.stubs.assembly import call, lines, pop, push

INITIAL_FUEL: Final = 10_000
"""Backward jumps until the first poll, and the least from one poll to the next."""
_MOST_FUEL = 1 << 26
_SOON, _LATE = 500_000, 2_000_000
"""Polls that follow each other faster or slower than this, in nanoseconds, change the fuel."""
_HANDOVER = 5_000_000
"""Nanoseconds between two chances for other threads, as in CPython."""
_CLOCK_MONOTONIC = 1

# What the last poll gave and when, as byte offsets: a poll by the same frame continues it.
_LAST_FUEL, _SITE, _FRAME, _TIME, _HANDED_OVER = 0, 8, 16, 24, 32
_words: Final = code_memory.words(5)

_SAVED = ("rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rbx")
_TIMESPEC = 256
"""Where the clock's answer is, behind the vector registers."""


def poll_text() -> str:
    """Out: r15 = new fuel, ZF=0 if an exception is set. All other registers are kept.

    rbp = the frame, with the return address at +8; rbx = the words above; rax = the time.
    """
    return f"""
    push rbp
    mov rbp, rsp
    {push(*_SAVED)}
    sub rsp, {_TIMESPEC + 32}
    and rsp, -16
    {lines(f"movaps xmmword ptr [rsp + {16 * i}], xmm{i}" for i in range(16))}
    mov rbx, {_words[0].address:#x}
    {_now()}
    {_pace()}
    {_hand_over()}
    {_remember()}
    {call("PyErr_CheckSignals")}
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


def _hand_over() -> str:
    return f"""
    mov rdx, rax
    sub rdx, qword ptr [rbx + {_HANDED_OVER}]
    cmp rdx, {_HANDOVER}
    jb handed
    {call("PyEval_SaveThread")}
    mov rdi, rax
    {call("PyEval_RestoreThread")}
    {_now()}
    mov qword ptr [rbx + {_HANDED_OVER}], rax
handed:"""


def _remember() -> str:
    return f"""
    mov rcx, qword ptr [rbp + 8]
    mov qword ptr [rbx + {_LAST_FUEL}], r15
    mov qword ptr [rbx + {_SITE}], rcx
    mov qword ptr [rbx + {_FRAME}], rbp
    mov qword ptr [rbx + {_TIME}], rax"""
