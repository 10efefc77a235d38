"""The C library's mathematics: the very functions that CPython's own code calls."""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final


class _Addresses(dict[str, int]):
    """Found when they are asked for."""

    def __missing__(self, name: str) -> int:
        # CPython itself is linked with the library, so its functions are in the global scope.
        address = ctypes.cast(getattr(ctypes.CDLL(None), name), ctypes.c_void_p).value
        assert address is not None
        self[name] = address
        return address


FUNCTIONS: Final[Mapping[str, int]] = _Addresses()
"""The functions' addresses, by name."""
