"""Variables outside of the function, which compiled code assigns: globals, and closures' cells."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from types import CellType
from typing import Final

from tracejit.ir.types import BOOL, F64, INT, Type

ABSENT: Final = object()
"""What a name that is not bound stands for."""
CONTENTS: Final[dict[type, Type | None]] = {int: INT, bool: BOOL, float: F64, type(None): None}
"""The types of what compiled code puts into variables and takes out of them.

An object of such a type runs no code when it comes to its end.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """One of them. Who asks twice for the same one gets the same object: see `Program`."""

    name: str
    holder: dict[str, object] | CellType
    is_unsigned: bool = False
    """Whether what assigns it masks words, as far as constants tell: it may get unsigned ones."""

    @property
    def content(self) -> object:
        """What is in it now; ABSENT if it is not bound."""
        if isinstance(self.holder, dict):
            return self.holder.get(self.name, ABSENT)
        try:
            return self.holder.cell_contents
        except ValueError:
            return ABSENT

    @property
    def kind(self) -> str:
        return "global" if isinstance(self.holder, dict) else "cell"


def key_of(holder: object, name: str) -> Hashable:
    """What tells variables apart: functions have different names for one cell."""
    return id(holder), None if isinstance(holder, CellType) else name
