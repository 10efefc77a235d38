"""Side exits as the runtime reads them: where each value of a FrameState is on leaving."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tracejit.ir.frame_state import Called, Exit, Stores
from tracejit.ir.shapes import Shape
from tracejit.ir.types import Type


@dataclass(frozen=True, slots=True)
class InRegister:
    """In a register, by its number: 0 rax ... 15 r15, 16 xmm0 ... 31 xmm15."""

    number: int


@dataclass(frozen=True, slots=True)
class InSlot:
    """In memory, at this offset in bytes from the frame base (rsp of the body)."""

    offset: int


@dataclass(frozen=True, slots=True)
class IsConstant:
    """Known at compile time: an integer, as a register holds it, 0 or 1 for a bool, or the bits
    of a float."""

    value: int


Location: TypeAlias = InRegister | InSlot | IsConstant


Kind: TypeAlias = Literal["resume", "raise", "return", "store"]


@dataclass(slots=True, eq=False)
class ExitRecord:
    """One way out of a version.

    `resume` and `raise` carry the `exit`, of which the outermost frame is the version's function if
    there is no `frame`; `return` carries the `shape` that is returned. `store` is none: it has what
    a poll stores. `values` are those of `exit.state.values()`, of the shape or of the stores, in
    that order, once registers are allocated.
    """

    kind: Kind
    exit: Exit | None = None
    shape: Shape | None = None
    values: list[tuple[Type, Location]] = field(default_factory=list)
    frame: Called | None = None
    stores: Stores = ()
