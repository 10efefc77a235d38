"""Filetests: IR or LIR text in, text out, one claim for each file.

A file is a comment line (the claim), the input, the line `# output`, and what is expected. The
directory says what runs: `opt/<pass>` that pass, `issue` all passes, `lower` instruction selection,
`regalloc` the register allocator, `run` the reference interpreter on the arguments of each
`# run 3 4 -> 17` line. `pytest --bless` writes what came out.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tracejit.ir.frame_state import FrameState
from tracejit.ir.function import Function
from tracejit.ir.interpreter import Left, Returned, interpret
from tracejit.ir.parser import parse
from tracejit.ir.printer import print_constant, print_function
from tracejit.ir.types import BOOL, F64, I64, OBJ, U64
from tracejit.ir.verifier import Stage, verify

ROOT = Path(__file__).parent / "filetests"
MARK = "# output\n"
FILES = sorted(path for path in ROOT.rglob("*") if path.suffix in (".ir", ".lir"))


def stage_of(function: Function) -> Stage:
    """The stage that the function's values and opcodes belong to."""
    for inst in function.insts():
        if inst.op.only == "machine" or any(value.type == I64 for value in inst.operands()):
            return "machine"
        if inst.result is not None and inst.result.type == I64:
            return "machine"
    params = [param.type for block in function.blocks for param in block.params]
    return "machine" if I64 in params else "exact"


def parsed(text: str) -> Function:
    function = parse(text)
    verify(function, stage_of(function))
    return function


def run_pass(name: str, text: str) -> str:
    """What the pass of that name, which the pipeline must list, makes of the function."""
    run = getattr(importlib.import_module(f"tracejit.opt.{name}"), name)
    pipeline = importlib.import_module("tracejit.opt.pipeline")
    assert run in pipeline.PASSES, f"{name} is not in the pipeline"
    function = parsed(text)
    stage = stage_of(function)
    result = run(function)
    function = result if isinstance(result, Function) else function
    verify(function, "machine" if name == "narrow" else stage)
    return print_function(function)


def run_pipeline(text: str) -> str:
    pipeline = importlib.import_module("tracejit.opt.pipeline")
    function = parsed(text)
    result = pipeline.optimise(function)
    function = result if isinstance(result, Function) else function
    verify(function, "machine")
    return print_function(function)


def run_lower(text: str) -> str:
    backend = importlib.import_module("tracejit.backend.lower")
    printer = importlib.import_module("tracejit.backend.lir")
    function = parsed(text)
    python_types = {I64: int, BOOL: bool, OBJ: object, F64: float}
    signature = tuple(python_types[param.type] for param in function.entry.params)
    lir = backend.lower(function, signature, (), example_target(), example_addresses(function))
    return str(printer.print_lir(lir))


def run_regalloc(text: str) -> str:
    lir_room = importlib.import_module("tracejit.backend.lir")
    regalloc = importlib.import_module("tracejit.backend.regalloc")
    lir = importlib.import_module("tracejit.backend.lir_parser").parse_lir(text)
    regalloc.allocate(lir)
    return str(lir_room.print_lir(lir))


def example_addresses(function: Function) -> dict[object, object]:
    """Places of the variables in memory, of which a cell is nearer."""
    target = importlib.import_module("tracejit.backend.target")
    return {
        variable: target.Address((at, 8) if variable.kind == "global" else (at,), at + 64)
        for at, variable in enumerate(function.variables, 0xD000)
    }


def example_target() -> object:
    """A target with recognisable addresses, the same on every version of CPython."""
    target = importlib.import_module("tracejit.backend.target")
    return target.Target(
        int_type=0x1000,
        bool_type=0x2000,
        float_type=0x2800,
        none=0x3000,
        true=0x4000,
        false=0x5000,
        immortal=True,
        tagged_ints=True,
        box_int=0x6000,
        box_unsigned=0x6800,
        box_float=0x6C00,
        unbox_wide=0x7000,
        unbox_unsigned=0x7400,
        floor_divide=0x7800,
        float_divmod=lambda: 0x7C00,
        budget=lambda: 0x7D00,
        take_result=lambda _: 0x7E00,
        libm={"pow": 0xA000, "exp": 0xB000},
        call_math=lambda _: 0xC000,
        store=lambda of_type: {I64: 0xD100, U64: 0xD200, F64: 0xD300, OBJ: 0xD400}[of_type],
        poll=0x8000,
        deopt=0x9000,
        initial_fuel=1000,
        popcnt=True,
        sse41=True,
    )


def run_interpreter(text: str, expected: str) -> str:
    """Each `# run` line of the expectation with what the function really gives."""
    function = parsed(text)
    lines = []
    for line in expected.splitlines():
        words = line.partition(" -> ")[0]
        assert words.startswith("# run"), f"not a run line: {line!r}"
        args = [ast.literal_eval(word) for word in words.split()[2:]]
        lines.append(f"{words.rstrip()} -> {describe(interpret(function, args))}")
    return "\n".join(lines) + "\n"


def describe(outcome: Returned | Left) -> str:
    if isinstance(outcome, Returned):
        return show(outcome.value)
    words = [f"exit[{outcome.reason}] @{outcome.offset}"]
    words += [f"{name}={show(value)}" for name, value in outcome.locals.items()]
    if outcome.stack:
        words += ["|", *map(show, outcome.stack)]
    return " ".join(words)


def show(value: object) -> str:
    """The object's text without an address in it, so that blessing is idempotent."""
    if isinstance(value, type(iter(range(0)))):
        return f"iter({value.__reduce__()[1][0]!r})"
    if callable(value):
        return print_constant(value)
    return repr(value)


def output_of(path: Path, text: str, expected: str) -> str:
    place = path.relative_to(ROOT).parts
    stages: dict[str, Callable[[], str]] = {
        "opt": lambda: run_pass(place[1], text),
        "issue": lambda: run_pipeline(text),
        "lower": lambda: run_lower(text),
        "regalloc": lambda: run_regalloc(text),
        "run": lambda: run_interpreter(text, expected),
    }
    return stages[place[0]]()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_file_prints_what_it_expects(path: Path, request: pytest.FixtureRequest) -> None:
    content = path.read_text()
    assert content.startswith("# "), "the first line states the claim"
    text, mark, expected = content.partition(MARK)
    found = output_of(path, text, expected)
    if request.config.getoption("--bless"):
        assert output_of(path, text, found) == found, "a second bless would change it again"
        path.write_text(text + MARK + found)
        return
    assert mark, "there is no `# output` line; run `pytest --bless` and review what it writes"
    assert found == expected


def test_frame_states_of_a_described_exit_are_in_its_text() -> None:
    state = FrameState(26, {}, ())
    assert describe(Left("overflow", state.offset, {"n": 3}, (4, 5))) == (
        "exit[overflow] @26 n=3 | 4 5"
    )
