"""`budget`: how many native calls, one inside the other, before the interpreter has to take over.

There must be room for a frame of Python's for each call, or CPython would raise RecursionError; and
room on the C stack, of which half is left to what else runs on it.
"""

from __future__ import annotations

import ctypes
from typing import Final

from tracejit.runtime import code_memory, layout
from tracejit.runtime.stubs.assembly import call, pop, push

# The thread that was asked about last, and its stack: from, up to, and where its half begins.
_THREAD, _LOW, _HIGH, _FLOOR = 0, 8, 16, 24
_words: Final = code_memory.words(4)

_SAVED = ("rax", "rcx", "rdx", "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11")
# From rsp: the thread's attributes, of 56 bytes; where its stack is, and how large.
_ATTRIBUTES, _ADDRESS, _SIZE, _ROOM = 0, 64, 72, 80


def budget_text() -> str:
    """In: [rsp+8] = bytes of an activation. Out: CF=0, r14 = how many calls in the low half, and
    above how many more frames the interpreter may make; CF=1 if not even one. All registers but
    xmm are kept, and the bytes are taken off the stack.

    rbp = the frame; rbx = the words above.
    """
    return f"""
    push rbp
    mov rbp, rsp
    {push(*_SAVED)}
    sub rsp, {_ROOM}
    and rsp, -16
    mov rbx, {_words[0].address:#x}
    {call("PyThreadState_Get")}
    mov r14d, dword ptr [rax + {layout.THREAD_FRAMES}]
    dec r14d
    js none
    cmp rax, qword ptr [rbx + {_THREAD}]
    jne ask
    cmp rsp, qword ptr [rbx + {_LOW}]
    jb ask
    cmp rsp, qword ptr [rbx + {_HIGH}]
    jae ask
known:
    mov rax, rsp
    sub rax, qword ptr [rbx + {_FLOOR}]
    jae some
nothing:
    xor eax, eax
some:
    xor edx, edx
    div qword ptr [rbp + 16]
    cmp rax, r14
    cmova rax, r14
    sub r14, rax
    shl r14, 32
    or r14, rax
    jmp done
none:
    stc
done:
    lea rsp, [rbp - {8 * len(_SAVED)}]
    {pop(*_SAVED)}
    pop rbp
    ret 8
    {_ask()}
"""


def _ask() -> str:
    return f"""
ask:
    mov qword ptr [rbx + {_THREAD}], rax
    {_posix("pthread_self")}
    mov rdi, rax
    lea rsi, [rsp + {_ATTRIBUTES}]
    {_posix("pthread_getattr_np")}
    test eax, eax
    jne unknown
    lea rdi, [rsp + {_ATTRIBUTES}]
    lea rsi, [rsp + {_ADDRESS}]
    lea rdx, [rsp + {_SIZE}]
    {_posix("pthread_attr_getstack")}
    lea rdi, [rsp + {_ATTRIBUTES}]
    {_posix("pthread_attr_destroy")}
    mov rax, qword ptr [rsp + {_ADDRESS}]
    mov rcx, qword ptr [rsp + {_SIZE}]
    mov qword ptr [rbx + {_LOW}], rax
    lea rdx, [rax + rcx]
    mov qword ptr [rbx + {_HIGH}], rdx
    shr rcx, 1
    add rax, rcx
    mov qword ptr [rbx + {_FLOOR}], rax
    jmp known
unknown:
    mov qword ptr [rbx + {_THREAD}], 0
    jmp nothing"""


def _posix(name: str) -> str:
    function = getattr(ctypes.CDLL(None), name)
    return f"""
    mov rax, {ctypes.cast(function, ctypes.c_void_p).value:#x}
    call rax"""
