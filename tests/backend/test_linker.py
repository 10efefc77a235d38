"""Linking: the same code as Keystone makes of the whole text."""

import random

import pytest

from tests.backend.native import ENTRY, compiled
from tests.backend.random_ir import random_function
from tracejit.backend import linker
from tracejit.backend.assembler import AssemblyError, assemble
from tracejit.backend.linker import MachineCode, link

HEAD = ["epilogue:", "ret", ".p2align 5", "entry:"]
INSTRUCTIONS = (
    "ret",
    "mov rax, rbx",
    "movabs r9, 9223372036854775808",
    "movabs rbx, 1",
    "mov qword ptr [rsp + 8], -5",
    "lea rax, [r8 + r9*4 - 129]",
    "call rdx",
    "jmp qword ptr [rax]",
    "jmp r15",
)
JUMPS = ("jmp", "call", "je", "jno", "jl", "ja", "js", "jbe")


def keystone(lines: list[str]) -> bytes:
    return assemble("\n".join(lines))


@pytest.mark.parametrize("seed", range(20))
def test_random_lines_become_what_keystone_makes_of_them(seed: int) -> None:
    chooser = random.Random(seed)
    labels = [f"l{number}" for number in range(12)]
    lines: list[str] = []
    for label in labels:
        lines.append(f"{label}:")
        lines += chooser.choices(INSTRUCTIONS, k=chooser.randrange(12))
        lines += [f"{chooser.choice(JUMPS)} {chooser.choice(labels)}" for _ in range(4)]
    assert link([*HEAD, *lines]).code == keystone([*HEAD, *lines])


@pytest.mark.parametrize("between", range(120, 136))
def test_jumps_are_short_as_long_as_they_reach(between: int) -> None:
    body = ["jmp below", "above:", *["ret"] * between, "below:", "jne above"]
    assert link([*HEAD, *body]).code == keystone([*HEAD, *body])


@pytest.mark.parametrize("size", range(33))
def test_alignment_is_filled_as_keystone_fills_it(size: int) -> None:
    lines = [*HEAD, *["ret"] * size, ".p2align 5", "b1:", "je b1"]
    assert link(lines).code == keystone(lines)


@pytest.mark.parametrize("seed", range(10))
def test_functions_become_what_keystone_makes_of_them(seed: int) -> None:
    native = compiled(random_function(seed))
    assert native.code == MachineCode(assemble(native.text), ENTRY, 0)


def test_what_is_known_of_lines_is_forgotten_when_it_is_too_much(monkeypatch) -> None:
    monkeypatch.setattr(linker, "_MOST_LINES", 8)
    monkeypatch.setattr(linker, "_known", [{}])
    for number in range(20):
        lines = [*HEAD, f"mov eax, {number}", "ret"]
        assert link(lines).code == keystone(lines)
        assert len(linker._known[0]) <= 16


def test_what_keystone_refuses_is_an_error_and_is_not_known_afterwards() -> None:
    for _ in range(2):
        with pytest.raises(AssemblyError):
            link([*HEAD, "mov rax, rbxx"])
