"""Every folding rule on floats keeps each result, bit for bit, for all pairs of edges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import inf, nan

import pytest

from tests.differential import FLOATS, fingerprint
from tests.ir.translated import translated
from tracejit.ir.ops import LIBM, Op, Opcode
from tracejit.ir.parser import parse
from tracejit.ir.printer import print_function
from tracejit.ir.types import BOOL, F64, bits_of
from tracejit.opt.fold import fold

UNARY = [op for op in Op.by_name.values() if op.operands == (F64,) and op.result in (F64, BOOL)]
BINARY = [op for op in Op.by_name.values() if op.operands == (F64, F64)]
COMPARISONS = [op for op in BINARY if op.result == BOOL]
OPERATIONS = [op for op in (*UNARY, *BINARY) if op not in LIBM and op.exit == "never"]
POWERS = [2.0**k for k in (-1074, -1023, -1022, -1021, -1, 0, 1, 2, 1021, 1022, 1023)]
CONSTANTS = [0.0, -0.0, 3.0, -0.1, inf, nan, *POWERS, *(-power for power in POWERS[::3])]
PAIRS = [*product(FLOATS, repeat=2)]
SAME = [(x, x) for x in FLOATS]


def folded_alike(*lines: str, pairs: Sequence[tuple[object, object]] = PAIRS) -> bool:
    """Whether folding changes the function, whose last line is its result; never what it gives."""
    text = "\n    ".join(["function f:\nblock0(v0: f64, v1: f64):", *lines])
    before, after = parse(text), parse(text)
    fold(after)
    if print_function(before) == print_function(after):
        return True
    expected, found = translated(before), translated(after)
    for args in pairs:
        assert fingerprint(found(args).value) == fingerprint(expected(args).value), args  # type: ignore[union-attr]
    return False


@pytest.mark.parametrize("op", [op for op in BINARY if op not in LIBM], ids=lambda op: op.name)
def test_an_opcode_with_a_constant(op: Opcode) -> None:
    for number in CONSTANTS:
        for args in ("v0, v2", "v2, v0", "v2, v2", "v0, v0"):
            constant = f"v2: f64 = fconst {bits_of(number):#x}"
            result = f"v3: {op.result} = {op.name} {args}"
            folded_alike(constant, result, "ret v3", pairs=SAME)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_an_opcode_upon_another(op: Opcode) -> None:
    for inner in OPERATIONS:
        if inner.result == F64:
            first = f"v2: f64 = {inner.name} {', '.join(('v0', 'v1')[: len(inner.operands)])}"
            second = ", ".join(("v2", "v0")[: len(op.operands)])
            folded_alike(first, f"v3: {op.result} = {op.name} {second}", "ret v3")


@pytest.mark.parametrize("op", COMPARISONS, ids=lambda op: op.name)
def test_a_comparison_that_chooses_or_is_negated(op: Opcode) -> None:
    compare = f"v2: bool = {op.name} v0, v1"
    for args in ("v0, v1", "v1, v0", "v0, v0"):
        folded_alike(compare, f"v3: f64 = select v2, {args}", "ret v3")
        folded_alike(compare, "v3: bool = bnot v2", f"v4: f64 = select v3, {args}", "ret (v3,v4,)")


def test_what_is_less_is_the_minimum() -> None:
    assert not folded_alike("v2: bool = flt v1, v0", "v3: f64 = select v2, v1, v0", "ret v3")
    assert not folded_alike("v2: f64 = fconst 8.0", "v3: f64 = fdiv v0, v2", "ret v3")
    assert folded_alike("v2: f64 = fconst 0.0", "v3: f64 = fadd v0, v2", "ret v3")
