"""Structures: what native calls pass of an object, in the registers of its parts.

A structure is to a shape what a type is to a value. What is known of an object takes no register.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Final, TypeAlias

from tracejit.ir.shapes import Const, RangeOf, Shape, TupleOf, Unsigned
from tracejit.ir.types import BOOL, F64, INT, PYTHON_TYPES, Exactly, Kind, Type
from tracejit.ir.value import Value


@dataclass(frozen=True, slots=True)
class Numbers:
    """A range: its parts are the start, the stop, and the step unless that is known."""

    step: int | None
    ascending: bool


Structure: TypeAlias = Kind | Numbers | tuple["Structure", ...]
"""A kind; or of a tuple the structures of its items."""

MOST_PARTS: Final = 8
"""So many of all arguments of a call, and so many of its result, are passed."""
_TYPES: Final[dict[object, Type]] = {int: INT, bool: BOOL, float: F64}
_MOST_KNOWN: Final = 4
"""Items of a tuple that is known which are passed all the same, as if they were not."""


def types_of(structure: Structure) -> list[Type]:
    """The types of the parts."""
    match structure:
        case tuple(items):
            return [type for item in items for type in types_of(item)]
        case Numbers(step):
            return [INT, INT] if step is not None else [INT, INT, INT]
    return [_TYPES[structure]] if structure in _TYPES else []


def structure_of(shape: Shape) -> Structure | None:
    """The structure of the shape; None if that cannot be passed."""
    match shape:
        case Value():
            return PYTHON_TYPES.get(shape.type)
        case Const(value):
            return _structure_of_constant(value)
        case TupleOf(items):
            return _of_items(items)
        case RangeOf(_, _, step, ascending):
            return Numbers(step.value if isinstance(step, Const) else None, ascending)  # type: ignore[arg-type]  # an int
    return None


def _structure_of_constant(value: object) -> Structure:
    if type(value) in (*_TYPES, NoneType):
        return type(value)
    if type(value) is tuple and len(value) <= _MOST_KNOWN:
        items = tuple([_structure_of_constant(item) for item in value])
        if all(item in _TYPES for item in items):
            return items
    return Exactly(value)


def _of_items(items: Sequence[Shape]) -> Structure | None:
    found: list[Structure] = []
    for item in items:
        structure = structure_of(item)
        if structure is None:
            return None
        found.append(structure)
    return tuple(found)


def is_made_of_parts(structure: Structure) -> bool:
    """Whether nothing of an object but its parts has to be known."""
    if isinstance(structure, tuple):
        return all(map(is_made_of_parts, structure))
    return structure is NoneType or structure in _TYPES or isinstance(structure, Numbers)


def is_passed(structure: Structure) -> bool:
    """Whether native calls have a way to pass an argument of that structure."""
    if isinstance(structure, tuple):
        return all(map(is_passed, structure))
    return isinstance(structure, Exactly) or is_made_of_parts(structure)


def shape_of(structure: Structure, parts: Iterator[Value]) -> Shape:
    """An object with that structure, of the next parts."""
    match structure:
        case tuple(items):
            return TupleOf(tuple([shape_of(item, parts) for item in items]))
        case Numbers(step, ascending):
            start, stop = next(parts), next(parts)
            return RangeOf(start, stop, next(parts) if step is None else Const(step), ascending)
        case Exactly():
            return Const(structure.value)
    return Const(None) if structure is NoneType else next(parts)


def parts_of(shape: Shape, structure: Structure) -> list[Value | Const] | None:
    """The parts of the shape, if it has that structure."""
    match structure:
        case tuple():
            return _parts_of_items(shape, structure)
        case Numbers():
            return _parts_of_range(shape, structure)
        case Exactly():
            known = isinstance(shape, Const) and shape.value is structure.value
            return [] if known else None
    if isinstance(shape, Const) and type(shape.value) is structure:
        return [] if structure is NoneType else [shape]
    is_part = isinstance(shape, Value) and PYTHON_TYPES.get(shape.type) is structure
    return [shape] if is_part else None  # type: ignore[list-item]  # a value


def _parts_of_items(shape: Shape, structures: tuple[Structure, ...]) -> list[Value | Const] | None:
    match shape:
        case TupleOf(items):
            pass
        case Const(value) if type(value) is tuple:
            items = tuple([Const(item) for item in value])
        case _:
            return None
    if len(items) != len(structures):
        return None
    found: list[Value | Const] = []
    for item, structure in zip(items, structures, strict=True):
        parts = parts_of(item, structure)
        if parts is None:
            return None
        found += parts
    return found


def _parts_of_range(shape: Shape, structure: Numbers) -> list[Value | Const] | None:
    if isinstance(shape, Const) and type(shape.value) is range:
        made = shape.value
        start, stop, step = Const(made.start), Const(made.stop), Const(made.step)
        shape = RangeOf(start, stop, step, made.step > 0)
    if not isinstance(shape, RangeOf) or shape.ascending is not structure.ascending:
        return None
    parts = [shape.start, shape.stop]
    if structure.step is None:
        parts.append(shape.step)
    elif not isinstance(shape.step, Const) or shape.step.value != structure.step:
        return None
    return None if any(isinstance(part, Unsigned) for part in parts) else parts  # type: ignore[return-value]
