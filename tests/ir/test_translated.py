"""A function translated to Python does what the reference interpreter does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.backend.random_ir import random_arguments, random_function
from tests.ir.translated import translated
from tests.opt.generate import generate
from tests.opt.test_random_programs import inputs
from tracejit.ir.function import Function
from tracejit.ir.interpreter import Left, OutOfFuel, Returned, Trap, interpret
from tracejit.ir.parser import parse

ENDLESS = "block0():\njump block1()\nblock1():\njump block1()"
TRAP = "block0(v0: i64):\nv1: i64 = ifloordiv_wrap v0, v0\nret v1"
SHAPES = """block0(v0: int, v1: bool, v2: obj):
    v3: bool = bnot v1
    br_if v3, block1(v0, v2), block2()
block1(v4: int, v5: obj):
    ret (v4,(None,'a'),v5,())
block2():
    leave exit[x] @4 r=range(1,v0,2,up) t=(v1,v2) | NULL iter(v0,-1,-1,down) u64(v0)
"""


def function(body: str) -> Function:
    return parse(f"function f:\n{body}\n")


def outcome(run: object, args: Sequence[object]) -> tuple[object, ...]:
    """What a run gives or raises, in which True and 1 are told apart."""
    try:
        made = run(args)  # type: ignore[operator]  # a run
    except (OutOfFuel, Trap) as error:
        return type(error), str(error)
    return type(made), repr(made)


def agrees(function: Function, args: Sequence[object], steps: int = 100_000) -> type:
    found = outcome(translated(function, steps), args)
    assert found == outcome(lambda args: interpret(function, args, steps), args)
    return found[0]  # type: ignore[return-value]  # a type


def test_on_random_functions() -> None:
    machine = [(f, random_arguments(at, f)) for at in range(60) for f in [random_function(at, 30)]]
    exact = [(generate(at), args) for at in range(30) for args in inputs(at, (-(2**63), 2**63 - 1))]
    ends = [agrees(f, args, steps) for f, args in [*machine, *exact] for steps in (40, 3000)]
    assert {Left, Returned, OutOfFuel} <= {*ends}


def test_without_a_state_it_traps() -> None:
    assert agrees(function(TRAP), [0]) is Trap


def test_an_endless_loop_runs_out_of_fuel() -> None:
    assert agrees(function(ENDLESS), []) is OutOfFuel


@pytest.mark.parametrize("way", [False, True])
def test_shapes_are_built(way: bool) -> None:
    thing = object()
    made, expected = (
        run([7, way, thing])
        for run in (
            translated(function(SHAPES)),
            lambda args: interpret(function(SHAPES), args),
        )
    )
    if isinstance(expected, Returned):
        assert made == expected
        return
    assert isinstance(made, Left)
    assert made.locals == expected.locals
    assert [*made.stack[1]] == [*expected.stack[1]]  # type: ignore[call-overload]
    assert made.stack[::2] == expected.stack[::2]
