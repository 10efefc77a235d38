"""The pipeline as a whole: in proportion to the program, and caught when a pass is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.opt.generate import generate
from tests.opt.synthetic import loops
from tests.opt.test_random_programs import check
from tests.work import calls
from tracejit.ir.function import Function
from tracejit.ir.interpreter import Returned, interpret
from tracejit.ir.ops import Op
from tracejit.ir.printer import print_function
from tracejit.ir.verifier import verify
from tracejit.opt import algebra, conditions, forms, gvn, intervals
from tracejit.opt.pipeline import PASSES, optimise


def test_work_is_in_proportion_to_the_program() -> None:
    small, large = loops(5), loops(60)
    per_small = calls(lambda: optimise(small)) / 5
    per_large = calls(lambda: optimise(large)) / 60
    assert per_large < 1.25 * per_small


def test_the_synthetic_program_keeps_its_meaning() -> None:
    function = loops(3)
    expected = interpret(function, [37, 20, 5])
    assert isinstance(expected, Returned)
    optimise(function)
    verify(function, "machine")
    assert interpret(function, [37, 20, 5]) == expected


@pytest.mark.parametrize("seed", [64, 178, 340, 351, 395, 419])
def test_a_program_is_optimised_the_same_way_wherever_its_blocks_lie_in_memory(seed: int) -> None:
    texts = set()
    kept = []
    for size in range(6):
        kept.append([Function("f").new_block() for _ in range(size)])
        function = generate(seed)
        optimise(function)
        texts.add(print_function(function))
    assert len(texts) == 1


def test_each_pass_is_reported_after_it_ran() -> None:
    seen: list[str] = []
    function = loops(1)

    def on_pass(name: str, given: Function) -> None:
        assert given is function
        seen.append(name)

    optimise(function, on_pass)
    assert seen == [run.__name__ for run in PASSES]


def _break_inverse(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(algebra.INVERSE, Op.ilt, Op.igt)


def _break_addition(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(intervals.TRANSFER, Op.iadd, lambda x, y: (x[0] + y[0], max(x[1], y[1])))


def _break_commuting(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gvn, "key_of", lambda inst: (inst.op, inst.imm, frozenset(inst.args)))


def _break_division_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(forms, "_is_defined", lambda inst, block, ranges, nonzero: True)


def _break_branch_facts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(conditions, "_without", lambda x, y: (x[0], max(x[0], x[1] - 1)))


@pytest.mark.parametrize(
    ("plant", "likely"),
    [
        (_break_inverse, 4),
        (_break_addition, 0),
        (_break_commuting, 119),
        (_break_division_check, 9),
        (_break_branch_facts, 60),
    ],
)
def test_random_programs_catch_a_planted_fault(
    plant: Callable[[pytest.MonkeyPatch], None], likely: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At first, with the program that did when this was written."""
    plant(monkeypatch)
    for seed in (likely, *range(1500)):
        try:
            check(seed)
        except AssertionError:  # Broken, MalformedIR, or an exit taken that is not there
            return
    pytest.fail("no program noticed")
