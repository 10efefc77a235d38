"""Compiles as if registers had 8 bits, so that what narrow decides can be checked exhaustively.

The same code runs: only the constants that say how wide a register is are others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import tracejit.opt.pipeline  # noqa: F401  # loads all that has such constants
from tracejit.ir import types


def constants_of(bits: int) -> dict[str, object]:
    """What modules name that is as it is because a register has so many bits."""
    least, most, every = -(1 << bits - 1), (1 << bits - 1) - 1, (1 << bits) - 1
    return {
        "WORD": bits,
        "I64_MIN": least,
        "I64_MAX": most,
        "U64_MAX": every,
        "I64_RANGE": (least, most),
        "U64_RANGE": (0, every),
        "_FAR": bits,
        "_ANYTHING": (-(1 << 3 * bits), 1 << 3 * bits),
    }


NAMESPACES = [
    vars(module)
    for path, module in list(sys.modules.items())
    if path.startswith(("tracejit.ir", "tracejit.opt"))
]
PLACES = [(names, name) for names in NAMESPACES for name in constants_of(64) if name in names]


@contextmanager
def registers_of(bits: int) -> Iterator[None]:
    """Let a register have so many bits, in the IR and in the optimiser."""
    before = [names[name] for names, name in PLACES]
    constants = constants_of(bits)
    for names, name in PLACES:
        names[name] = constants[name]
    try:
        assert types.fits_i64((1 << bits - 1) - 1)
        assert not types.fits_i64(1 << bits - 1)
        yield
    finally:
        for (names, name), value in zip(PLACES, before, strict=True):
            names[name] = value
