"""Side exits as data for the `deopt` stub: how to box what a FrameState or a returned shape names.

A descriptor is a row of 8-byte words: the kind, room for so many objects, then steps of two words,
in postfix order: each pushes an object made from its operand, or builds a tuple or a range of the
last ones, or gives the last one to a variable.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from tracejit.backend.exits import ExitRecord, InRegister, InSlot, Location
from tracejit.backend.target import Address
from tracejit.backend.x64 import FIRST_XMM
from tracejit.ir.shapes import Const, RangeOf, Shape, TupleOf, Unsigned, values_in
from tracejit.ir.types import BOOL, F64, I64, OBJ, OWNED, U64, U64_MAX, Type
from tracejit.ir.value import Value
from tracejit.ir.variables import Variable
from tracejit.runtime.stubs.deopt import (
    ASSIGN,
    BOX_BOOL,
    BOX_CONSTANT,
    BOX_FLOAT,
    BOX_FLOAT_CONSTANT,
    BOX_INT,
    BOX_UNSIGNED,
    BOX_UNSIGNED_CONSTANT,
    BUILD_RANGE,
    BUILD_TUPLE,
    DONE,
    FLOATS,
    FRAME_BASE,
    RAISE,
    RESUME,
    RETURN,
    STORE,
    TAKE_CONSTANT,
    TAKE_OBJECT,
    TAKE_OWNED,
)

Step: TypeAlias = tuple[int, int]
_BOXES: Final[dict[Type, int]] = {
    BOOL: BOX_BOOL,
    OBJ: TAKE_OBJECT,
    OWNED: TAKE_OWNED,
    I64: BOX_INT,
    U64: BOX_UNSIGNED,
    F64: BOX_FLOAT,
}
_CONSTANTS: Final[dict[Type, int]] = {
    I64: BOX_CONSTANT,
    U64: BOX_UNSIGNED_CONSTANT,
    F64: BOX_FLOAT_CONSTANT,
}
_KINDS = {"resume": RESUME, "raise": RAISE, "return": RETURN, "store": STORE}


def encode(record: ExitRecord, variables: Mapping[Variable, Address]) -> bytes:
    """The descriptor of an exit. Good while the constants in its shapes live, and the variables."""
    if record.kind == "return":
        assert record.shape is not None
        steps = list(_build(record.shape, iter(record.values)))
    else:
        stored = sum([len(values_in(shape)) for _, shape in record.stores])
        passed = len(record.values) - stored
        steps = [_box(type, location) for type, location in record.values[:passed]]
        rest = iter(record.values[passed:])
        for variable, shape in record.stores:
            steps += [*_build(shape, rest), (ASSIGN, variables[variable].words)]
    words = [_KINDS[record.kind], len(steps) + 1]
    for step in (*steps, (DONE, 0)):
        words += step
    return struct.pack(f"<{len(words)}Q", *[word & U64_MAX for word in words])


def _build(shape: Shape, values: Iterator[tuple[Type, Location]]) -> Iterator[Step]:
    match shape:
        case Value() | Unsigned():
            yield _box(*next(values))
        case Const(value):
            yield TAKE_CONSTANT, id(value)
        case TupleOf(items):
            for item in items:
                yield from _build(item, values)
            yield BUILD_TUPLE, len(items)
        case RangeOf(start, stop, step, _):
            for part in (start, stop, step):
                yield from _build(part, values)
            yield BUILD_RANGE, 0
        case _:
            raise AssertionError(f"{type(shape).__name__} is never returned")


def _box(type: Type, location: Location) -> Step:
    if isinstance(location, InRegister):
        number = location.number
        operand = 8 * number if number < FIRST_XMM else FLOATS + 8 * (number - FIRST_XMM)
    elif isinstance(location, InSlot):
        operand = FRAME_BASE + location.offset
    elif type == BOOL:
        return TAKE_CONSTANT, id(bool(location.value))
    else:
        return _CONSTANTS[type], location.value
    return _BOXES[type], operand
