"""Shapes and FrameStates list and replace the values in them."""

from __future__ import annotations

from tests.ir.random_ir import called_function
from tracejit.ir.frame_state import FrameState, Inlined
from tracejit.ir.function import Function
from tracejit.ir.interpreter import evaluate
from tracejit.ir.shapes import (
    NULL,
    Const,
    RangeIter,
    RangeOf,
    TupleOf,
    Unsigned,
    map_values,
    values_in,
)

FUNCTION = Function("f")
A, B, C = (FUNCTION.new_value("int") for _ in range(3))


def test_values_come_left_to_right_with_repetitions() -> None:
    shape = TupleOf((A, RangeIter(B, A, Const(1), True), NULL, TupleOf((C, A))))
    assert list(values_in(shape)) == [A, B, A, C, A]


def test_replacing_reaches_every_value_and_keeps_the_rest() -> None:
    shape = TupleOf((A, RangeOf(A, B, Const(-1), False), RangeIter(A, B, Const(2), True), NULL))
    replaced = map_values(shape, lambda value: Const({A: 10, B: 3}[value]))
    found = evaluate(replaced, {})
    assert isinstance(found, tuple)
    assert found[:2] == (10, range(10, 3, -1))
    assert found[2].__reduce__()[1] == (range(10, 3, 2),) or list(found[2]) == []
    assert found[3] is NULL


def test_a_state_lists_locals_before_the_stack() -> None:
    state = FrameState(4, {"x": B, "y": TupleOf((A, C))}, (C, Const(1), A))
    assert list(state.values()) == [B, A, C, C, A]
    assert list(state.map_values(lambda value: A).values()) == [A] * 5


def test_a_state_of_an_inlined_function_has_its_callers_values_behind_its_own() -> None:
    caller = FrameState(8, {"x": A}, (Unsigned(C),))
    state = FrameState(4, {"y": B}, (C,), Inlined(called_function, None, caller))
    assert state.values() == (B, C, A, C)
    assert state.types() == ["int", "int", "int", "u64"]
    assert state.outermost is caller
    mapped = state.map_values(lambda value: A if value is C else value)
    renamed = state.renamed({C: A})
    for other in (mapped, renamed):
        assert other.values() == (B, A, A, A)
        assert other.call is not None
        assert other.call.caller.stack[0].value is A  # type: ignore[union-attr]
    assert caller.values() == (A, C)


def test_evaluating_keeps_exact_types() -> None:
    found = evaluate(TupleOf((A, B, Const(None))), {A: True, B: 1, C: 0})
    assert repr(found) == "(True, 1, None)"
