"""Which versions are made for which arguments, and in which order they are tried."""

from __future__ import annotations

from types import FunctionType

import pytest

from tests.eager import eager
from tests.staying import native
from tracejit import explain, stats, tracejit
from tracejit.decorator import state_of
from tracejit.ir.types import DIGIT_MAX, Digit, SignedDigit, UInt64
from tracejit.runtime.dispatcher import State

SMALL, LARGE = DIGIT_MAX, DIGIT_MAX + 1


def multiply_add(a, b, c):
    return a * b + c


@pytest.fixture
def function() -> FunctionType:
    return tracejit(FunctionType(multiply_add.__code__.replace(), {}, "f"))


@pytest.fixture
def total() -> FunctionType:
    @tracejit
    def total(t):
        return t[0] + len(t)

    return total


def signatures(function: FunctionType) -> list[tuple[type, ...]]:
    state = state_of(function)
    assert isinstance(state, State)
    return list(state.versions)


def refusals(function: FunctionType) -> list[tuple[type, ...]]:
    state = state_of(function)
    assert isinstance(state, State)
    return list(state.refusals)


@pytest.mark.parametrize("number", [0, 1, DIGIT_MAX])
def test_integers_of_one_digit_get_a_version_of_their_own(function, number):
    assert function(number, 3, 4) == 3 * number + 4
    assert signatures(function) == [(Digit, Digit, Digit)]


@pytest.mark.parametrize("number", [-1, -DIGIT_MAX])
def test_so_do_negative_ones(function, number):
    for same in (number, -number, 0):
        assert function(same, 3, 4) == 3 * same + 4
    assert signatures(function) == [(SignedDigit, Digit, Digit)]
    assert function(number, number, 4) == number**2 + 4
    assert signatures(function) == [(SignedDigit, Digit, Digit), (int,) * 3]


@pytest.mark.parametrize("number", [LARGE, -LARGE, 2**63 - 1, -(2**63)])
def test_longer_ones_do_not(function, number):
    assert function(1, 2, number) == number + 2
    assert signatures(function) == [(Digit, Digit, int)]


def test_what_the_first_version_turns_away_the_second_takes_in_all_places(function):
    later = [(LARGE, 2, 3), (1, -LARGE, 3), (1, 2, LARGE), (-1, 2, 3), (LARGE,) * 3]
    for a, b, c in [(1, 2, 3), *later] * 3:
        assert function(a, b, c) == a * b + c
    assert signatures(function) == [(Digit,) * 3, (int,) * 3]
    assert stats(function).misses == 0


def test_integers_of_any_length_take_short_ones_too(function):
    for a, b, c in [(LARGE, LARGE, LARGE), (1, 2, 3), (1, LARGE, 3)] * 3:
        assert function(a, b, c) == a * b + c
    assert signatures(function) == [(int,) * 3]


def test_a_mixture_comes_first_and_all_others_after_it(function):
    for a, b, c in [(LARGE, 2, 3), (1, 2, 3), (1, LARGE, 3), (LARGE, LARGE, 3), (1, 2, LARGE)] * 3:
        assert function(a, b, c) == a * b + c
    assert signatures(function) == [(int, Digit, Digit), (int,) * 3]


def test_other_types_have_versions_of_their_own(function):
    for a, b, c in [(1, 2, 3), (1, 2, True), (2**63, 1, 0), (1, LARGE, False), (1, 2, 3)]:
        assert function(a, b, c) == a * b + c
    assert signatures(function) == [
        (Digit,) * 3,
        (Digit, Digit, bool),
        (UInt64, Digit, Digit),
        (int, int, bool),
    ]


def test_what_no_register_holds_is_left_to_the_interpreter(function):
    for a in (1, 2**64, -(2**63) - 1, LARGE, 2**64):
        assert function(a, 2, 3) == 2 * a + 3
    assert signatures(function) == [(Digit,) * 3, (int,) * 3]
    assert stats(function).misses == 3


class Number(int):
    pass


def test_bools_and_subclasses_are_not_taken_for_digits(function):
    assert function(3, 4, 5) == 17
    for stranger in (True, Number(3), 3.0):
        assert function(stranger, 4, 5) == stranger * 4 + 5
        assert type(function(stranger, 4, 5)) is type(stranger * 4 + 5)
    assert (Digit,) * 3 in signatures(function)


def test_eight_combinations_of_types_have_versions_of_both_kinds(function):
    for size in (1, LARGE):
        for flags in range(8):
            args = [bool(flags >> at & 1) if flags >> at & 1 else size for at in range(3)]
            assert function(*args) == args[0] * args[1] + args[2]
    assert len(signatures(function)) == 15
    function(2**63, 1, 1)
    assert len(signatures(function)) == 15


def test_a_refusal_for_digits_does_not_refuse_longer_integers():
    def root(n):
        if n < 2**40:
            raise ValueError("small")
        return n >> 20

    function = tracejit(root)
    for _ in range(3):
        with pytest.raises(ValueError, match="small"):
            function(5)
        assert function(2**41) == 2**21
    assert signatures(function) == [(int,)]
    state = state_of(function)
    assert isinstance(state, State)
    assert list(state.refusals) == [(Digit,)]


def test_what_a_refusal_covers_is_not_tried_again():
    function = tracejit(FunctionType((lambda n: f"{n}").__code__, {}, "f"))
    for number in (LARGE, 1, -LARGE):
        assert function(number) == str(number)
    state = state_of(function)
    assert isinstance(state, State)
    assert list(state.refusals) == [(int,)]


def test_a_changed_global_renews_both_versions():
    names = {"STEP": 3}
    exec("def f(n):\n    return n + STEP\n", names)
    function = tracejit(names["f"])
    for step in (3, 5):
        names["STEP"] = step
        for number in (1, LARGE):
            assert function(number) == number + step
    assert signatures(function) == [(Digit,), (int,)]
    assert stats(function).versions == 4


def test_resume_functions_are_made_for_integers_of_any_length():
    def total(n, big):
        result = 0
        for i in range(n):
            result = big * big * big + i
        return result

    function = tracejit(total)
    with eager():
        for _ in range(6):
            assert function(3, SMALL) == SMALL**3 + 2
    state = state_of(function)
    assert isinstance(state, State)
    kinds = {
        kind
        for version in state.versions.values()
        for child in version.children.values()
        if child is not None
        for signature in (*child.versions, *child.refusals)
        for kind in signature
    }
    assert int in kinds
    assert Digit not in kinds
    assert SignedDigit not in kinds


def test_explain_names_the_kinds_of_integers(function):
    function(1, -2, LARGE)
    function(2**63, True, 3)
    text = explain(function)
    assert "multiply_add(0 <= int < 2**30, -2**30 < int < 2**30, int): " in text
    assert "multiply_add(2**63 <= int < 2**64, bool, 0 <= int < 2**30): " in text


def test_tuples_have_versions_by_their_items(total):
    assert total((1, 2.5)) == 3
    assert total((2**40, 0.5)) == 2**40 + 2
    assert signatures(total) == [((Digit, float),), ((int, float),)]
    total((True, None))
    total((True, (1, ())))
    assert signatures(total)[2:] == [((bool, type(None)),), ((bool, (Digit, ())),)]


def test_a_last_version_is_for_all_other_tuples(total):
    for length in range(2, 9):
        assert total((1,) * length) == length + 1
    assert len(signatures(total)) == 4
    assert refusals(total) == [(tuple,)]


@pytest.mark.parametrize("other", [(1,) * 9, ("a", "b"), (1, [2]), (1, max), (3, Number(4))])
def test_tuples_of_other_things_are_objects(total, other):
    if other[0] == "a":
        with pytest.raises(TypeError):
            total(other)
    else:
        assert total(other) == other[0] + len(other)
    assert refusals(total) == [(tuple,)]
    assert total((1, 2)) == 3
    assert signatures(total) == [((Digit, Digit),)]


def test_a_tuple_with_what_no_register_holds_has_no_version(total):
    assert total((2**64, 1)) == 2**64 + 2
    assert signatures(total) == []


def test_a_given_tuple_stays_that_object():
    @tracejit
    def passed(t, n):
        for i in range(n):
            if t[0] * i > 2**63:
                break
        return t

    one = (2**61, 2.5)
    assert passed(one, 3) is one
    assert passed(one, 9) is one
    assert native(passed, one, 3) is one
