"""Assembly text to bytes, by Keystone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

_SEPARATOR: Final = b"0123456789abcdef"
"""Longer than any instruction, and no beginning of it is its end: found only where it was put."""


class AssemblyError(RuntimeError):
    """Keystone refused the text."""


@cache
def _keystone() -> Any:
    import keystone

    return keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64)


def assemble(text: str) -> bytes:
    """The code of the text. Raises AssemblyError."""
    import keystone

    try:
        code, _ = _keystone().asm(text, as_bytes=True)
    except keystone.KsError as error:
        raise AssemblyError(str(error)) from None
    if not code:
        raise AssemblyError("no code")
    return bytes(code)


def encode(instructions: Sequence[str]) -> list[bytes]:
    """The codes of instructions that name no label, each by itself. Raises AssemblyError."""
    between = f'\n.ascii "{_SEPARATOR.decode()}"\n'
    return assemble(between.join(instructions)).split(_SEPARATOR)
