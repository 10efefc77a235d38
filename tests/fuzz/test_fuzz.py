"""Random programs come out as in CPython, and the generator makes what it says."""

from __future__ import annotations

import ast
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.eager import eager
from tests.fuzz.check import ROOM, Case, case_of_seed, check, confined, load, make_case, save
from tests.fuzz.faults import FAULTS
from tests.fuzz.reach import Reach
from tests.fuzz.reduce import reduced
from tracejit import tracejit
from tracejit.ir.ops import CALLS, LIBM, OWN, PARTS, Op

PROGRAMS_FOR_A_FAULT = 60
MOST_OPCODES_MISSED = 12
EXPECTED_EXITS = {"overflow", "shift", "zero-division"}
UNKNOWN = {"opcode", "global", "call"}
"""Why programs leave where they come to what is not compiled."""


def test_random_programs_come_out_as_in_cpython(request: pytest.FixtureRequest) -> None:
    reach = Reach()
    examples = request.config.getoption("--fuzz-examples")
    for seed in range(examples):
        try:
            with eager(), reach.counting():
                check(case_of_seed(seed), reach.decorate)
        except AssertionError as difference:
            difference.add_note(f"program {seed}: python -m tests.fuzz --programs 1 --seed {seed}")
            raise
        reach.settle()
    if examples >= 40:
        assert_it_reaches_enough(reach)


def assert_it_reaches_enough(reach: Reach) -> None:
    # All functions of `math` that are calls are called alike, and so are ours, whatever they give.
    alike = {*LIBM, *OWN, *CALLS.values(), *PARTS.values()} - {Op.icall, Op.ipart}
    missed = set(Op.by_name) - set(reach.opcodes) - {op.name for op in alike}
    assert len(missed) <= MOST_OPCODES_MISSED, f"no program was compiled with {sorted(missed)}"
    missed = EXPECTED_EXITS - set(reach.exits)
    assert not missed, f"no program left for {sorted(missed)}"
    assert not UNKNOWN.isdisjoint(reach.exits)
    assert len(reach.exits) > len(EXPECTED_EXITS)
    assert reach.versions > 40
    assert reach.grown > 4
    assert reach.general > 0
    assert reach.bridges > 40


def test_a_seed_gives_the_same_program_again() -> None:
    assert case_of_seed(7) == case_of_seed(7)


def test_generated_programs_repeat_statements_and_keep_values_live() -> None:
    repeated = returned = 0
    for seed in range(40):
        body = ast.parse(case_of_seed(seed).source).body[-1]
        assert isinstance(body, ast.FunctionDef)
        texts = [ast.unparse(node) for node in ast.walk(body) if isinstance(node, ast.Assign)]
        repeated += len(texts) - len(set(texts))
        last = body.body[-1]
        assert isinstance(last, ast.Return)
        assert isinstance(last.value, ast.Tuple)
        returned += len(last.value.elts)
    assert repeated > 20
    assert returned > 40 * 4


def test_a_saved_case_loads_as_it_was(tmp_path: pytest.TempPathFactory) -> None:
    case = case_of_seed(3)
    loaded = load(save(case, "A claim.", tmp_path))  # type: ignore[arg-type]
    assert loaded.source == case.source
    assert repr(loaded.calls) == repr(case.calls)


def test_a_program_that_asks_for_much_memory_is_refused_at_once() -> None:
    much = f"def program(a, b, c):\n    return a * {ROOM}\n"
    check(Case(much, [("ab", 2, 3), (1, 2, 3)]), tracejit)
    with confined(), pytest.raises(MemoryError):
        bytearray(2 * ROOM)
    assert bytearray(2 * ROOM)


def test_reducing_keeps_what_fails() -> None:
    case = Case(
        "def program(a, b, c):\n    x = a + b\n    y = a // c\n    return (x, y)\n", [(1, 2, 3)]
    )
    small = reduced(case, lambda candidate: "//" in candidate.source)
    assert small.source == "def program(a, b, c):\n    y = a // c\n"


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught(name: str) -> None:
    with eager(), FAULTS[name]():
        assert any(comes_out_wrong(seed) for seed in range(PROGRAMS_FOR_A_FAULT))


def comes_out_wrong(seed: int) -> bool:
    """Whether the program differs, or hangs, which a fault may make it do."""
    try:
        with alarm(seconds=5):
            check(make_case(random.Random(seed), calm=False), tracejit, repeats=2)
    except (AssertionError, Hangs):
        return True
    return False


class Hangs(BaseException):
    """Raised by the alarm. No program catches it."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Of the processor's time: a machine with other work to do is no hang."""

    def ring(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
