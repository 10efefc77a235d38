"""SSA values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracejit.ir.types import Type

if TYPE_CHECKING:
    from tracejit.ir.function import Block, Inst


@dataclass(slots=True, eq=False)
class Value:
    """An SSA value: the result of an instruction or a parameter of a block."""

    id: int
    type: Type
    origin: Inst | Block | None = None
    """The instruction or block that defines it."""

    def __repr__(self) -> str:
        return f"v{self.id}"
