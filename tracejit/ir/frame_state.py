"""FrameStates: what the interpreter needs to go on in the middle of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tracejit.ir.shapes import Shape, map_values, values_in
from tracejit.ir.value import Value


@dataclass(frozen=True, slots=True, eq=False)
class FrameState:
    """The interpreter's frame just before the instruction at a bytecode offset (in bytes).

    `locals` holds the bound locals that can still be read; `stack` the operands, deepest first.
    """

    offset: int
    locals: Mapping[str, Shape]
    stack: tuple[Shape, ...]
    _values: tuple[Value, ...] | None = field(default=None, init=False, repr=False)

    def shapes(self) -> Iterator[Shape]:
        """Every shape of the state, in the order in which a resume function takes their values."""
        yield from self.locals.values()
        yield from self.stack

    def values(self) -> tuple[Value, ...]:
        """Every value of the state, in the order in which a resume function takes them."""
        if self._values is None:
            # Every pass asks for this; the walk is worth doing once.
            found = tuple(value for shape in self.shapes() for value in values_in(shape))
            object.__setattr__(self, "_values", found)
        return self._values  # type: ignore[return-value]  # set just above

    def map_values(self, replace: Callable[[Value], Shape]) -> FrameState:
        """The state with every value in it replaced."""
        return FrameState(
            self.offset,
            {name: map_values(shape, replace) for name, shape in self.locals.items()},
            tuple(map_values(shape, replace) for shape in self.stack),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Exit:
    """A way out of native code: why, and the state in which the interpreter takes over."""

    reason: str
    """A short term without spaces, as statistics count it: `overflow`, `call:print`, ..."""
    state: FrameState
