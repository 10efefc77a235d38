"""Structures tell what is passed of an object, and their parts make it again."""

from __future__ import annotations

import pytest

from tracejit.ir.function import Function
from tracejit.ir.interpreter import evaluate
from tracejit.ir.shapes import NULL, Const, RangeIter, RangeOf, Shape, TupleIter, TupleOf, Unsigned
from tracejit.ir.structures import (
    Numbers,
    Structure,
    is_made_of_parts,
    is_passed,
    parts_of,
    shape_of,
    structure_of,
    types_of,
)
from tracejit.ir.types import BOOL, F64, I64, INT, OBJ, Exactly

FUNCTION = Function("f")
A, B, X, T, OTHER, W = (FUNCTION.new_value(type) for type in (INT, INT, F64, BOOL, OBJ, I64))
UP = Numbers(1, True)


class Pair(tuple[int, int]):
    pass


@pytest.mark.parametrize(
    ("shape", "structure"),
    [
        (A, int),
        (W, int),
        (X, float),
        (T, bool),
        (Const(2**70), int),
        (Const(None), type(None)),
        (Const("ab"), Exactly("ab")),
        (TupleOf((A, TupleOf((X, Const(True))), TupleOf(()))), (int, (float, bool), ())),
        (TupleOf((Const(len), A)), (Exactly(len), int)),
        (Const((1, 2.5, False)), (int, float, bool)),
        (RangeOf(A, B, Const(1), True), UP),
        (RangeOf(A, B, A, True), Numbers(None, True)),
    ],
)
def test_the_parts_of_a_shape_make_it_again(shape: Shape, structure: Structure) -> None:
    found = structure_of(shape)
    assert found == structure
    parts = parts_of(shape, structure)
    assert parts is not None
    known = {A: 3, B: 9, X: 0.5, T: True, W: -1}
    values = [part if not isinstance(part, Const) else FUNCTION.new_value(OBJ) for part in parts]
    given = known | {v: p.value for v, p in zip(values, parts, strict=True) if isinstance(p, Const)}
    assert len(types_of(structure)) == len(parts)
    assert is_passed(structure)
    made = shape_of(structure, iter(values))
    assert evaluate(made, given) == evaluate(shape, given)
    assert parts_of(Const(evaluate(shape, given)), structure) is not None


@pytest.mark.parametrize(
    "shape",
    [OTHER, TupleOf((A, OTHER)), NULL, Unsigned(W), TupleIter((A,)), RangeIter(A, B, A, True)],
)
def test_what_is_not_passed_has_no_structure(shape: Shape) -> None:
    assert structure_of(shape) is None


@pytest.mark.parametrize("value", [(1, 2, 3, 4, 5), (1, "a"), Pair((1, 2)), range(3)])
def test_other_objects_are_passed_as_they_are_known(value: object) -> None:
    assert structure_of(Const(value)) == Exactly(value)
    assert not is_made_of_parts((int, Exactly(value)))


@pytest.mark.parametrize(
    ("shape", "structure"),
    [
        (A, bool),
        (Const(True), int),
        (Const(0), type(None)),
        (Unsigned(W), int),
        (TupleOf((A,)), int),
        (A, (int,)),
        (TupleOf((A,)), (int, int)),
        (TupleOf((A, B)), (int, float)),
        (Const(Pair((1, 2))), (int, int)),
        (Const([1, 2]), (int, int)),
        (Const(min), Exactly(max)),
        (RangeOf(A, B, Const(1), True), Numbers(2, True)),
        (RangeOf(A, B, B, True), UP),
        (RangeOf(A, B, B, True), Numbers(None, False)),
        (RangeOf(A, Unsigned(W), Const(1), True), UP),
        (Const(range(3, 1, -1)), UP),
    ],
)
def test_a_shape_of_another_structure_has_no_parts(shape: Shape, structure: Structure) -> None:
    assert parts_of(shape, structure) is None
