"""`floor_divide`: division of signed integers, rounded down."""

from __future__ import annotations


def floor_divide_text() -> str:
    """In: rax = the dividend; above the return address on the stack, the divisor, which is not 0.

    Out: rax = the floor of the quotient, rdx = the remainder; OF=1 where the floor does not fit
    64 bits; the divisor is off the stack. Everything else is kept.

    `idiv` truncates, and stops the process at MIN // -1. Where the remainder is not zero and its
    sign is not the divisor's, what it gives is one step away: without a branch, since signs may
    come in any order.
    """
    return """
    push rcx
    mov rcx, qword ptr [rsp + 16]
    cmp rcx, -1
    je negate
    cqo
    idiv rcx
    xor rcx, rdx
    sar rcx, 63
    test rdx, rdx
    cmove rcx, rdx
    add rax, rcx
    and rcx, qword ptr [rsp + 16]
    add rdx, rcx
    pop rcx
    ret 8
negate:
    xor edx, edx
    neg rax
    pop rcx
    ret 8
"""
