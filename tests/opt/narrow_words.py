"""Compiles as if registers had 8 bits, so that what narrow decides can be checked exhaustively.

The same code runs: only the constants that say how wide a register is are others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import tracejit.opt.pipeline  # noqa: F401  # loads all that has such constants
from tracejit.ir import types


@contextmanager
def registers_of(bits: int) -> Iterator[None]:
    """Let a register have so many bits, in the IR and in the optimiser."""
    least, most, every = -(1 << bits - 1), (1 << bits - 1) - 1, (1 << bits) - 1
    constants: dict[str, object] = {
        "WORD": bits,
        "I64_MIN": least,
        "I64_MAX": most,
        "U64_MAX": every,
        "I64_RANGE": (least, most),
        "U64_RANGE": (0, every),
        "_FAR": bits,
        "_ANYTHING": (-(1 << 3 * bits), 1 << 3 * bits),
    }
    rooms = ("tracejit.ir", "tracejit.opt")
    patches = [
        patch.object(module, name, value)
        for path, module in list(sys.modules.items())
        if path.startswith(rooms)
        for name, value in constants.items()
        if hasattr(module, name)
    ]
    for each in patches:
        each.start()
    try:
        assert types.fits_i64(most)
        assert not types.fits_i64(most + 1)
        yield
    finally:
        for each in patches:
            each.stop()
