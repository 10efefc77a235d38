"""`float_divmod`: floor and remainder of floats, by the steps of CPython's `_float_div_mod`."""

from __future__ import annotations

from tracejit.runtime import libm
from tracejit.runtime.stubs.assembly import lines, pop, push

_ONE, _HALF, _ALL_WHOLE = 0x3FF0000000000000, 0x3FE0000000000000, 0x4330000000000000
"""1.0, 0.5 and 2.0**52, from where on there are only whole numbers, as bits."""
_ROOM = 48
_KEPT = ("rdx", "rsi", "rdi", "r8", "r9", "r10", "r11")


def float_divmod_text() -> str:
    """In: xmm0, xmm1 = dividend, divisor. Out: floor of the quotient, remainder. Keeps all else.

    Throughout: xmm2 = the remainder, xmm3 = the quotient. A divisor of 0 gives anything.
    """
    return f"""
    push rax
    push rcx
    sub rsp, {_ROOM}
    movsd qword ptr [rsp], xmm0
    movsd qword ptr [rsp + 8], xmm1
    {lines(f"movsd qword ptr [rsp + {16 + 8 * i}], xmm{2 + i}" for i in range(4))}
    {_remainder()}
    {_with_the_divisors_sign()}
    {_floor()}
    movaps xmm0, xmm4
    movaps xmm1, xmm2
    {lines(f"movsd xmm{2 + i}, qword ptr [rsp + {16 + 8 * i}]" for i in range(4))}
    add rsp, {_ROOM}
    pop rcx
    pop rax
    ret
    {_remainder_of_no_number()}
"""


def _remainder() -> str:
    """Exact, and so the same whoever computes it, unless it is no number."""
    return """
    movaps xmm2, xmm0
    subsd xmm2, xmm2
    ucomisd xmm2, xmm1
    jp special
    fld qword ptr [rsp + 8]
    fld qword ptr [rsp]
again:
    fprem
    fnstsw ax
    test ah, 4
    jne again
    fstp st(1)
    fstp qword ptr [rsp]
    movsd xmm2, qword ptr [rsp]
divided:"""


def _with_the_divisors_sign() -> str:
    return f"""
    movaps xmm3, xmm0
    subsd xmm3, xmm2
    divsd xmm3, xmm1
    movq rcx, xmm1
    movq rax, xmm2
    add rax, rax
    je zero
    movq rax, xmm2
    xor rax, rcx
    jns signed
    addsd xmm2, xmm1
    movabs rax, {_ONE}
    movq xmm4, rax
    subsd xmm3, xmm4
    jmp signed
zero:
    shr rcx, 63
    shl rcx, 63
    movq xmm2, rcx
signed:"""


def _floor() -> str:
    """xmm4 = the quotient snapped to a whole number."""
    return f"""
    movq rax, xmm3
    add rax, rax
    je nothing
    shr rax, 1
    movaps xmm4, xmm3
    movabs rcx, {_ALL_WHOLE}
    cmp rax, rcx
    jae whole
    cvttsd2si rax, xmm3
    cvtsi2sd xmm4, rax
    movabs rcx, {_ONE}
    movq xmm5, rcx
    ucomisd xmm4, xmm3
    jbe below
    subsd xmm4, xmm5
below:
    subsd xmm3, xmm4
    movabs rax, {_HALF}
    movq xmm5, rax
    ucomisd xmm3, xmm5
    jbe whole
    movq xmm5, rcx
    addsd xmm4, xmm5
    jmp whole
nothing:
    movq rax, xmm0
    movq rcx, xmm1
    xor rax, rcx
    shr rax, 63
    shl rax, 63
    movq xmm4, rax
whole:"""


def _remainder_of_no_number() -> str:
    """Which one it is, the C library decides."""
    room = 8 * 10 + 16
    return f"""
special:
    push rbp
    mov rbp, rsp
    {push(*_KEPT)}
    sub rsp, {room}
    and rsp, -16
    {lines(f"movsd qword ptr [rsp + {8 * i}], xmm{6 + i}" for i in range(10))}
    movabs rax, {libm.FUNCTIONS["fmod"]}
    call rax
    movaps xmm2, xmm0
    {lines(f"movsd xmm{6 + i}, qword ptr [rsp + {8 * i}]" for i in range(10))}
    lea rsp, [rbp - {8 * len(_KEPT)}]
    {pop(*_KEPT)}
    pop rbp
    movsd xmm0, qword ptr [rsp]
    movsd xmm1, qword ptr [rsp + 8]
    jmp divided"""
