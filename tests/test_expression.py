"""`jit` makes a function of an expression's names, in order of appearance."""

import inspect
import traceback

import pytest

from tracejit.expression import function_of


@pytest.mark.parametrize(
    ("expression", "parameters"),
    [
        ("a * b + c", ["a", "b", "c"]),
        ("c + a * c", ["c", "a"]),
        ("max(x, y) + abs(z)", ["x", "y", "z"]),
        ("sum * 2", ["sum"]),
        ("[k * y for k in range(z)][-1]", ["y", "z"]),
        ("(w := u + 1) * w", ["u"]),
        ("(lambda p: p + q)(r)", ["q", "r"]),
        ("7", []),
        ("a\\\n + b", ["a", "b"]),
        (" \ta + b", ["a", "b"]),
        ("a if __debug__ else b", ["a", "b"]),
    ],
)
def test_parameters_are_the_free_names_in_order_of_appearance(expression, parameters):
    assert list(inspect.signature(function_of(expression)).parameters) == parameters


def test_the_function_evaluates_the_expression():
    function = function_of("a * b + c")
    assert function(3, 4, 5) == 17
    assert function(10, 20, 30) == 230
    assert function(10**30, 10**30, 1) == 10**60 + 1


def test_a_malformed_expression_raises_at_its_place():
    with pytest.raises(SyntaxError) as caught:
        function_of("a * (b + ")
    assert caught.value.text == "a * (b + "
    assert caught.value.offset == 5


def test_what_is_no_string_is_refused_with_a_sentence():
    with pytest.raises(TypeError, match="an expression as a string, like 'a \\* b \\+ c', not int"):
        function_of(3)


def test_a_traceback_shows_the_expression():
    try:
        function_of("a // b")(1, 0)
    except ZeroDivisionError as error:
        entry = traceback.extract_tb(error.__traceback__)[-1]
    assert (entry.name, entry.line) == ("expression", "a // b")
