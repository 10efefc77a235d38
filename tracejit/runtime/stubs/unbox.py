"""`unbox_wide` and `unbox_unsigned`: the value of an int of more than one digit."""

from __future__ import annotations

from tracejit.runtime import layout

_FIRST, _SECOND, _THIRD = (layout.INT_DIGITS + 4 * index for index in range(3))


def unbox_wide_text() -> str:
    """In: rax = an exact int. Out: its value and CF=0, or CF=1 if that needs more than 64 bits.

    rcx = -1 if negative, else 0; rdx = how many digits, then a digit. All but rax is kept.
    """
    sizes = _tagged_size() if layout.TAGGED_INTS else _signed_size()
    return f"""
    push rcx
    push rdx
    {sizes}
    {_few_digits()}
    {_three_digits()}
sign:
    xor rax, rcx
    sub rax, rcx
done:
    pop rdx
    pop rcx
    clc
    ret
    {_least_integer()}
wide:
    pop rdx
    pop rcx
    stc
    ret
"""


def _tagged_size() -> str:
    return f"""
    mov rdx, qword ptr [rax + {layout.INT_SIZE}]
    mov ecx, edx
    and ecx, 3
    shr ecx, 1
    neg rcx
    shr rdx, 3"""


def _signed_size() -> str:
    return f"""
    mov rdx, qword ptr [rax + {layout.INT_SIZE}]
    mov rcx, rdx
    sar rcx, 63
    xor rdx, rcx
    sub rdx, rcx"""


def _few_digits() -> str:
    return f"""
    cmp rdx, 2
    je two
    ja more
    test rdx, rdx
    je zero
    mov eax, dword ptr [rax + {_FIRST}]
    jmp sign
zero:
    xor eax, eax
    jmp done
two:
    mov edx, dword ptr [rax + {_SECOND}]
    mov eax, dword ptr [rax + {_FIRST}]
    shl rdx, 30
    or rax, rdx
    jmp sign"""


def _three_digits() -> str:
    """The third digit may have three bits; a fourth only in the least integer of all."""
    return f"""
more:
    cmp rdx, 3
    jne wide
    mov edx, dword ptr [rax + {_THIRD}]
    cmp edx, 8
    jae lowest
    push rdx
    mov edx, dword ptr [rax + {_SECOND}]
    mov eax, dword ptr [rax + {_FIRST}]
    shl rdx, 30
    or rax, rdx
    pop rdx
    shl rdx, 60
    or rax, rdx"""


def _least_integer() -> str:
    """-2**63 alone has a fourth bit in its third digit."""
    return f"""
lowest:
    jne wide
    cmp dword ptr [rax + {_FIRST}], 0
    jne wide
    cmp dword ptr [rax + {_SECOND}], 0
    jne wide
    test rcx, rcx
    je wide
    mov rax, 0x8000000000000000
    jmp done"""


def unbox_unsigned_text() -> str:
    """In: rax = an exact int. Out: CF=0, rax = its value from 2**63 to 2**64 - 1; or CF=1.

    All but rax is kept.
    """
    positive = "and rdx, -5\n    cmp rdx, 3 << 3" if layout.TAGGED_INTS else "cmp rdx, 3"
    return f"""
    push rdx
    mov rdx, qword ptr [rax + {layout.INT_SIZE}]
    {positive}
    jne other
    mov edx, dword ptr [rax + {_THIRD}]
    cmp edx, 8
    jb other
    cmp edx, 16
    jae other
    shl rdx, 60
    push rcx
    mov ecx, dword ptr [rax + {_SECOND}]
    shl rcx, 30
    or rdx, rcx
    mov ecx, dword ptr [rax + {_FIRST}]
    or rdx, rcx
    pop rcx
    mov rax, rdx
    pop rdx
    clc
    ret
other:
    pop rdx
    stc
    ret
"""
