"""Versions written by hand, for tests of the runtime alone."""

import itertools

from tracejit.backend.assembler import assemble
from tracejit.backend.exits import ExitRecord, InRegister, IsConstant
from tracejit.ir.frame_state import Exit
from tracejit.runtime import layout, stubs
from tracejit.runtime.version import DataBlock, NativeCode

_serial = itertools.count()
NUMBERS = {"rax": 0, "rcx": 1, "rdx": 2, "rbx": 3, "rbp": 5, "rsi": 6, "rdi": 7} | {
    f"r{number}": number for number in range(8, 16)
}


def unbox(index, register):
    """Load and unbox argument `index`, an int; clobbers rax."""
    return f"""
    mov rax, qword ptr [rsi + {8 * index}]
    cmp qword ptr [rax + 8], {{int_type}}
    jne miss
    mov r11, {stubs.target().unbox_wide:#x}
    call r11
    jc miss
    mov {register}, rax
"""


BOX = "mov rdi, rax\n mov rax, {box_int}\n jmp rax\n"


def native(text, *, exits=(), guards=(), kept=None, saved=()):
    """NativeCode of a body; `exits` are ExitRecords, reached by `jmp xK`; `saved` are registers."""
    data = DataBlock(len(exits))
    target = stubs.target()
    fields = {
        name: hex(getattr(target, name)) for name in target.__slots__ if name != "immortal"
    }
    pops = "".join(f"pop {register}\n" for register in reversed(saved))
    checks = "".join(guard_text(guard) for guard in guards)
    body = text.replace("{int_type}", "{int_type}")
    for name, value in fields.items():
        if name == "int_type":
            body = body.replace(
                "cmp qword ptr [rax + 8], {int_type}",
                f"mov r11, {value}\n cmp qword ptr [rax + 8], r11",
            )
        body = body.replace(f"{{{name}}}", value)
    body = body.replace("{guards}", checks)
    body = body.replace("{save}", "".join(f"push {register}\n" for register in saved))
    body = body.replace("{restore}", pops)
    leaves = "".join(f"x{k}: push {k}\n jmp leave\n" for k in range(len(exits)))
    program = f"""
epilogue:
{pops} ret
.p2align 5
entry:
{body}
{leaves}
leave:
    push rax
    mov rax, {data.address:#x}
    xchg rax, qword ptr [rsp]
    push rax
    mov rax, {target.deopt:#x}
    xchg rax, qword ptr [rsp]
    ret
miss:
    mov rax, {data.address:#x}
    jmp qword ptr [rax]
"""
    code = assemble(program)
    return NativeCode(
        code.code, code.entry, code.epilogue, data, list(exits), list(guards), kept, {"asm": 1}
    )


def guard_text(guard):
    text = f"mov rax, {guard.path[0]:#x}\n"
    for offset in guard.path[1:]:
        text += f"mov rax, qword ptr [rax]\n add rax, {offset}\n"
    if guard.width == 8:
        return text + f"mov r11, {guard.value:#x}\n cmp qword ptr [rax], r11\n jne miss\n"
    return text + f"cmp dword ptr [rax], {guard.value}\n jne miss\n"


def leave(state, *locations, kind="resume", reason="test"):
    """An exit with that state, whose values are in these places, as (type, register or int)."""
    values = [
        (type, InRegister(NUMBERS[place]) if isinstance(place, str) else IsConstant(place))
        for type, place in locations
    ]
    return ExitRecord(kind, Exit(reason, state), None, values)


def multiply_add(function, signature):
    """`a * b + c` for three ints that fit 64 bits."""
    if signature != (int, int, int):
        return "not three ints"
    return native(
        unbox(0, "rdi")
        + unbox(1, "rcx")
        + unbox(2, "r8")
        + "mov rax, rdi\n imul rax, rcx\n jo ovf\n add rax, r8\n jo ovf\n"
        + BOX
        + "ovf: jmp miss2\nmiss2: ud2\n"
    )


def guards_of(function, *assumptions):
    return layout.guards(function, assumptions)
