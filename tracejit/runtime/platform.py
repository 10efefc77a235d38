"""Whether there is machine code for this kind of process; asked before anything is loaded."""

from __future__ import annotations

import os
import sys


def unsupported() -> str | None:
    """Why there is none, or None."""
    version = sys.version_info[:2]
    if sys.implementation.name != "cpython" or not (3, 11) <= version <= (3, 13):
        return "needs CPython 3.11, 3.12 or 3.13"
    if not sys.platform.startswith("linux") or not _is_x86_64():
        return "needs Linux on x86-64"
    if "t" in sys.abiflags:
        return "needs a CPython with the GIL"
    return None


def _is_x86_64() -> bool:
    return os.uname().machine == "x86_64" and sys.maxsize == 2**63 - 1
