"""Versions written by hand, for tests of the runtime alone."""

import dis

from tracejit.backend.assembler import assemble
from tracejit.backend.exits import ExitRecord, InRegister, IsConstant
from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.shapes import Const, RangeIter
from tracejit.ir.types import general
from tracejit.ir.value import Value
from tracejit.runtime import layout, stubs
from tracejit.runtime.stubs.poll import INITIAL_FUEL
from tracejit.runtime.version import DataBlock, NativeCode

ENTRY = 32
"""Where programs have their entry, behind the epilogue."""

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


def native(text, *, exits=(), guards=(), kept=None, saved=(), epilogue=""):
    """NativeCode of a body; `exits` are ExitRecords, reached by `jmp xK`; `saved` are registers."""
    data = DataBlock(len(exits))
    target = stubs.target()
    found = {name: getattr(target, name) for name in target.__slots__}
    fields = {name: hex(value) for name, value in found.items() if type(value) is int}
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
{epilogue}
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
    return NativeCode(
        assemble(program), ENTRY, 0, data, list(exits), list(guards), kept, {"asm": 1}
    )


def guard_text(guard, miss="miss"):
    text = f"mov rax, {guard.path[0]:#x}\n"
    for offset in guard.path[1:]:
        text += f"mov rax, qword ptr [rax]\n add rax, {offset}\n"
    if guard.width == 8:
        return text + f"mov r11, {guard.value:#x}\n cmp qword ptr [rax], r11\n jne {miss}\n"
    return text + f"cmp dword ptr [rax], {guard.value}\n jne {miss}\n"


def leave(state, *locations, kind="resume", reason="test"):
    """An exit with that state, whose values are in these places, as (type, register or int)."""
    values = [
        (type, InRegister(NUMBERS[place]) if isinstance(place, str) else IsConstant(place))
        for type, place in locations
    ]
    return ExitRecord(kind, Exit(reason, state), None, values)


def multiply_add(function, signature):
    """`a * b + c` for three ints that fit 64 bits."""
    if general(signature) != (int, int, int):
        return "not three ints"
    return native(
        unbox(0, "r9")
        + unbox(1, "rcx")
        + unbox(2, "r8")
        + "mov rax, r9\n imul rax, rcx\n jo ovf\n add rax, r8\n jo ovf\n"
        + BOX
        + "ovf: ud2\n"
    )


def total(n, s):
    """What `total_version` is the machine code of."""
    for i in range(n):
        s += i
    return s


def total_version(function, signature, guards=(), **more):
    """The sum as a loop that polls, and leaves when it overflows."""
    if general(signature) != (int, int):
        return "not two ints"
    iterator = RangeIter(Value(2, "i64"), Value(3, "i64"), Const(1), True)
    s, i = Value(0, "i64"), Value(1, "i64")
    registers = [("i64", "r13"), ("i64", "r14"), ("i64", "rbx"), ("i64", "r12")]
    at = offsets(function)
    overflow = leave(
        FrameState(at["BINARY_OP"], {"s": s, "i": i}, (iterator, s, i)),
        *registers,
        ("i64", "r13"),
        ("i64", "r14"),
        reason="overflow",
    )
    back = FrameState(at["JUMP_BACKWARD"], {"s": s, "i": i}, (iterator,))
    polled = [leave(back, *registers, kind=kind, reason="poll") for kind in ("raise", "resume")]
    return native(
        "{guards}"
        + unbox(0, "rcx")
        + unbox(1, "rdx")
        + "{save}"
        + f"""
        mov r12, rcx
        mov r13, rdx
        xor ebx, ebx
        xor r14d, r14d
        mov r15d, {INITIAL_FUEL}
        loop:
        cmp rbx, r12
        jge done
        mov r14, rbx
        inc rbx
        mov rax, r13
        add rax, r14
        jo x0
        mov r13, rax
        dec r15
        jne loop
        mov r15, {{poll}}
        call r15
        jne x1
        """
        + "".join(guard_text(guard, "x2") for guard in guards)
        + "jmp loop\ndone:\n mov rax, r13\n{restore}"
        + BOX,
        exits=[overflow, *polled],
        guards=guards,
        saved=("rbx", "r12", "r13", "r14", "r15"),
        **more,
    )


def offsets(function):
    """The last offset of each kind of instruction."""
    return {i.opname: i.offset for i in dis.get_instructions(function)}


def guards_of(function, *assumptions):
    return layout.guards(function, assumptions)
