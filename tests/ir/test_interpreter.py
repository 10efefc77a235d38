"""The reference interpreter runs what the rows mean."""

from __future__ import annotations

import pytest

from tracejit.ir.interpreter import Left, OutOfFuel, Returned, Trap, interpret
from tracejit.ir.parser import parse
from tracejit.ir.shapes import NULL


def run(body: str, *args: object) -> Returned | Left:
    return interpret(parse(f"function f:\n{body}\n"), args)


def test_block_arguments_are_passed_at_once() -> None:
    fibonacci = """block0(v0: int):
        v1: int = iconst 0
        v2: int = iconst 1
        jump block1(v0, v1, v2)
    block1(v3: int, v4: int, v5: int):
        v6: int = iconst 1
        v7: int = isub v3, v6
        v8: int = iadd v4, v5
        v9: bool = ige v7, v6
        br_if v9, block1(v7, v5, v8), block2()
    block2():
        ret (v4,v5,v8)"""
    assert run(fibonacci, 3) == Returned((1, 2, 3))


def test_a_swap_in_block_arguments_is_no_sequence_of_copies() -> None:
    swap = "block0(v0: int, v1: int):\njump block1(v0, v1)\nblock1(v2: int, v3: int):\n"
    swap += "v4: bool = ilt v2, v3\nbr_if v4, block2(), block1(v3, v2)\nblock2():\nret (v2,v3)"
    assert run(swap, 5, 4) == Returned((4, 5))


def test_an_exit_gives_the_state_before_the_operation() -> None:
    left = run(
        "block0(v0: int):\nv1: int = ifloordiv v0, v0 exit[zero] @8 n=v0 | NULL v0 (v0,)\nret v1", 0
    )
    assert left == Left("zero", 8, {"n": 0}, (NULL, 0, (0,)))


def test_iterators_and_ranges_are_made_of_their_parts() -> None:
    left = run("block0(v0: int):\nleave exit[x] @4 r=range(1,v0,2,up) | iter(v0,-1,-1,down)", 3)
    assert isinstance(left, Left)
    assert left.locals == {"r": range(1, 3, 2)}
    assert list(left.stack[0]) == [3, 2, 1, 0]  # type: ignore[call-overload]


def test_endless_functions_run_out_of_fuel() -> None:
    with pytest.raises(OutOfFuel):
        run("block0():\njump block1()\nblock1():\njump block1()")


def test_undefined_operands_without_an_exit_trap() -> None:
    with pytest.raises(Trap, match="ifloordiv_wrap"):
        run("block0(v0: i64):\nv1: i64 = ifloordiv_wrap v0, v0\nret v1", 0)


def test_comparisons_give_bools() -> None:
    outcome = run("block0(v0: bool, v1: bool):\nv2: bool = band v0, v1\nret v2", True, True)
    assert isinstance(outcome, Returned)
    assert outcome.value is True


def test_ret_of_a_shape_builds_the_object() -> None:
    assert run("block0(v0: int):\nret (v0,(None,'a'),())", 1) == Returned((1, (None, "a"), ()))


def test_opaque_objects_pass_through() -> None:
    thing = object()
    outcome = run("block0(v0: obj, v1: bool):\nv2: obj = select v1, v0, v0\nret v2", thing, False)
    assert isinstance(outcome, Returned)
    assert outcome.value is thing
