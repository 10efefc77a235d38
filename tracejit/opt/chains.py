"""Chains of recurrences: polynomials of a loop's iteration, by what they begin with and grow by.

What a polynomial grows by from one iteration to the next is a polynomial of one degree less; so a
chain of additions gives all its values, modulo a power of two too (Bachmann, Wang and Zima, "Chains
of Recurrences: a Method to Expedite the Evaluation of Closed-Form Functions", 1994).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Final, TypeAlias

from tracejit.ir.function import Function, Inst, constant_of
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.types import I64
from tracejit.ir.value import Value

DEGREES: Final[dict[Opcode, Callable[[int, int], int]]] = {
    Op.iadd_wrap: max,
    Op.isub_wrap: max,
    Op.imul_wrap: int.__add__,
}
"""The degree of what such an opcode makes of two polynomials, of theirs."""
MAX_DEGREE: Final = 2

Term: TypeAlias = int | Value
Chain: TypeAlias = list[Term]
"""The first value, what it first grows by, what that first grows by, ... and for ever by."""


def term_of(value: Value) -> Term:
    """The number, where it is a constant."""
    constant = constant_of(value)
    return value if constant is None else constant


class Chains:
    """Computes chains: at once what is constant, by instructions what is not."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.insts: list[Inst] = []
        """What computes the terms so far."""

    def combined(self, op: Opcode, a: Chain, b: Chain) -> Chain:
        """The chain of a sum, a difference or a product, of at most MAX_DEGREE."""
        if op is not Op.imul_wrap:
            return [self.term(op, x, y) for x, y in zip_longest(a, b, fillvalue=0)]
        if len(a) == 1 or len(b) == 1:
            polynomial, (factor,) = (b, a) if len(a) == 1 else (a, b)
            return [self.term(op, x, factor) for x in polynomial]
        (a0, a1), (b0, b1) = a, b
        mixed = self.term(Op.iadd_wrap, self.term(op, a0, b1), self.term(op, a1, b0))
        grown = self.term(op, a1, b1)
        first = self.term(op, a0, b0)
        return [first, self.term(Op.iadd_wrap, mixed, grown), self.term(op, grown, 2)]

    def term(self, op: Opcode, x: Term, y: Term) -> Term:
        if isinstance(x, int):
            if isinstance(y, int):
                assert op.meaning is not None
                number: int = op.meaning(x, y)
                return number
            if op.commutes:
                x, y = y, x
        if isinstance(y, int):
            if y == 0:
                return 0 if op is Op.imul_wrap else x
            if y == 1 and op is Op.imul_wrap:
                return x
        return self._emit(op, [self.value(x), self.value(y)])

    def value(self, term: Term) -> Value:
        return self._emit(Op.iconst, imm=term) if isinstance(term, int) else term

    def _emit(self, op: Opcode, args: list[Value] | None = None, imm: int | None = None) -> Value:
        inst = self.function.new_inst(op, args or [], imm=imm, type=I64)
        self.insts.append(inst)
        return inst.value
