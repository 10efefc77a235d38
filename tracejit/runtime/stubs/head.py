"""`head`, the entry of a decorated function, and `dispatch`, the way from it to the dispatcher.

Every decoration needs them, and Keystone is only loaded when something is compiled: so their bytes
stand beside their text.
"""

from __future__ import annotations

from tracejit.runtime import code_memory, layout
from tracejit.runtime.stubs.words import (
    API,
    ARGUMENT_COUNT,
    BIND,
    CALLS,
    CODE,
    DISPATCH,
    DISPATCHER,
    FALLBACK,
    FUNCTION_WORDS,
    OLD,
    SKIP,
    TB_NEXT,
    VERSIONS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

# In: a vectorcall. Out: to the versions, `bind` or `dispatch` with the same registers; r11 = words.
HEAD_TEXT: Final = f"""
    mov r11, 0x1122334455667788
    mov rax, qword ptr [r11 + {8 * CODE}]
    cmp rax, qword ptr [rdi + {layout.FUNCTION_CODE}]
    jne dispatch
    test rcx, rcx
    jne bind
    cmp edx, dword ptr [r11 + {8 * ARGUMENT_COUNT}]
    jne bind
    inc qword ptr [r11 + {8 * CALLS}]
    jmp qword ptr [r11 + {8 * VERSIONS}]
bind:
    jmp qword ptr [r11 + {8 * BIND}]
miss:
    mov r11, 0x1122334455667788
dispatch:
    jmp qword ptr [r11 + {8 * DISPATCH}]
"""
HEAD: Final = bytes.fromhex(
    "49bb8877665544332211498b4308483b473075204885c9750d413b5310750749ff432041ff2341ff631849bb"
    "887766554433221141ff6328"
)
_HEAD_WORDS: Final = 0x1122334455667788.to_bytes(8, "little")
MISS: Final = 0x2A
"""The offset of `miss` in HEAD: where a version goes on whose guards fail."""

_VECTORCALL, _AS_VOID_PTR, _DECREF, _MATCHES, _CLEAR = range(API, API + 5)
_FETCH, _GET_ATTRIBUTE, _RESTORE = range(API + 5, API + 8)
_THREAD, _ENTER_TRACING, _LEAVE_TRACING = range(API + 8, API + 11)
_API: Final = (
    "PyObject_Vectorcall",
    "PyLong_AsVoidPtr",
    "Py_DecRef",
    "PyErr_ExceptionMatches",
    "PyErr_Clear",
    "PyErr_Fetch",
    "PyObject_GetAttr",
    "PyErr_Restore",
    "PyThreadState_Get",
    "PyThreadState_EnterTracing",
    "PyThreadState_LeaveTracing",
)

# Debuggers and profilers do not see the dispatcher: they are suspended.
_CALL_DISPATCHER = f"""
    push rdi
    push rsi
    push rdx
    push rcx
    push r11
    call qword ptr [r11 + {8 * _THREAD}]
    mov r11, qword ptr [rsp]
    mov rdi, rax
    call qword ptr [r11 + {8 * _ENTER_TRACING}]
    mov r11, qword ptr [rsp]
    mov rdi, qword ptr [r11 + {8 * DISPATCHER}]
    mov rsi, qword ptr [rsp + 24]
    mov rdx, qword ptr [rsp + 16]
    mov rcx, qword ptr [rsp + 8]
    call qword ptr [r11 + {8 * _VECTORCALL}]
    push rax    # the address as an int, twice: the stack stays aligned
    push rax
    mov r11, qword ptr [rsp + 16]
    call qword ptr [r11 + {8 * _THREAD}]
    mov r11, qword ptr [rsp + 16]
    mov rdi, rax
    call qword ptr [r11 + {8 * _LEAVE_TRACING}]
    mov r11, qword ptr [rsp + 16]
    mov rax, qword ptr [rsp]
    test rax, rax
    je failed
"""
_GO_ON = f"""
    mov rdi, rax
    call qword ptr [r11 + {8 * _AS_VOID_PTR}]
    mov rdi, qword ptr [rsp]
    mov qword ptr [rsp], rax
    mov r11, qword ptr [rsp + 16]
    call qword ptr [r11 + {8 * _DECREF}]
    pop rax
    pop rcx
    pop r11
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    jmp rax
"""
_FAILED = f"""
failed:
    add rsp, 16
    mov rdi, qword ptr [r11 + {8 * FALLBACK}]
    call qword ptr [r11 + {8 * _MATCHES}]
    mov r11, qword ptr [rsp]
    test eax, eax
    je raise
    call qword ptr [r11 + {8 * _CLEAR}]
    pop r11
    pop rcx
    pop rdx
    pop rsi
    pop rdi
old:
    jmp qword ptr [r11 + {8 * OLD}]
"""
# The traceback of what it raises begins with the dispatcher itself.
_RAISE = f"""
raise:
    lea rdi, [rsp + 8]
    lea rsi, [rsp + 16]
    lea rdx, [rsp + 24]
    call qword ptr [r11 + {8 * _FETCH}]
    mov r11, qword ptr [rsp]
    mov rdi, qword ptr [rsp + 24]
    test rdi, rdi
    je restore
    mov rsi, qword ptr [r11 + {8 * TB_NEXT}]
    call qword ptr [r11 + {8 * _GET_ATTRIBUTE}]
    mov r11, qword ptr [rsp]
    mov rdi, qword ptr [rsp + 24]
    mov qword ptr [rsp + 24], rax
    call qword ptr [r11 + {8 * _DECREF}]
    mov r11, qword ptr [rsp]
restore:
    mov rdi, qword ptr [rsp + 8]
    mov rsi, qword ptr [rsp + 16]
    mov rdx, qword ptr [rsp + 24]
    call qword ptr [r11 + {8 * _RESTORE}]
    add rsp, 40
    xor eax, eax
    ret
"""
# In: a vectorcall, r11 = words. Out: where the dispatcher says, or CPython's own vectorcall.
DISPATCH_TEXT: Final = f"""
    dec qword ptr [r11 + {8 * SKIP}]
    jns old
    {_CALL_DISPATCHER}
    {_GO_ON}
    {_FAILED}
    {_RAISE}
"""
DISPATCH_CODE: Final = bytes.fromhex(
    "49ff4b300f89b000000057565251415341ff93c00000004c8b1c244889c741ff93c80000004c8b1c24498b7b"
    "40488b742418488b542410488b4c240841ff938000000050504c8b5c241041ff93c00000004c8b5c24104889"
    "c741ff93d00000004c8b5c2410488b04244885c074284889c741ff9388000000488b3c24488904244c8b5c24"
    "1041ff93900000005859415b595a5e5fffe04883c410498b7b4841ff93980000004c8b1c2485c0741141ff93"
    "a0000000415b595a5e5f41ff6338488d7c2408488d742410488d54241841ff93a80000004c8b1c24488b7c24"
    "184885ff7424498b735041ff93b00000004c8b1c24488b7c2418488944241841ff93900000004c8b1c24488b"
    "7c2408488b742410488b54241841ff93b80000004883c42831c0c3"
)


def head(words: int) -> bytes:
    """The entry of a function with words at this address."""
    return HEAD.replace(_HEAD_WORDS, words.to_bytes(8, "little"))


_FALLBACK_ERRORS: Final = (RecursionError, MemoryError)
_TB_NEXT: Final = "tb_next"
_shared: Final[list[tuple[code_memory.Block, list[int]]]] = []
"""`dispatch`, and the addresses that it calls: made for the first function."""


def function_words(dispatcher: object, vectorcall: int) -> tuple[code_memory.Block, Any]:
    """The words of a function, not yet bound to a code object."""
    block, words = code_memory.words(FUNCTION_WORDS)
    if not _shared:
        code = code_memory.install(DISPATCH_CODE)
        _shared.append((code, [layout.api(name) for name in _API]))
    dispatch, functions = _shared[0]
    words[DISPATCH] = words[BIND] = dispatch.address
    words[OLD] = vectorcall
    words[DISPATCHER] = id(dispatcher)
    for index, address in enumerate(functions, API):
        words[index] = address
    words[FALLBACK] = id(_FALLBACK_ERRORS)
    words[TB_NEXT] = id(_TB_NEXT)
    return block, words
