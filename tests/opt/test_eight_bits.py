"""With registers of few bits, expressions of one and two operations are exact for every operand.

What is returned or seen by an exit is the mathematical value, in whatever form narrow chose; where
the code leaves, something was negative or did not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import pytest

from tests.ir.translated import translated
from tests.opt.narrow_words import registers_of
from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Function
from tracejit.ir.interpreter import Left, Returned
from tracejit.ir.ops import OVF_FORM, Op, Opcode, Undefined
from tracejit.ir.parser import parse
from tracejit.ir.printer import print_function
from tracejit.ir.shapes import TupleOf
from tracejit.ir.types import INT
from tracejit.ir.value import Value
from tracejit.ir.verifier import verify
from tracejit.opt.pipeline import optimise

BITS = 8
FEW_BITS = 5
"""Exhaustive for every pair of operands."""
PAIR_BITS = 4
"""The same, where there are many programs: a pair of registers has eight bits."""
WORDS = range(-128, 128)
SOME = [-128, -127, -64, -3, -1, 0, 1, 2, 7, 64, 127]
BINARY = [op for op in OVF_FORM if len(op.operands) == 2] + [
    *(Op.iand, Op.ior, Op.ixor, Op.imin, Op.imax),
    *(Op.ieq, Op.ine, Op.ilt, Op.ile, Op.igt, Op.ige),
]
UNARY = [Op.ineg, Op.iabs, Op.inot, Op.ibit_length, Op.ibit_count]
CHAINS = [*(op for op in BINARY if op.result == INT), *UNARY]


class Program:
    """A function of two integers in the making; each exit sees everything before it."""

    def __init__(self, bits: int = BITS) -> None:
        self.bits = bits
        self.function = Function("f")
        self.block = self.function.new_block([INT, INT])
        self.x, self.y = self.block.params
        self.seen: list[Value] = [self.x, self.y]

    def emit(self, op: Opcode, *args: Value, imm: object = None, hidden: bool = False) -> Value:
        state = FrameState(len(self.block.insts) * 2, {}, tuple(self.seen))
        exit = None if op.has_imm or op is Op.select else Exit("overflow", state)
        inst = self.function.new_inst(op, args, imm=imm, exit=exit)
        self.block.insts.append(inst)
        if not hidden and not op.has_imm:
            self.seen.append(inst.value)
        return inst.value

    def const(self, number: int) -> Value:
        return self.emit(Op.iconst, imm=number)

    def unsigned(self, value: Value) -> Value:
        return self.emit(Op.iand, value, self.const((1 << self.bits) - 1))

    def ret(self, *values: Value) -> Function:
        inst = self.function.new_inst(Op.ret, imm=TupleOf(values))
        self.block.insts.append(inst)
        return self.function


def check(
    function: Function,
    xs: Sequence[int],
    ys: Sequence[int],
    *,
    bits: int = BITS,
    exits: bool = True,
) -> None:
    """Compare the narrowed function with the exact one, on the product of the operands."""
    text = print_function(function)
    exact = parse(text)
    with registers_of(bits):
        optimise(function)
        verify(function, "machine")
        straight = StraightLine(exact, (1 << bits - 1) - 1)
        expected, found = straight.run, translated(function)
        for args in product(xs, ys):
            end, outcome = expected(args), found(args)
            if isinstance(outcome, Left):
                good = exits and straight.may_leave(args, end, outcome)
            else:
                good = isinstance(end, Returned) and end.value[0] == outcome.value  # type: ignore[index]  # a tuple
            if not good:
                raise AssertionError(f"{args}: {outcome}\n{text}\n{print_function(function)}")


class StraightLine:
    """An exact function of one block. It returns what it did, and after that all it computes."""

    def __init__(self, function: Function, most: int) -> None:
        """What is from 0 to `most` is the same signed and unsigned."""
        self.function, self.most = function, most
        *insts, last = function.entry.insts
        self.computed = [*function.entry.params, *(inst.value for inst in insts)]
        number = {value: at for at, value in enumerate(self.computed)}
        self.seen = {
            inst.exit.state.offset: [number[value] for value in inst.exit.state.values()]
            for inst in insts
            if inst.exit is not None
        }
        last.imm = TupleOf((last.returned(), *self.computed))
        self.run = translated(function)

    def may_leave(self, args: Sequence[int], end: Returned | Left, left: Left) -> bool:
        """Where it leaves is on the way: the interpreter goes on to the same end.

        And something on the way does not fit, or is negative.
        """
        if isinstance(end, Returned):
            values = end.value[1:]  # type: ignore[index]  # a tuple
            excused = min(values) < 0 or max(values) > self.most
        else:
            values, excused = self.defined(args), True
        return excused and [*left.stack] == [values[at] for at in self.seen[left.offset]]

    def defined(self, args: Sequence[int]) -> list[int]:
        """What is computed before something is undefined."""
        values = dict(zip(self.function.entry.params, args, strict=True))
        for inst in self.function.entry.insts[:-1]:
            if inst.op.has_imm:
                values[inst.value] = inst.imm  # type: ignore[assignment]  # an int
                continue
            assert inst.op.meaning is not None
            try:
                values[inst.value] = inst.op.meaning(*(values[arg] for arg in inst.args))
            except Undefined:
                break
        return list(values.values())


def operands(p: Program) -> list[Callable[[], Value]]:
    """Ways to get an operand: signed, unsigned, and constants of all kinds."""
    half = 1 << p.bits - 1
    numbers = (-1, 3, half, half + 72 * half // 128, 2 * half - 1)
    return [
        lambda: p.y,
        lambda: p.unsigned(p.y),
        *[lambda number=number: p.const(number) for number in numbers],
    ]


def sides() -> range:
    return range(len(operands(Program())))


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.name)
def test_one_operation_on_operands_of_all_kinds(op: Opcode) -> None:
    for first, second, swapped in product((False, True), sides(), (False, True)):
        for bits, ys in ((FEW_BITS, range(-16, 16)), (BITS, [-128, -1, 3, 127])):
            p = Program(bits)
            left = p.unsigned(p.x) if first else p.x
            args = [left, operands(p)[second]()]
            function = p.ret(p.emit(op, *(args[::-1] if swapped else args)))
            xs = range(-16, 16) if bits == FEW_BITS else WORDS
            check(function, xs, ys if second < 2 else [5], bits=bits)


@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
def test_one_operation_on_an_unsigned_operand(op: Opcode) -> None:
    p = Program()
    check(p.ret(p.emit(op, p.unsigned(p.x))), WORDS, [0])


@pytest.mark.parametrize("outer", CHAINS, ids=lambda op: op.name)
def test_two_operations_under_masks(outer: Opcode) -> None:
    """As one expression: no exit sees what is not masked yet."""
    for inner, mask, kind in product(CHAINS, (127, 255), (False, True)):
        p = Program()
        x = p.unsigned(p.x) if kind else p.x
        made = p.emit(inner, *[x, p.y][: len(inner.operands)], hidden=True)
        second = p.const(3) if outer in (Op.ishl, Op.ishr) else p.y
        made = p.emit(outer, *[made, second][: len(outer.operands)], hidden=True)
        masked = p.emit(Op.iand, made, p.const(mask))
        check(p.ret(masked, p.emit(Op.iadd, masked, p.x)), SOME, SOME)


@pytest.mark.parametrize("outer", CHAINS, ids=lambda op: op.name)
def test_what_exits_see_is_exact(outer: Opcode) -> None:
    """Every intermediate value is in the state of a sum that may leave."""
    for inner, mask in product(CHAINS, (15, 255)):
        p = Program()
        made = p.emit(inner, *[p.x, p.y][: len(inner.operands)])
        second = p.const(2) if outer in (Op.ishl, Op.ishr) else p.y
        made = p.emit(outer, *[made, second][: len(outer.operands)])
        masked = p.emit(Op.iand, made, p.const(mask))
        check(p.ret(masked, p.emit(Op.iadd, p.y, p.x)), SOME, SOME)


@pytest.mark.parametrize("mask", [1, 128, 255])
def test_chains_that_wrap_never_leave(mask: int) -> None:
    for first, second in product((Op.iadd, Op.isub, Op.imul, Op.ixor, Op.ior), repeat=2):
        p = Program()
        made = p.emit(second, p.emit(first, p.x, p.y, hidden=True), p.y, hidden=True)
        made = p.emit(Op.ishl, p.emit(Op.inot, made, hidden=True), p.const(1), hidden=True)
        check(p.ret(p.emit(Op.iand, made, p.const(mask))), WORDS, SOME[::3], exits=False)


Operand = Callable[[Program], Value]
FACTORS: list[tuple[Operand, Operand]] = [
    (lambda p: p.x, lambda p: p.y),
    (lambda p: p.unsigned(p.x), lambda p: p.unsigned(p.y)),
    (lambda p: p.unsigned(p.y), lambda p: p.x),
    (lambda p: p.unsigned(p.x), lambda p: p.const(7)),
    (lambda p: p.x, lambda p: p.const(-8)),
]
SUMMANDS: list[tuple[Opcode, Operand | None]] = [
    (Op.iadd, None),
    *product((Op.iadd, Op.isub), (lambda p: p.y, lambda p: p.unsigned(p.x))),
]
DIVISORS: list[Operand] = [
    lambda p: p.y,
    lambda p: p.unsigned(p.y),
    *[lambda p, number=number: p.const(number) for number in (3, 4, 15, -5)],
]
REDUCTIONS: list[tuple[Opcode, Operand]] = [
    *product((Op.imod, Op.ifloordiv), DIVISORS),
    *[(Op.ishr, lambda p, by=by: p.const(by)) for by in (1, 3, 4, 6, 40)],
    *[(Op.iand, lambda p, mask=mask: p.const(mask)) for mask in (1, 15)],
    (Op.iand, lambda p: p.unsigned(p.y)),
    (Op.ixor, lambda p: p.y),
]


@pytest.mark.parametrize("reduction", range(len(REDUCTIONS)))
@pytest.mark.parametrize("factors", range(len(FACTORS)))
def test_what_outgrows_a_register_is_reduced_exactly(factors: int, reduction: int) -> None:
    """With and without something added or taken away, seen by the reduction's exit or not."""
    op, other = REDUCTIONS[reduction]
    for (sign, summand), hidden in product(SUMMANDS, (False, True)):
        p = Program(PAIR_BITS)
        x, y = FACTORS[factors]
        wide = p.emit(Op.imul, x(p), y(p), hidden=hidden)
        if summand is not None:
            wide = p.emit(sign, wide, summand(p), hidden=hidden)
        made = [p.emit(op, wide, other(p)), p.emit(Op.imod, wide, p.const(11))]
        if op is Op.ixor:
            made[0] = p.unsigned(made[0])
        check(p.ret(*made), range(-8, 8), range(-8, 8), bits=PAIR_BITS)


def test_sums_and_differences_of_what_outgrows_a_register() -> None:
    for first, second, op in product(FACTORS, FACTORS, (Op.iadd, Op.isub)):
        p = Program(PAIR_BITS)
        left = p.emit(Op.imul, *[factor(p) for factor in first])
        right = p.emit(Op.imul, *[factor(p) for factor in second])
        made = p.emit(Op.imod, p.emit(op, left, right), p.const(13))
        check(p.ret(made), range(-8, 8), range(-8, 8), bits=PAIR_BITS)


def test_sums_of_unsigned_operands_are_reduced_exactly() -> None:
    for op, other in REDUCTIONS:
        p = Program(PAIR_BITS)
        total = p.emit(Op.iadd, p.unsigned(p.x), p.unsigned(p.y))
        check(p.ret(p.emit(op, total, other(p))), range(-8, 8), range(-8, 8), bits=PAIR_BITS)


@pytest.mark.parametrize("op", [Op.imod, Op.ishr], ids=lambda op: op.name)
def test_products_that_are_reduced_never_leave(op: Opcode) -> None:
    p = Program(PAIR_BITS)
    made = p.emit(op, p.emit(Op.imul, p.x, p.y), p.const(13))
    check(p.ret(made), range(-8, 8), range(-8, 8), bits=PAIR_BITS, exits=False)


def test_differences_of_unsigned_operands_are_reduced_exactly() -> None:
    for op, other in REDUCTIONS:
        p = Program(PAIR_BITS)
        x, y = p.unsigned(p.x), p.unsigned(p.y)
        difference = p.emit(Op.isub, x, y)
        size = p.emit(Op.iabs, difference)
        made = [p.emit(op, difference, other(p)), p.emit(Op.imod, p.emit(Op.imul, size, x), y)]
        made.append(p.emit(Op.imod, difference, y))
        check(p.ret(*made), range(-8, 8), range(-8, 8), bits=PAIR_BITS)


def test_remainders_of_differences_by_unsigned_divisors_never_leave() -> None:
    p = Program(PAIR_BITS)
    difference = p.emit(Op.isub, p.unsigned(p.x), p.unsigned(p.y))
    p.emit(Op.iabs, difference)
    made = p.emit(Op.imod, difference, p.const(13))
    check(p.ret(made), range(-8, 8), range(-8, 8), bits=PAIR_BITS, exits=False)
