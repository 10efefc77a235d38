"""Assembly shared by all functions: entry, binding of arguments, polls, unboxing and side exits.

What a decoration needs (the head of a function, and the way to its dispatcher) is kept as bytes
beside its text, because Keystone is loaded only when something is compiled.

A function's words, which r11 points to in `dispatch` and `bind`, are named by the constants below.
"""

from __future__ import annotations

import sys

from tracejit.runtime import code_memory, layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from tracejit.backend.target import Target

VERSIONS: Final = 0
"""The entry of the first version, or of `miss` when there is none."""
CODE: Final = 1
"""The code object that the versions were compiled from."""
ARGUMENT_COUNT: Final = 2
"""How many arguments a call has that needs no binding; -1 if every call needs it."""
BIND: Final = 3
CALLS: Final = 4
DISPATCH: Final = 5
SKIP: Final = 6
"""How many misses go to OLD before the next one calls DISPATCHER."""
OLD: Final = 7
"""CPython's own vectorcall of the function."""
DISPATCHER: Final = 8
"""A Python callable; called with the arguments, it returns the address to go on at."""
_VECTORCALL, _AS_VOID_PTR, _DECREF, _MATCHES, _CLEAR, _FALLBACK = 9, 10, 11, 12, 13, 14
POSITIONAL, PARAMETERS, FIRST_KEYWORD, NAMES, KEYWORD_ONLY = 15, 16, 17, 18, 19
FUNCTION_WORDS: Final = 20

# Words before a version's DATA block, as byte offsets from it.
ACTIVE: Final = -8
"""How many activations have left and are not yet done."""
REVIEW: Final = -16
"""How many more exits until the next review."""
WORK: Final = -24
"""Fuel spent by activations that left."""
FUEL: Final = -32
"""The initial fuel; 0 for a version without polls."""
PRIVATE_WORDS: Final = 4

MAX_ACTIVE: Final = 100
"""Activations of one version that may be interrupted, one inside the other, on one C stack."""

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


def head(words: int) -> bytes:
    """The entry of a function with words at this address."""
    return HEAD.replace(_HEAD_WORDS, words.to_bytes(8, "little"))


DISPATCH_TEXT: Final = f"""
    dec qword ptr [r11 + {8 * SKIP}]
    jns old
    push rdi
    push rsi
    push rdx
    push rcx
    push r11
    mov rdi, qword ptr [r11 + {8 * DISPATCHER}]
    call qword ptr [r11 + {8 * _VECTORCALL}]
    mov r11, qword ptr [rsp]
    test rax, rax
    je failed
    push rax
    push rax
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
failed:
    mov rdi, qword ptr [r11 + {8 * _FALLBACK}]
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
raise:
    add rsp, 40
    xor eax, eax
    ret
"""
DISPATCH_CODE: Final = bytes.fromhex(
    "49ff4b307955575652514153498b7b4041ff53484c8b1c244885c0742450504889c741ff5350488b3c244889"
    "04244c8b5c241041ff53585859415b595a5e5fffe0498b7b7041ff53604c8b1c2485c0740e41ff5368415b59"
    "5a5e5f41ff63384883c42831c0c3"
)


_DISPATCH_API: Final = (
    "PyObject_Vectorcall",
    "PyLong_AsVoidPtr",
    "Py_DecRef",
    "PyErr_ExceptionMatches",
    "PyErr_Clear",
)
_once: Final[dict[str, Any]] = {}
"""What is made at first use and kept for good."""


def function_words(dispatcher: object, vectorcall: int) -> tuple[code_memory.Block, Any]:
    """The words of a function, not yet bound to a code object."""
    block, words = code_memory.words(20)
    if not _once:
        _once["errors"] = (RecursionError, MemoryError)
        _once["dispatch"] = code_memory.install(DISPATCH_CODE)
        _once["api"] = [layout.api(name) for name in _DISPATCH_API]
    words[DISPATCH] = words[BIND] = _once["dispatch"].address
    words[OLD] = vectorcall
    words[DISPATCHER] = id(dispatcher)
    for index, address in enumerate(_once["api"], _VECTORCALL):
        words[index] = address
    words[_FALLBACK] = id(_once["errors"])
    return block, words


def compiled_bind() -> int:
    """The address of `bind`."""
    return _compiled("bind", _bind_text())


def target() -> Target:
    """The facts about this process that the back end embeds."""
    if "target" not in _once:
        from tracejit.backend.target import Target

        _once["target"] = Target(
            int_type=id(int),
            bool_type=id(bool),
            none=id(None),
            true=id(True),
            false=id(False),
            immortal=layout.IMMORTAL,
            tagged_ints=layout.TAGGED_INTS,
            box_int=layout.api("PyLong_FromLongLong"),
            unbox_wide=_compiled("unbox_wide", _unbox_wide_text()),
            poll=_compiled("poll", _poll_text()),
            deopt=_compiled("deopt", _deopt_text()),
            initial_fuel=INITIAL_FUEL,
            popcnt=_has_popcnt(),
        )
    found: Target = _once["target"]
    return found


def _has_popcnt() -> bool:
    try:
        with open("/proc/cpuinfo") as file:
            flags = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return False
    return " popcnt " in flags + " "


def _compiled(name: str, text: str) -> int:
    if name not in _once:
        from tracejit.backend.assembler import assemble

        _once[name] = code_memory.install(assemble(text).code)
    address: int = _once[name].address
    return address


def _call(name: str) -> str:
    return f"""
    mov rax, {layout.api(name):#x}
    call rax"""


def _incref(register: str, counter: str, done: str) -> str:
    """Count a reference to the object in a register; `counter` is a 32-bit register to use."""
    if not layout.IMMORTAL:
        return f"inc qword ptr [{register}]"
    return f"""
    mov {counter}, dword ptr [{register}]
    inc {counter}
    je {done}
    mov dword ptr [{register}], {counter}"""


def _decref(done: str) -> str:
    """Give the reference to the object in rdi back, and go to `done`."""
    immortal = f"""
    mov eax, dword ptr [rdi]
    test eax, eax
    js {done}"""
    return f"""{immortal if layout.IMMORTAL else ""}
    dec qword ptr [rdi]
    jne {done}
    {_call("_Py_Dealloc")}
    jmp {done}"""


def _unbox_wide_text() -> str:
    """In: rax = an exact int. Out: its value and CF=0, or CF=1 if that needs more than 64 bits."""
    if layout.TAGGED_INTS:
        # rcx = -1 if negative, rdx = number of digits
        sizes = f"""
    mov rdx, qword ptr [rax + {layout.INT_SIZE}]
    mov ecx, edx
    and ecx, 3
    shr ecx, 1
    neg rcx
    shr rdx, 3"""
    else:
        sizes = f"""
    mov rdx, qword ptr [rax + {layout.INT_SIZE}]
    mov rcx, rdx
    sar rcx, 63
    xor rdx, rcx
    sub rdx, rcx"""
    first, second, third = (layout.INT_DIGITS + 4 * index for index in range(3))
    return f"""
    push rcx
    push rdx
    {sizes}
    cmp rdx, 2
    je two
    ja more
    test rdx, rdx
    je zero
    mov eax, dword ptr [rax + {first}]
    jmp sign
zero:
    xor eax, eax
    jmp done
two:
    mov edx, dword ptr [rax + {second}]
    mov eax, dword ptr [rax + {first}]
    shl rdx, 30
    or rax, rdx
    jmp sign
more:
    cmp rdx, 3
    jne wide
    mov edx, dword ptr [rax + {third}]
    cmp edx, 8
    jae lowest
    push rdx
    mov edx, dword ptr [rax + {second}]
    mov eax, dword ptr [rax + {first}]
    shl rdx, 30
    or rax, rdx
    pop rdx
    shl rdx, 60
    or rax, rdx
sign:
    xor rax, rcx
    sub rax, rcx
done:
    pop rdx
    pop rcx
    clc
    ret
lowest:
    jne wide
    cmp dword ptr [rax + {first}], 0
    jne wide
    cmp dword ptr [rax + {second}], 0
    jne wide
    test rcx, rcx
    je wide
    mov rax, 0x8000000000000000
    jmp done
wide:
    pop rdx
    pop rcx
    stc
    ret
"""


INITIAL_FUEL: Final = 10_000
"""Backward jumps until the first poll, and the least from one poll to the next."""
_MOST_FUEL = 1 << 26
_SOON, _LATE = 500_000, 2_000_000
"""Polls that follow each other faster or slower than this, in nanoseconds, change the fuel."""
_HANDOVER = 5_000_000
"""Nanoseconds between two chances for other threads, as in CPython."""
_CLOCK_MONOTONIC = 1
_POLL_FUEL, _POLL_SITE, _POLL_FRAME, _POLL_TIME, _POLL_HANDED = 0, 8, 16, 24, 32


def _poll_text() -> str:
    """Let signal handlers and other threads run. Out: r15 = new fuel, ZF=0 if an error is set."""
    import ctypes

    block, _ = _once.setdefault("poll words", code_memory.words(5))
    clock = ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value
    saved = ("rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rbx")
    newline = "\n    "
    now = f"""
    mov edi, {_CLOCK_MONOTONIC}
    lea rsi, [rsp + 256]
    mov rax, {clock:#x}
    call rax
    mov rax, qword ptr [rsp + 256]
    imul rax, rax, 1000000000
    add rax, qword ptr [rsp + 264]"""
    return f"""
    push rbp
    mov rbp, rsp
    {newline.join(f"push {register}" for register in saved)}
    sub rsp, 288
    and rsp, -16
    {newline.join(f"movaps xmmword ptr [rsp + {16 * i}], xmm{i}" for i in range(16))}
    mov rbx, {block.address:#x}
    {now}
    mov r15d, {INITIAL_FUEL}
    mov rcx, qword ptr [rbp + 8]
    mov rdx, rcx
    xor rdx, qword ptr [rbx + {_POLL_SITE}]
    shr rdx, 14
    jne known
    cmp rbp, qword ptr [rbx + {_POLL_FRAME}]
    jne known
    mov r15, qword ptr [rbx + {_POLL_FUEL}]
    mov rdx, rax
    sub rdx, qword ptr [rbx + {_POLL_TIME}]
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
known:
    mov rdx, rax
    sub rdx, qword ptr [rbx + {_POLL_HANDED}]
    cmp rdx, {_HANDOVER}
    jb handed
    {_call("PyEval_SaveThread")}
    mov rdi, rax
    {_call("PyEval_RestoreThread")}
    {now}
    mov qword ptr [rbx + {_POLL_HANDED}], rax
handed:
    mov rcx, qword ptr [rbp + 8]
    mov qword ptr [rbx + {_POLL_FUEL}], r15
    mov qword ptr [rbx + {_POLL_SITE}], rcx
    mov qword ptr [rbx + {_POLL_FRAME}], rbp
    mov qword ptr [rbx + {_POLL_TIME}], rax
    {_call("PyErr_CheckSignals")}
    mov ebx, eax
    {newline.join(f"movaps xmm{i}, xmmword ptr [rsp + {16 * i}]" for i in range(16))}
    lea rsp, [rbp - {8 * len(saved)}]
    test ebx, ebx
    {newline.join(f"pop {register}" for register in reversed(saved))}
    pop rbp
    ret
"""


def _bind_text() -> str:
    """Fill defaults and keywords in, and call the versions with one argument for each parameter.

    In: a vectorcall, r11 = the function's words. What does not fit goes to the dispatcher.
    """
    decref_owned = f"""
    test r13, r13
    je {{done}}
    dec r13
    mov rdi, qword ptr [r15 + r13*8]
    test rdi, rdi
    je {{loop}}
    {_decref("{loop}")}"""
    return f"""
    push rbp
    mov rbp, rsp
    push rbx
    push r12
    push r13
    push r14
    push r15
    push rdi
    push rsi
    push rdx
    push rcx
    push r11
    mov rbx, r11
    # r12 = positional arguments, r13 = parameters, r14 = values, r15 = references to give back
    mov r12, rdx
    shl r12, 1
    shr r12, 1
    mov r13, qword ptr [rbx + {8 * PARAMETERS}]
    cmp r12, qword ptr [rbx + {8 * POSITIONAL}]
    ja unchanged
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
cleared:
    xor eax, eax
copy:
    cmp rax, r12
    jae copied
    mov rdx, qword ptr [rsi + rax*8]
    mov qword ptr [r14 + rax*8], rdx
    inc rax
    jmp copy
copied:
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
defaults:
    mov rdi, qword ptr [rbp - 48]
    mov rsi, qword ptr [rdi + {layout.FUNCTION_DEFAULTS}]
    mov r8, qword ptr [rbx + {8 * POSITIONAL}]
    test rsi, rsi
    je default
    sub r8, qword ptr [rsi + {layout.TUPLE_SIZE}]
    # r8 = the first parameter that has a default
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
    {_incref("rax", "edx", "next_default")}
next_default:
    inc r12
    jmp default
keyword_only:
    cmp r12, r13
    jae bound
    cmp qword ptr [r14 + r12*8], 0
    jne next_keyword_only
    mov rdi, qword ptr [rbp - 48]
    mov rdi, qword ptr [rdi + {layout.FUNCTION_KWDEFAULTS}]
    test rdi, rdi
    je fail
    mov rsi, qword ptr [rbx + {8 * NAMES}]
    mov rsi, qword ptr [rsi + r12*8]
    {_call("PyDict_GetItemWithError")}
    test rax, rax
    je no_item
    mov qword ptr [r14 + r12*8], rax
    mov qword ptr [r15 + r12*8], rax
    {_incref("rax", "edx", "next_keyword_only")}
next_keyword_only:
    inc r12
    jmp keyword_only
bound:
    mov rdi, qword ptr [rbp - 48]
    mov rsi, r14
    mov rdx, qword ptr [rbx + {8 * POSITIONAL}]
    mov rcx, qword ptr [rbx + {8 * KEYWORD_ONLY}]
    inc qword ptr [rbx + {8 * CALLS}]
    call qword ptr [rbx + {8 * VERSIONS}]
    mov qword ptr [rbp - 48], rax
release:
    {decref_owned.format(done="leave", loop="release")}
leave:
    mov rax, qword ptr [rbp - 48]
    lea rsp, [rbp - 40]
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret
no_item:
    {_call("PyErr_Clear")}
fail:
    {decref_owned.format(done="unchanged", loop="fail")}
unchanged:
    lea rsp, [rbp - 80]
    pop r11
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    jmp qword ptr [r11 + {8 * DISPATCH}]
"""


BOX_INT, BOX_BOOL, TAKE_OBJECT, BOX_CONSTANT, TAKE_CONSTANT, BUILD_TUPLE, DONE = range(7)
"""The steps of a descriptor, each followed by an operand word: see `exits`."""
RESUME, RAISE, RETURN = range(3)
FRAME_BASE: Final = 144
"""Where the frame base is, from the saved registers that descriptors count from."""


def _deopt_text() -> str:
    """Leave a version: box what the exit's descriptor names, and call the resume function with it.

    In: [rsp] = DATA, [rsp+8] = the exit's number, [rsp+16] = the frame base. Out: through the
    version's epilogue, with the result in rax.

    rbx = saved registers, r12 = DATA, r13 = the exit's record, r14 = its descriptor, rbp = boxed
    values (after the exception, if one is raised), r15 = their end; [rbx-16] = what to call instead
    of the resume function, [rbx-24] = the result, [rbx-32] = the kind; the rest is scratch.
    """
    from tracejit.backend.target import DATA_EPILOGUE, DATA_EXITS, DATA_LINK

    order = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
    order += [f"r{number}" for number in range(8, 16)]
    newline = "\n    "
    if sys.version_info >= (3, 12):
        fetch = f"""
    {_call("PyErr_GetRaisedException")}
    jmp put"""
    else:
        fetch = f"""
    lea rdi, [rbx - 40]
    lea rsi, [rbx - 8]
    lea rdx, [rbx - 48]
    {_call("PyErr_Fetch")}
    lea rdi, [rbx - 40]
    lea rsi, [rbx - 8]
    lea rdx, [rbx - 48]
    {_call("PyErr_NormalizeException")}
    mov rsi, qword ptr [rbx - 48]
    test rsi, rsi
    je untraced
    mov rdi, qword ptr [rbx - 8]
    {_call("PyException_SetTraceback")}
untraced:
    mov rdi, qword ptr [rbx - 40]
    {_call("Py_DecRef")}
    mov rdi, qword ptr [rbx - 48]
    {_call("Py_DecRef")}
    mov rax, qword ptr [rbx - 8]
    jmp put"""
    return f"""
    {newline.join(f"push {register}" for register in reversed(order))}
    mov rbx, rsp
    mov r12, qword ptr [rbx + 128]
    mov rax, qword ptr [rbx + 136]
    lea rax, [rax + rax*2]
    lea r13, [r12 + rax*8 + {DATA_EXITS}]
    mov r14, qword ptr [r13]
    inc qword ptr [r13 + 16]
    inc qword ptr [r12 + {ACTIVE}]
    mov rax, qword ptr [r12 + {FUEL}]
    test rax, rax
    je counted
    sub rax, qword ptr [rbx + 120]
    jns spent
    mov eax, {INITIAL_FUEL}
spent:
    add qword ptr [r12 + {WORK}], rax
counted:
    sub rsp, 64
    xor eax, eax
    mov qword ptr [rbx - 16], rax
    mov qword ptr [rbx - 24], rax
    mov rax, qword ptr [r14]
    mov qword ptr [rbx - 32], rax
    mov rcx, qword ptr [r14 + 8]
    add r14, 16
    lea rcx, [rcx*8 + 8]
    sub rsp, rcx
    and rsp, -16
    mov rbp, rsp
    mov r15, rsp
    cmp rax, {RAISE}
    jne step
    {fetch}
step:
    mov rax, qword ptr [r14]
    mov rdx, qword ptr [r14 + 8]
    add r14, 16
    cmp eax, {BOX_BOOL}
    jb box_int
    je box_bool
    cmp eax, {BOX_CONSTANT}
    jb take_object
    je box_constant
    cmp eax, {BUILD_TUPLE}
    jb take_constant
    je build_tuple
    jmp boxed
box_int:
    mov rdx, qword ptr [rbx + rdx]
box_constant:
    mov rdi, rdx
    {_call("PyLong_FromLongLong")}
    test rax, rax
    je cleanup
put:
    mov qword ptr [r15], rax
    add r15, 8
    jmp step
box_bool:
    mov rax, {id(False):#x}
    mov rcx, {id(True):#x}
    cmp byte ptr [rbx + rdx], 0
    cmovne rax, rcx
    jmp reference
take_object:
    mov rdx, qword ptr [rbx + rdx]
take_constant:
    mov rax, rdx
reference:
    {_incref("rax", "ecx", "put")}
    jmp put
build_tuple:
    mov qword ptr [rbx - 40], rdx
    mov rdi, rdx
    {_call("PyTuple_New")}
    test rax, rax
    je cleanup
    mov rdx, qword ptr [rbx - 40]
item:
    dec rdx
    js put
    sub r15, 8
    mov rcx, qword ptr [r15]
    mov qword ptr [rax + rdx*8 + {layout.TUPLE_ITEMS}], rcx
    jmp item
boxed:
    cmp qword ptr [rbx - 32], {RETURN}
    je return_value
    mov rdi, qword ptr [rbx + 136]
    cmp qword ptr [r13 + 8], 0
    je link
    not rdi
    dec qword ptr [r12 + {REVIEW}]
    js link
    cmp qword ptr [r12 + {ACTIVE}], {MAX_ACTIVE}
    ja link
call:
    mov rdi, qword ptr [r13 + 8]
    mov rsi, rbp
    mov rdx, r15
    sub rdx, rbp
    shr rdx, 3
    xor ecx, ecx
    call qword ptr [rdi + {layout.FUNCTION_VECTORCALL}]
    mov qword ptr [rbx - 24], rax
cleanup:
    cmp r15, rbp
    je clean
    sub r15, 8
    mov rdi, qword ptr [r15]
    {_decref("cleanup")}
clean:
    mov rdi, qword ptr [rbx - 16]
    {_call("Py_DecRef")}
leave:
    dec qword ptr [r12 + {ACTIVE}]
    mov rax, qword ptr [rbx - 24]
    mov rcx, qword ptr [r12 + {DATA_EPILOGUE}]
    mov rbp, qword ptr [rbx + 40]
    mov r12, qword ptr [rbx + 96]
    mov r13, qword ptr [rbx + 104]
    mov r14, qword ptr [rbx + 112]
    mov r15, qword ptr [rbx + 120]
    lea rdx, [rbx + {FRAME_BASE}]
    mov rbx, qword ptr [rbx + 24]
    mov rsp, rdx
    jmp rcx
return_value:
    sub r15, 8
    mov rax, qword ptr [r15]
    mov qword ptr [rbx - 24], rax
    jmp leave
link:
    {_call("PyLong_FromLongLong")}
    test rax, rax
    je cleanup
    mov qword ptr [rbx - 40], rax
    mov rdi, qword ptr [r12 + {DATA_LINK}]
    mov rsi, rax
    {_call("PyObject_CallOneArg")}
    mov qword ptr [rbx - 16], rax
    mov rdi, qword ptr [rbx - 40]
    {_call("Py_DecRef")}
    mov rdi, qword ptr [rbx - 16]
    test rdi, rdi
    je cleanup
    mov rax, {id(None):#x}
    cmp rdi, rax
    je call
    mov rsi, rbp
    mov rdx, r15
    sub rdx, rbp
    shr rdx, 3
    xor ecx, ecx
    {_call("PyObject_Vectorcall")}
    mov qword ptr [rbx - 24], rax
    jmp cleanup
"""
