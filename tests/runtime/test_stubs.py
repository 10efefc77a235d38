"""The shared stubs, each on its own."""

import ctypes
import math
import sys

import pytest

from tracejit.backend.assembler import assemble
from tracejit.runtime import code_memory, stubs
from tracejit.runtime.stubs import head, poll


def test_the_bytes_of_the_head_are_its_text_assembled():
    assert assemble(head.HEAD_TEXT) == head.HEAD


def test_the_bytes_of_the_dispatch_stub_are_its_text_assembled():
    assert assemble(head.DISPATCH_TEXT) == head.DISPATCH_CODE


def test_the_head_is_made_for_its_words():
    words = 0x7FFF12345678
    code = head.head(words)
    text = head.HEAD_TEXT.replace("0x1122334455667788", hex(words))
    assert code == assemble(text)
    assert code[head.MISS : head.MISS + 2] == b"\x49\xbb"


def run(text):
    """The result of a function without arguments in assembly."""
    block = code_memory.install(assemble(text))
    return ctypes.PYFUNCTYPE(ctypes.c_int64)(block.address)()


EDGES = [0, 1, -1, 2**30 - 1, 2**30, -(2**30), 2**60 - 1, 2**60, -(2**60), 2**62, 2**63 - 1]
WIDE = [2**63, -(2**63) - 1, 2**64, -(2**64), 2**90, 10**40, -(2**63) - 2**30, -(2**63) - 2**60]


@pytest.mark.parametrize("number", [*EDGES, -(2**63 - 1), -(2**63), -(2**62), 7, -7, *WIDE])
@pytest.mark.parametrize("pushes", [0, 1])
def test_unbox_wide(number, pushes):
    kept = ["r8", "r9", "r10", "rcx", "rdx", "rsi", "rdi"]
    text = f"""
    {"push rbx" if pushes else ""}
    {"".join(f"mov {register}, {index + 3}; " for index, register in enumerate(kept))}
    mov rax, {id(number):#x}
    mov r11, {stubs.target().unbox_wide:#x}
    call r11
    setc r11b
    {"".join(f"cmp {register}, {index + 3}; jne bad; " for index, register in enumerate(kept))}
    test r11b, r11b
    je done
    mov rax, 0x5555555555555555
    jmp done
bad: mov eax, 666
done: {"pop rbx" if pushes else ""}
    ret
"""
    assert run(text) == (number if number not in WIDE else 0x5555555555555555)


@pytest.mark.parametrize("number", [*EDGES, *WIDE, 2**64 - 1, 2**63 + 2**30 + 7, 2**64 - 2**59])
def test_unbox_unsigned(number):
    kept = ["r8", "r9", "r10", "rcx", "rdx", "rsi", "rdi"]
    text = f"""
    {"".join(f"mov {register}, {index + 3}; " for index, register in enumerate(kept))}
    mov rax, {id(number):#x}
    mov r11, {stubs.target().unbox_unsigned:#x}
    call r11
    setc r11b
    {"".join(f"cmp {register}, {index + 3}; jne bad; " for index, register in enumerate(kept))}
    test r11b, r11b
    je done
    mov rax, 0x5555555555555555
    jmp done
bad: mov eax, 666
done: ret
"""
    fits = 2**63 <= number < 2**64
    assert run(text) % 2**64 == (number if fits else 0x5555555555555555)


@pytest.mark.parametrize("wanted", ["rax", "rdx"])
@pytest.mark.parametrize("y", [number for number in EDGES if number] + [7, -7, 3, -(2**63)])
def test_floor_divide(wanted, y):
    kept = ["r8", "r9", "r10", "rcx", "rsi", "rdi"]
    for x in [*EDGES, -(2**63), 7, -7, 6, -6]:
        text = f"""
    {"".join(f"mov {register}, {index + 3}; " for index, register in enumerate(kept))}
    mov r11, rsp
    mov rax, {y}
    push rax
    mov rax, {x}
    mov rdx, {stubs.target().floor_divide:#x}
    call rdx
    jo over
    {"".join(f"cmp {register}, {index + 3}; jne bad; " for index, register in enumerate(kept))}
    cmp rsp, r11
    jne bad
    mov rax, {wanted}
    ret
over: mov rax, 0x5555555555555555
    ret
bad: mov eax, 666
    ret
"""
        overflows = (x, y) == (-(2**63), -1)
        expected = 0x5555555555555555 if overflows else x // y if wanted == "rax" else x % y
        assert run(text) == expected, (x, y)


@pytest.mark.parametrize("pushes", [0, 1, 2])
def test_poll_keeps_every_register_but_the_fuel(pushes):
    callee_saved = ["rbx", "r12", "r13", "r14", "rbp"]
    general = ["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", *callee_saved]
    saved = [*callee_saved, "r15"]
    vectors = [(f"xmm{n}", general[n % 9], n % 9 + 100) for n in range(16)]
    lines = [f"push {register}" for register in saved]
    lines += ["push rax"] * pushes
    lines += [f"mov {register}, {n}" for n, register in enumerate(general, 100)]
    lines += [f"movq {vector}, {register}" for vector, register, _ in vectors]
    lines += [f"mov r15, {stubs.target().poll:#x}", "call r15", "jne bad"]
    for n, register in enumerate(general, 100):
        lines += [f"cmp {register}, {n}", "jne bad"]
    for vector, _, n in vectors:
        lines += [f"movq rax, {vector}", f"cmp rax, {n}", "jne bad"]
    lines += ["mov rax, r15", "jmp done", "bad: mov eax, -1", f"done: add rsp, {8 * pushes}"]
    lines += [f"pop {register}" for register in reversed(saved)]
    assert run("\n".join([*lines, "ret"])) == poll.INITIAL_FUEL


def test_polls_become_about_a_millisecond_apart():
    text = f"""
    push rbx
    push r15
    push r14
    mov r14d, 40
again:
    mov r15, {stubs.target().poll:#x}
    call r15
    mov rbx, r15
spin:
    dec rbx
    jne spin
    dec r14
    jne again
    mov rax, r15
    pop r14
    pop r15
    pop rbx
    ret
"""
    assert 100_000 <= run(text) <= 20_000_000


@pytest.mark.parametrize("name", ["gamma", "lgamma"])
def test_functions_of_math_on_unboxed_floats(name):
    compute = ctypes.PYFUNCTYPE(ctypes.c_double, ctypes.c_double)(stubs.target().call_math(name))
    for x in [0.5, 1.0, 4.0, -0.5, 171.0, 1e-300, math.inf]:
        assert compute(x) == getattr(math, name)(x)
    assert all(math.isnan(compute(x)) for x in (0.0, -3.0, math.nan))
    before = sys.getallocatedblocks()
    for _ in range(1000):
        compute(2.5), compute(-3.0)  # The second one raises.
    assert sys.getallocatedblocks() < before + 100
