"""FrameStates: what the interpreter needs to go on in the middle of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TypeAlias

from tracejit.ir.shapes import NULL, Const, Shape, map_values, readings, values_in
from tracejit.ir.types import U64, Type
from tracejit.ir.value import Value
from tracejit.ir.variables import Variable

Stores: TypeAlias = tuple[tuple[Variable, Shape], ...]


class FrameState:
    """The interpreter's frame just before the instruction at a bytecode offset (in bytes).

    `locals` holds the bound locals that can still be read; `stack` the operand stack, deepest
    first; `call`, for the frame of an inlined function, how it was called; `stores` what variables
    outside of the functions get before the interpreter goes on, as native code has not stored it
    yet. Passes mostly rename values, so the shapes of a renamed state are those of the original
    until somebody asks for its own.
    """

    __slots__ = ("_call", "_is_renamed", "_locals", "_stack", "_stores", "_values", "offset")

    def __init__(
        self,
        offset: int,
        locals: Mapping[str, Shape],
        stack: tuple[Shape, ...],
        call: Inlined | None = None,
        stores: Stores = (),
    ) -> None:
        self.offset = offset
        self._locals = locals
        self._stack = stack
        self._call = call
        self._stores = stores
        self._values: tuple[Value, ...] | None = None
        self._is_renamed = False
        """Whether the values in the shapes stand for those of `_values`."""

    @property
    def locals(self) -> Mapping[str, Shape]:
        self._rename_shapes()
        return self._locals

    @property
    def stack(self) -> tuple[Shape, ...]:
        self._rename_shapes()
        return self._stack

    @property
    def call(self) -> Inlined | None:
        self._rename_shapes()
        return self._call

    @property
    def stores(self) -> Stores:
        if self._stores:
            self._rename_shapes()
        return self._stores

    @property
    def outermost(self) -> FrameState:
        """The frame of the function that is compiled: this one, but for inlined functions'."""
        return self if self._call is None else self._call.caller.outermost

    def inlined_codes(self) -> list[CodeType | None]:
        """The code of each inlined function that has a frame, innermost first."""
        return [] if self._call is None else [self._call.code, *self._call.caller.inlined_codes()]

    def shapes(self) -> Iterator[Shape]:
        """Every shape of this frame, in the order in which a resume function takes their values."""
        yield from self.locals.values()
        yield from self.stack

    def values(self) -> tuple[Value, ...]:
        """Every value of the state, in the order in which a resume function takes them.

        Those of the callers' frames come after the callee's, and then those that are stored.
        """
        if self._values is None:
            found: list[Value] = []
            for shape in (*self._locals.values(), *self._stack):
                if type(shape) is Value:
                    found.append(shape)
                elif type(shape) is not Const and shape is not NULL:
                    found.extend(values_in(shape))
            if self._call is not None:
                found += self._call.caller.values()
            for _, shape in self._stores:
                found += values_in(shape)
            self._values = tuple(found)
        return self._values

    def types(self) -> list[Type]:
        """How each of `values()` is read."""
        pairs = zip(self.values(), self._readings(), strict=True)
        return [U64 if unsigned else value.type for value, unsigned in pairs]

    def _readings(self) -> list[bool]:
        found: list[bool] = []
        # Renaming changes no shape but in its values.
        for shape in (*self._locals.values(), *self._stack):
            if type(shape) is Value:
                found.append(False)
            elif type(shape) is not Const and shape is not NULL:
                found += readings(shape)
        if self._call is not None:
            found += self._call.caller._readings()
        for _, shape in self._stores:
            found += readings(shape)
        return found

    def map_values(self, replace: Callable[[Value], Shape]) -> FrameState:
        """The state with every value in it replaced."""
        call = self.call
        return FrameState(
            self.offset,
            {name: map_values(shape, replace) for name, shape in self.locals.items()},
            tuple(map_values(shape, replace) for shape in self.stack),
            call and Inlined(call.function, call.code, call.caller.map_values(replace)),
            tuple([(variable, map_values(shape, replace)) for variable, shape in self.stores]),
        )

    def storing(self, stores: Stores) -> FrameState:
        """The state with these stores instead of its own."""
        return FrameState(self.offset, self.locals, self.stack, self.call, stores)

    def renamed(self, names: Mapping[Value, Value]) -> FrameState:
        """A copy with the values in `names` replaced by what they map to."""
        state = FrameState(self.offset, self._locals, self._stack, self._call, self._stores)
        state._values = self.values()
        state.rename(names)
        return state

    def rename(self, names: Mapping[Value, Value]) -> None:
        """Replace the values in `names` by what they map to, in every exit with this state."""
        get = names.get
        self._values = tuple([get(value, value) for value in self.values()])
        self._is_renamed = True

    def _rename_shapes(self) -> None:
        if self._is_renamed:
            # Shapes are walked in the same order by `values` and by `map_values`.
            rest = iter(self.values())
            self._is_renamed = False
            own = self.map_values(lambda _: next(rest))
            self._locals, self._stack = own._locals, own._stack
            self._call, self._stores = own._call, own._stores


@dataclass(frozen=True, slots=True, eq=False)
class Inlined:
    """A call whose callee's code stands in the place of the call."""

    function: FunctionType
    code: CodeType | None
    """What the function's code was; None if read from text."""
    caller: FrameState
    """Where the caller goes on, once the result is on its stack: right behind the call."""


@dataclass(frozen=True, slots=True, eq=False)
class Called:
    """A function whose code is called natively, and what that was."""

    function: FunctionType
    code: CodeType


@dataclass(slots=True, eq=False)
class Exit:
    """A way out of native code: why, and the state in which the interpreter takes over."""

    reason: str
    """A short term without spaces, as statistics count it: `overflow`, `call:print`, ..."""
    state: FrameState
