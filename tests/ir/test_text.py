"""The text form of the IR: what prints parses to the same, and what is not IR is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ir.random_ir import functions
from tracejit.ir.function import CellIs, Function, GlobalIs
from tracejit.ir.parser import Opaque, ParseError, parse
from tracejit.ir.printer import print_constant, print_function
from tracejit.ir.shapes import Const
from tracejit.ir.verifier import verify


@given(functions())
def test_a_function_prints_parses_and_prints_the_same(function: Function) -> None:
    verify(function, "exact")
    text = print_function(function)
    again = parse(text)
    verify(again, "exact")
    assert print_function(again) == text


def test_bounds_of_parameters_are_read_back() -> None:
    text = "function f:\nblock0(v0: int(-5,7), v1: bool, v2: int):\n    ret v0\n"
    function = parse(text)
    assert function.ranges == {function.entry.params[0]: (-5, 7)}
    assert print_function(function) == text


def test_new_values_and_blocks_of_a_parsed_function_are_new() -> None:
    function = parse("function f:\nblock3(v7: int):\n    ret v7\n")
    assert function.new_value("int").id == 8
    assert function.new_block().id == 4


@pytest.mark.parametrize(
    "reason", ["zero-division", "call:<lambda>", "opcode:GET_ITER", "x", "a.b"]
)
def test_every_reason_to_leave_parses(reason: str) -> None:
    text = f"function f:\nblock0():\n    leave                            exit[{reason}] @0\n"
    assert print_function(parse(text)) == text


@pytest.mark.parametrize(
    "constant",
    [
        0,
        -1,
        2**200,
        True,
        False,
        None,
        "",
        "a b",
        "it's",
        "a\\b",
        "ü\n",
        abs,
        range,
        int.bit_length,
    ],
    ids=repr,
)
def test_a_constant_is_read_back(constant: object) -> None:
    text = f"function f:\nblock0():\n    ret {print_constant(constant)}\n"
    shape = parse(text).entry.terminator.returned()
    assert isinstance(shape, Const)
    assert type(shape.value) is type(constant)
    assert shape.value == constant


@given(st.text())
def test_any_text_constant_is_read_back(constant: str) -> None:
    text = f"function f:\nblock0():\n    ret {print_constant(constant)}\n"
    shape = parse(text).entry.terminator.returned()
    assert isinstance(shape, Const)
    assert shape.value == constant


def test_an_object_without_a_literal_is_read_as_its_text() -> None:
    text = print_constant([])
    shape = parse(f"function f:\nblock0():\n    ret {text}\n").entry.terminator.returned()
    assert isinstance(shape, Const)
    assert shape.value == Opaque(text)


def test_assumptions_are_read_back() -> None:
    assumed = "    assume global abs is builtins.abs\n    assume cell 2 is 5\n"
    text = f"function f:\n{assumed}block0():\n    ret None\n"
    function = parse(text)
    assert function.assumptions == [GlobalIs("abs", abs, None), CellIs(2, 5, None)]
    assert print_function(function) == text


def test_assumptions_of_inlined_functions_are_read_back() -> None:
    of = print_constant(test_assumptions_are_read_back)
    assert of.startswith("<test_assumptions_are_read_back:0x")
    assumed = [
        f"global x of {of} is 3",
        f"cell 1 of {of} is None",
        f"code of {of} is <code:0x1>",
        f"defaults of {of} is <tuple:0x2>",
        f"default x of {of} is 5",
        "type of <module:0x3> is <type:0x4>",
    ]
    lines = "".join(f"    assume {assumption}\n" for assumption in assumed)
    text = f"function f:\n{lines}block0():\n    ret None\n"
    assert print_function(parse(text)) == text


def test_a_state_of_inlined_functions_is_read_back() -> None:
    state = "@4 a=v0 | v0 in <g:0x1> then @30 in <h:0x2> then @8 x=3 | (v0,) NULL"
    text = f"function f:\nblock0(v0: int):\n    {'leave':<32} exit[x] {state}\n"
    exit = parse(text).entry.terminator.exit
    assert exit is not None
    assert exit.state.call is not None
    assert exit.state.call.function == Opaque("<g:0x1>")
    assert exit.state.outermost.offset == 8
    assert len(exit.state.values()) == 3
    assert print_function(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected a function"),
        ("block0():\n    ret None\n", "line 1: expected 'function'"),
        ("function f:\n    assume x is 3\n", "line 2: 'x' is nothing to assume"),
        ("function f:\n    ret None\n", "line 2: an instruction before the first block"),
        ("function f:\nblock0():\n    ret v1\n", "line 3: 'v1' is no constant"),
        ("function f:\nblock0():\n    jump block1()\n", "line 3: 'block1' is defined nowhere"),
        ("function f:\nblock0():\n    v0: int = imagine\n", "line 3: 'imagine' is no opcode"),
        ("function f:\nblock0(v0: float):\n    ret v0\n", "line 2: 'float' is no type"),
        ("function f:\nblock0(v0: int, v0: int):\n    ret v0\n", "line 2: 'v0' is no new value"),
        ("function f:\nblock0():\n    ret None None\n", "line 3: 'None' is defined nowhere"),
        ("function f:\nblock0():\n    ret ?\n", "line 3: unexpected '\\?'"),
        ("function f:\nblock0():\n    leave exit[x]\n", "line 3: unexpected end of line"),
        ("function f:\nblock0():\n    ret None\nblock0():\n    ret None\n", "line 4: 'block0'"),
    ],
)
def test_what_is_not_ir_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        parse(text)
