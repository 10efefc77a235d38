"""Assembly text to bytes, by Keystone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

ENTRY: Final = 32
"""Where the emitter puts the entry; the epilogue, which is shorter, comes first."""


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
    """The code of `emit`'s text. Raises AssemblyError."""
    import keystone

    try:
        code, _ = _keystone().asm(text, as_bytes=True)
    except keystone.KsError as error:
        raise AssemblyError(str(error)) from None
    if not code:
        raise AssemblyError("no code")
    return MachineCode(code, ENTRY, 0)
