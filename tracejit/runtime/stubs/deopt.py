"""`deopt`: leave a version. Boxes what the exit's descriptor names, and calls the resume function.

Registers throughout: rbx = saved registers, those for floats below; r12 = DATA, r13 = the exit's
record, r14 = the next step of its descriptor, rbp = boxed values (after the exception, if one is
raised), r15 = their end; the rest is scratch.
"""

from __future__ import annotations

import sys
from typing import Final

from tracejit.backend.target import DATA_EPILOGUE, DATA_EXITS, DATA_LINK
from tracejit.runtime import layout, stubs
from tracejit.runtime.stubs.assembly import call, decref, incref, lines, push, untraced
from tracejit.runtime.stubs.poll import INITIAL_FUEL
from tracejit.runtime.stubs.words import ACTIVE, FUEL, MAX_ACTIVE, NATIVE_CALLS, REVIEW, WORK

(
    BOX_INT,
    BOX_BOOL,
    TAKE_OBJECT,
    BOX_CONSTANT,
    TAKE_CONSTANT,
    BUILD_TUPLE,
    BOX_UNSIGNED,
    BOX_UNSIGNED_CONSTANT,
    BOX_FLOAT,
    BOX_FLOAT_CONSTANT,
    TAKE_OWNED,
    BUILD_RANGE,
    ASSIGN,
    DONE,
) = range(14)
"""The steps of a descriptor, each followed by an operand word: see `exits`."""
RESUME, RAISE, RETURN, STORE = range(4)

_REGISTERS = (
    *("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"),
    *(f"r{number}" for number in range(8, 16)),
)
_SAVED = {register: 8 * number for number, register in enumerate(_REGISTERS)}
"""Where each register is, from rbx."""
_DATA, _NUMBER = 8 * len(_REGISTERS), 8 * len(_REGISTERS) + 8
FRAME_BASE: Final = _NUMBER + 8
"""Where the frame base is, from the saved registers that descriptors count from."""

FLOATS: Final = -192
"""Where xmm0 is, from rbx; the others follow."""

# Locals, between them and rbx.
_VALUE, _INSTEAD, _RESULT, _KIND, _SCRATCH, _TRACEBACK, _THREAD, _FRAMES = (
    8 * number for number in range(1, 9)
)
"""_INSTEAD is what to call instead of the resume function; _FRAMES is how many more the thread
may make when this is over."""
_DIFFERS, _COMPARES, _NEW_FUEL = _RESULT, _THREAD, _FRAMES
"""Where a poll stores: whether a variable was found to have been assigned, and whether that is
looked for now rather than assigned; what the poll gave."""


def deopt_text() -> str:
    """In: [rsp] = DATA, [rsp+8] = the exit's number, [rsp+16] = the frame base. Out: through the
    version's epilogue, with the result in rax.

    Where a poll stores: in r15 = where to go on after the poll, then with new fuel there and all
    other registers as they were. CF=1 if the variables still have what was stored; else ZF=1 if an
    exception is set.
    """
    return f"""
    {push(*reversed(_REGISTERS))}
    mov rbx, rsp
    {_save_floats()}
    {_find_record()}
    {_count()}
    {_start_descriptor()}
    {_take_exception() if sys.version_info >= (3, 12) else _take_exception_in_parts()}
    {_next_step()}
    {_box()}
    {_build_tuple()}
    {_build_range()}
    {_assign()}
boxed:
    {_choose_callee()}
    {_call_resume_function()}
    {_clean_up()}
    {_leave()}
    {_return_value()}
    {_link()}
    {_poll()}
"""


def _save_floats() -> str:
    stores = lines(f"movsd qword ptr [rbx - {-FLOATS - 8 * i}], xmm{i}" for i in range(16))
    return f"""
    sub rsp, {-FLOATS}
    {stores}"""


def _find_record() -> str:
    return f"""
    mov r12, qword ptr [rbx + {_DATA}]
    mov rax, qword ptr [rbx + {_NUMBER}]
    lea rax, [rax + rax*2]
    lea r13, [r12 + rax*8 + {DATA_EXITS}]
    mov r14, qword ptr [r13]"""


def _count() -> str:
    """Count the exit, the activation, and the fuel that it used if its version polls.

    What called the activation natively goes on with fuel that has not been counted yet. (Else r15
    may hold anything once there are no more polls to come.)
    """
    return f"""
    cmp qword ptr [r14], {STORE}
    je counted
    inc qword ptr [r13 + 16]
    inc qword ptr [r12 + {ACTIVE}]
    mov rax, qword ptr [r12 + {FUEL}]
    test rax, rax
    je counted
    sub rax, qword ptr [rbx + {_SAVED["r15"]}]
    jns spent
    mov eax, {INITIAL_FUEL}
spent:
    add qword ptr [r12 + {WORK}], rax
    cmp qword ptr [r12 + {NATIVE_CALLS}], 0
    je counted
    mov qword ptr [rbx + {_SAVED["r15"]}], {INITIAL_FUEL}
counted:"""


def _start_descriptor() -> str:
    return f"""
    xor eax, eax
    mov qword ptr [rbx - {_INSTEAD}], rax
    mov qword ptr [rbx - {_RESULT}], rax
    mov qword ptr [rbx - {_COMPARES}], rax
    mov rax, qword ptr [r14]
    mov qword ptr [rbx - {_KIND}], rax
    mov rcx, qword ptr [r14 + 8]
    add r14, 16
    lea rcx, [rcx*8 + 8]
    sub rsp, rcx
    and rsp, -16
    mov rbp, rsp
    mov r15, rsp
    cmp rax, {RAISE}
    jne step"""


def _take_exception() -> str:
    return f"""
    {call("PyErr_GetRaisedException")}
    jmp put"""


def _take_exception_in_parts() -> str:
    parts = f"""
    lea rdi, [rbx - {_SCRATCH}]
    lea rsi, [rbx - {_VALUE}]
    lea rdx, [rbx - {_TRACEBACK}]"""
    return f"""
    {parts}
    {call("PyErr_Fetch")}
    {parts}
    {call("PyErr_NormalizeException")}
    mov rsi, qword ptr [rbx - {_TRACEBACK}]
    test rsi, rsi
    je untraced
    mov rdi, qword ptr [rbx - {_VALUE}]
    {call("PyException_SetTraceback")}
untraced:
    mov rdi, qword ptr [rbx - {_SCRATCH}]
    {call("Py_DecRef")}
    mov rdi, qword ptr [rbx - {_TRACEBACK}]
    {call("Py_DecRef")}
    mov rax, qword ptr [rbx - {_VALUE}]
    jmp put"""


def _next_step() -> str:
    """rdx = the step's operand."""
    return f"""
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
    cmp eax, {BOX_UNSIGNED_CONSTANT}
    jb box_unsigned
    je box_unsigned_constant
    cmp eax, {BOX_FLOAT_CONSTANT}
    jb box_float
    je box_float_constant
    cmp eax, {BUILD_RANGE}
    je build_range
    cmp eax, {ASSIGN}
    je assign
    ja boxed
    mov rax, qword ptr [rbx + rdx]
    jmp put"""


def _box() -> str:
    return f"""
box_int:
    mov rdx, qword ptr [rbx + rdx]
box_constant:
    mov rdi, rdx
    {call("PyLong_FromLongLong")}
    test rax, rax
    je cleanup
put:
    mov qword ptr [r15], rax
    add r15, 8
    jmp step
box_unsigned:
    mov rdx, qword ptr [rbx + rdx]
box_unsigned_constant:
    mov rdi, rdx
    {call("PyLong_FromUnsignedLongLong")}
    test rax, rax
    je cleanup
    jmp put
box_float:
    mov rdx, qword ptr [rbx + rdx]
box_float_constant:
    movq xmm0, rdx
    {call("PyFloat_FromDouble")}
    test rax, rax
    je cleanup
    jmp put
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
    {incref("rax", "ecx", "put")}
    jmp put"""


def _build_tuple() -> str:
    return f"""
build_tuple:
    mov qword ptr [rbx - {_SCRATCH}], rdx
    mov rdi, rdx
    {call("PyTuple_New")}
    test rax, rax
    je cleanup
    mov rdx, qword ptr [rbx - {_SCRATCH}]
item:
    dec rdx
    js put
    sub r15, 8
    mov rcx, qword ptr [r15]
    mov qword ptr [rax + rdx*8 + {layout.TUPLE_ITEMS}], rcx
    jmp item"""


def _build_range() -> str:
    """Of three integers: no code of the program runs."""
    drop = f"""
    sub r15, 8
    mov rdi, qword ptr [r15]
    {call("Py_DecRef")}"""
    return f"""
build_range:
    mov rdi, {id(range):#x}
    lea rsi, [r15 - 24]
    mov edx, 3
    xor ecx, ecx
    {call("PyObject_Vectorcall")}
    mov qword ptr [rbx - {_SCRATCH}], rax
    {3 * drop}
    mov rax, qword ptr [rbx - {_SCRATCH}]
    test rax, rax
    je cleanup
    jmp put"""


def _assign() -> str:
    """The last object, to the variable of the operand."""
    return f"""
assign:
    sub r15, 8
    mov rdi, rdx
    mov rsi, qword ptr [r15]
    mov rdx, qword ptr [rbx - {_COMPARES}]
    mov rax, {stubs.compiled_assign():#x}
    call rax
    test eax, eax
    js cleanup
    or qword ptr [rbx - {_DIFFERS}], rax
    jmp step"""


def _choose_callee() -> str:
    """rdi = the exit's number for `link`, or its complement where it is time to review."""
    return f"""
    cmp qword ptr [rbx - {_KIND}], {RETURN}
    je return_value
    ja poll
    mov rdi, qword ptr [rbx + {_NUMBER}]
    cmp qword ptr [r13 + 8], 0
    je link
    not rdi
    dec qword ptr [r12 + {REVIEW}]
    js link
    cmp qword ptr [r12 + {ACTIVE}], {MAX_ACTIVE}
    ja link"""


def _arguments() -> str:
    return """
    mov rsi, rbp
    mov rdx, r15
    sub rdx, rbp
    shr rdx, 3
    xor ecx, ecx"""


def _call_resume_function() -> str:
    return f"""
call:
    {_take_frames()}
    {_arguments()}
    mov rdi, qword ptr [rbx - {_INSTEAD}]
    test rdi, rdi
    je resume
    mov rax, {id(None):#x}
    cmp rdi, rax
    je resume
    {call("PyObject_Vectorcall")}
    jmp called
resume:
    mov rdi, qword ptr [r13 + 8]
    call qword ptr [rdi + {layout.FUNCTION_VECTORCALL}]
called:
    mov qword ptr [rbx - {_RESULT}], rax
    {_give_frames_back()}"""


def _take_frames() -> str:
    """Let the thread have as many frames left as it would if native calls had made theirs.

    That of the function that leaves is not among them: its resume function makes it.
    """
    return f"""
    cmp qword ptr [r12 + {NATIVE_CALLS}], 0
    je frames_taken
    {call("PyThreadState_Get")}
    mov qword ptr [rbx - {_THREAD}], rax
    mov ecx, dword ptr [rax + {layout.THREAD_FRAMES}]
    mov qword ptr [rbx - {_FRAMES}], rcx
    mov rcx, qword ptr [rbx + {_SAVED["r14"]}]
    mov edx, ecx
    shr rcx, 32
    lea ecx, [rcx + rdx + 1]
    mov dword ptr [rax + {layout.THREAD_FRAMES}], ecx
frames_taken:"""


def _give_frames_back() -> str:
    return f"""
    cmp qword ptr [r12 + {NATIVE_CALLS}], 0
    je frames_given
    mov rax, qword ptr [rbx - {_THREAD}]
    mov rcx, qword ptr [rbx - {_FRAMES}]
    mov dword ptr [rax + {layout.THREAD_FRAMES}], ecx
frames_given:"""


def _clean_up() -> str:
    return f"""
cleanup:
    cmp qword ptr [rbx - {_KIND}], {STORE}
    je not_stored
    cmp r15, rbp
    je clean
    sub r15, 8
    mov rdi, qword ptr [r15]
    {decref("cleanup")}
clean:
    mov rdi, qword ptr [rbx - {_INSTEAD}]
    {call("Py_DecRef")}"""


def _leave() -> str:
    """The callee-saved registers are what they were at the exit, for the epilogue to restore."""
    return f"""
leave:
    dec qword ptr [r12 + {ACTIVE}]
    mov rax, qword ptr [rbx - {_RESULT}]
    mov rcx, qword ptr [r12 + {DATA_EPILOGUE}]
    mov rbp, qword ptr [rbx + {_SAVED["rbp"]}]
    mov r12, qword ptr [rbx + {_SAVED["r12"]}]
    mov r13, qword ptr [rbx + {_SAVED["r13"]}]
    mov r14, qword ptr [rbx + {_SAVED["r14"]}]
    mov r15, qword ptr [rbx + {_SAVED["r15"]}]
    lea rdx, [rbx + {FRAME_BASE}]
    mov rbx, qword ptr [rbx + {_SAVED["rbx"]}]
    mov rsp, rdx
    jmp rcx"""


def _return_value() -> str:
    return f"""
return_value:
    sub r15, 8
    mov rax, qword ptr [r15]
    mov qword ptr [rbx - {_RESULT}], rax
    jmp leave"""


def _poll() -> str:
    """Everything is stored: poll, and go through the steps again to compare. No object is kept."""
    numbers = [number for number in range(len(_REGISTERS)) if _REGISTERS[number] != "rsp"]
    loads = lines(f"mov {_REGISTERS[n]}, qword ptr [rbx + {8 * n}]" for n in numbers if n != 3)
    floats = lines(f"movsd xmm{i}, qword ptr [rbx - {-FLOATS - 8 * i}]" for i in range(16))
    return f"""
poll:
    cmp qword ptr [rbx - {_COMPARES}], 0
    jne compared
    mov rax, {stubs.compiled_poll():#x}
    call rax
    mov qword ptr [rbx - {_NEW_FUEL}], r15
    jne raised
    inc qword ptr [rbx - {_COMPARES}]
    mov r15, rbp
    mov r14, qword ptr [r13]
    add r14, 16
    jmp step
not_stored:
    mov qword ptr [rbx - {_NEW_FUEL}], {INITIAL_FUEL}
raised:
    mov eax, 1
    jmp polled
compared:
    mov rax, qword ptr [rbx - {_DIFFERS}]
    add eax, eax
polled:
    {floats}
    mov rcx, qword ptr [rbx + {_SAVED["r15"]}]
    mov qword ptr [rbx + {_NUMBER}], rcx
    mov rcx, qword ptr [rbx - {_NEW_FUEL}]
    mov qword ptr [rbx + {_SAVED["r15"]}], rcx
    mov rsp, rbx
    cmp eax, 1
    {loads}
    mov rbx, qword ptr [rbx + {_SAVED["rbx"]}]
    lea rsp, [rsp + {_NUMBER}]
    ret"""


def _link() -> str:
    """Ask the version for a resume function; it may give something to call instead."""
    ask = f"""
    mov rdi, qword ptr [r12 + {DATA_LINK}]
    mov rsi, qword ptr [rbx - {_SCRATCH}]
    {call("PyObject_CallOneArg")}"""
    return f"""
link:
    {call("PyLong_FromLongLong")}
    test rax, rax
    je cleanup
    mov qword ptr [rbx - {_SCRATCH}], rax
    {untraced(ask)}
    mov qword ptr [rbx - {_INSTEAD}], rax
    mov rdi, qword ptr [rbx - {_SCRATCH}]
    {call("Py_DecRef")}
    mov rdi, qword ptr [rbx - {_INSTEAD}]
    test rdi, rdi
    jne call
    jmp cleanup"""
