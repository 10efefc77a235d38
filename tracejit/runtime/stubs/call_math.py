"""`call_math`: what a function of `math` computes by code of CPython's own, on unboxed floats."""

from __future__ import annotations

import math

from tracejit.runtime import layout
from tracejit.runtime.stubs.assembly import call, decref


def call_math_text(name: str) -> str:
    """For a function of one argument that gives a `float`.

    In: xmm0 = the argument. Out: xmm0 = the result; no number where the function raises, of which
    nothing is left then. Clobbers what any call does.
    """
    function, receiver = layout.builtin(getattr(math, name))
    return f"""
    push rbx
    {call("PyFloat_FromDouble")}
    test rax, rax
    je failed
    mov rbx, rax
    mov rdi, {receiver:#x}
    mov rsi, rax
    mov rax, {function:#x}
    call rax
    mov rdi, rbx
    mov rbx, rax
    {decref("called")}
called:
    test rbx, rbx
    je failed
    mov rdi, rbx
    mov rbx, qword ptr [rbx + {layout.FLOAT_VALUE}]
    {decref("done")}
done:
    movq xmm0, rbx
    pop rbx
    ret
failed:
    {call("PyErr_Clear")}
    pcmpeqd xmm0, xmm0
    pop rbx
    ret
"""
