"""Assembly text to bytes, by Keystone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

ENTRY: Final = 32
"""Where the emitter puts the entry; the epilogue, which is shorter, comes first."""
_SEPARATOR: Final = b"0123456789abcdef"
"""Longer than any instruction, and no beginning of it is its end: found only where it was put."""


@dataclass(frozen=True, slots=True)
class MachineCode:
    """Position-independent code, to be placed at a multiple of 32."""

    code: bytes
    entry: int
    """The offset of the entry."""
    epilogue: int
    """The offset of what leaves the frame, with the result in rax."""


class AssemblyError(RuntimeError):
    """Keystone refused the text."""


@cache
def _keystone() -> Any:
    import keystone

    return keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64)


def assemble(text: str) -> MachineCode:
    """The code of any text. Raises AssemblyError."""
    return MachineCode(_code_of(text), ENTRY, 0)


def encode(instructions: Sequence[str]) -> list[bytes]:
    """The codes of instructions that name no label, each by itself. Raises AssemblyError."""
    between = f'\n.ascii "{_SEPARATOR.decode()}"\n'
    return _code_of(between.join(instructions)).split(_SEPARATOR)


def _code_of(text: str) -> bytes:
    import keystone

    try:
        code, _ = _keystone().asm(text, as_bytes=True)
    except keystone.KsError as error:
        raise AssemblyError(str(error)) from None
    if not code:
        raise AssemblyError("no code")
    return bytes(code)
