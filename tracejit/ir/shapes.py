"""Shapes: how a Python object is made of IR values and constants without being allocated.

A shape stands wherever a whole Python object is meant: a local or a stack slot of a FrameState, the
operand of `ret`. It is allocated only when it escapes. Shapes are shared: none ever changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tracejit.ir.types import U64, Type
from tracejit.ir.value import Value


class Null:
    """The NULL that CPython pushes beside a callable."""

    def __repr__(self) -> str:
        return "NULL"


NULL = Null()


@dataclass(slots=True, eq=False)
class Const:
    """An object known at compile time."""

    value: object


@dataclass(slots=True, eq=False)
class Unsigned:
    """An `int`: the unsigned reading of an `i64`."""

    value: Value


@dataclass(slots=True, eq=False)
class TupleOf:
    """A tuple, as its items."""

    items: tuple[Shape, ...]


@dataclass(slots=True, eq=False)
class RangeOf:
    """A range object whose step is known to be positive (`ascending`) or negative."""

    start: Shape
    stop: Shape
    step: Shape
    ascending: bool


@dataclass(slots=True, eq=False)
class RangeIter:
    """An iterator over `range(next, stop, step)`."""

    next: Shape
    stop: Shape
    step: Shape
    ascending: bool


@dataclass(slots=True, eq=False)
class TupleIter:
    """An iterator over a tuple, as the items that are still to come."""

    items: tuple[Shape, ...]


@dataclass(slots=True, eq=False)
class ListOf:
    """A list to which nothing else refers, as its items."""

    items: tuple[Shape, ...]


Shape: TypeAlias = (
    Value | Null | Const | Unsigned | TupleOf | TupleIter | ListOf | RangeOf | RangeIter
)


def map_values(shape: Shape, replace: Callable[[Value], Shape]) -> Shape:
    """The shape with every value in it replaced."""
    match shape:
        case Null() | Const():
            return shape
        case Unsigned(value):
            replaced = replace(value)
            return Unsigned(replaced) if isinstance(replaced, Value) else replaced
        case TupleOf(items) | TupleIter(items) | ListOf(items):
            return type(shape)(tuple(map_values(item, replace) for item in items))
        case RangeOf(start, stop, step, ascending) | RangeIter(start, stop, step, ascending):
            first, last, by = (map_values(part, replace) for part in (start, stop, step))
            return type(shape)(first, last, by, ascending)
        case _:
            return replace(shape)


def values_in(shape: Shape) -> list[Value]:
    """The values in a shape, left to right."""
    match shape:
        case Value():
            return [shape]
        case RangeOf(start, stop, step, _) | RangeIter(start, stop, step, _):
            parts: tuple[Shape, ...] = (start, stop, step)
        case TupleOf(items) | TupleIter(items) | ListOf(items):
            parts = items
        case Unsigned(value):
            return [value]
        case _:
            return []
    found: list[Value] = []
    for part in parts:
        if type(part) is Value:
            found.append(part)
        elif type(part) is not Const:
            found += values_in(part)
    return found


def readings(shape: Shape) -> list[bool]:
    """For each of `values_in`, whether it is read as unsigned."""
    match shape:
        case Value():
            return [False]
        case Unsigned():
            return [True]
        case RangeOf(start, stop, step, _) | RangeIter(start, stop, step, _):
            return [reading for part in (start, stop, step) for reading in readings(part)]
        case TupleOf(items) | TupleIter(items) | ListOf(items):
            return [reading for item in items for reading in readings(item)]
    return []


def types_in(shape: Shape) -> list[Type]:
    """How each of `values_in` is read."""
    pairs = zip(values_in(shape), readings(shape), strict=True)
    return [U64 if unsigned else value.type for value, unsigned in pairs]
