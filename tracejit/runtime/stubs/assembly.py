"""Fragments of assembly that several stubs are written with."""

from __future__ import annotations

from tracejit.runtime import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def lines(instructions: Iterable[str]) -> str:
    return "\n    ".join(instructions)


def push(*registers: str) -> str:
    return lines(f"push {register}" for register in registers)


def pop(*registers: str) -> str:
    """Undo `push` of the same registers."""
    return lines(f"pop {register}" for register in reversed(registers))


def call(name: str) -> str:
    """Call a function of the C-API; clobbers what any call does."""
    return f"""
    mov rax, {layout.api(name):#x}
    call rax"""


def untraced(code: str) -> str:
    """The code, which keeps its result in rax, with debuggers and profilers suspended."""
    return f"""
    {call("PyThreadState_Get")}
    mov rdi, rax
    {call("PyThreadState_EnterTracing")}
    {code}
    push rax
    push rax
    {call("PyThreadState_Get")}
    mov rdi, rax
    {call("PyThreadState_LeaveTracing")}
    pop rax
    pop rax"""


def incref(register: str, counter: str, done: str) -> str:
    """Count a reference to the object in a register; `counter` is a 32-bit register to use."""
    if not layout.IMMORTAL:
        return f"inc qword ptr [{register}]"
    return f"""
    mov {counter}, dword ptr [{register}]
    inc {counter}
    je {done}
    mov dword ptr [{register}], {counter}"""


def decref(done: str) -> str:
    """Give the reference to the object in rdi back, and go to `done`."""
    immortal = f"""
    mov eax, dword ptr [rdi]
    test eax, eax
    js {done}"""
    return f"""{immortal if layout.IMMORTAL else ""}
    dec qword ptr [rdi]
    jne {done}
    {call("_Py_Dealloc")}
    jmp {done}"""
