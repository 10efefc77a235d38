"""Demanded bits: how many low bits of each exact integer the rest of the function can tell apart.

Backwards from the uses: what sums, products and bitwise operations make of the low bits does not
depend on the others, a mask with a constant drops them, a shift moves them. An integer of which no
more bits are demanded than a register has may be computed modulo a power of two, without a check.

The states of exits demand all bits, but only of exits that the narrow pass keeps; which those are
depends on what is found here, so the pass asks for an answer as if there were none, and asks again
with the values that it then finds in states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from tracejit.ir.function import Block, Function, Inst, constant_of, rows_of
from tracejit.ir.ops import Op
from tracejit.ir.shapes import values_in
from tracejit.ir.types import INT, WORD
from tracejit.ir.value import Value

ALL: Final = 1 << 30
"""Every bit of an integer of any size."""
_MAX_RISES: Final = 4
"""Of a value of which more is demanded more often, a whole register is demanded at once."""
LOW_TO_LOW: Final = frozenset((Op.iadd, Op.isub, Op.imul, Op.ineg, Op.inot, Op.ior, Op.ixor))
"""The low bits of the result depend on as many low bits of the operands."""
MODULAR: Final = LOW_TO_LOW | {Op.iand, Op.ishl, Op.ishr, Op.select, Op.iconst}
"""What may be computed modulo a power of two."""
_PASSING: Final = MODULAR - {Op.iconst}
"""What demands something of integers if something is demanded of its result."""
_SHIFTS: Final = frozenset((Op.ishl, Op.ishr))
_UNDEMANDING: Final = MODULAR - _SHIFTS | {Op.bconst, Op.br_if}
"""What demands nothing of integers else."""


def find_modular(function: Function, exact: Set[Value]) -> set[Value]:
    """The integers that may be computed modulo 2**64, if those of the set are to be exact."""
    sources: dict[Value, Sequence[Value]] = {}
    for block, edges in function.edges().items():
        sources.update(rows_of(block, edges))
    demand = _Demand(sources)
    demand.raise_to(exact, ALL)
    demand.raise_to(_demanded(function), ALL)
    demand.run()
    may_be_modular: list[Value | None] = []
    for block in function.blocks[1:]:
        may_be_modular += block.params
    for block in function.blocks:
        may_be_modular += [inst.result for inst in block.insts if inst.op in MODULAR]
    bits = demand.bits
    return {
        value
        for value in may_be_modular
        if value is not None and value.type == INT and bits.get(value, 0) <= WORD
    }


def _demanded(function: Function) -> list[Value]:
    """What is demanded even if no result is."""
    found: list[Value] = []
    for block in function.blocks:
        for inst in block.insts:
            op = inst.op
            if op in _UNDEMANDING:
                continue
            if op in _SHIFTS:
                found.append(inst.args[1])
            elif op is Op.ret:
                found += values_in(inst.returned())
            else:  # Its result, which an exit may see, is always right.
                found += inst.args
                if (op.terminator or op.effect) and inst.exit is not None:
                    found += inst.exit.state.values()
    return found


@dataclass(slots=True)
class _Demand:
    sources: Mapping[Value, Sequence[Value]]
    """What each block parameter may be given."""
    bits: dict[Value, int] = field(default_factory=dict)
    rises: dict[Value, int] = field(default_factory=dict)
    work: list[Value] = field(default_factory=list)

    def raise_to(self, values: Iterable[Value], bits: int) -> None:
        """Let at least so many low bits of each of the values be demanded."""
        if bits > WORD:
            bits = ALL
        for value in values:
            if bits > self.bits.get(value, 0):
                self.bits[value] = bits if bits == ALL else self._slowly(value, bits)
                self.work.append(value)

    def _slowly(self, value: Value, bits: int) -> int:
        rises = self.rises[value] = self.rises.get(value, 0) + 1
        return bits if rises <= _MAX_RISES else WORD

    def run(self) -> None:
        while self.work:
            value = self.work.pop()
            origin = value.origin
            if isinstance(origin, Block):
                self.raise_to(self.sources.get(value, ()), self.bits[value])
            elif origin is not None and origin.op in _PASSING:
                self._demand_operands(origin, self.bits[value])

    def _demand_operands(self, inst: Inst, bits: int) -> None:
        op, args = inst.op, inst.args
        if op is Op.iand:
            self.raise_to(args, min(bits, mask_width(args)))
        elif op is Op.select:
            self.raise_to(args[1:], bits)
        elif op is Op.ishl:
            count = constant_of(args[1])
            moved = bits if count is None or count < 0 or bits == ALL else bits - count
            self.raise_to(args[:1], moved)
        elif op is Op.ishr:
            count = constant_of(args[1])
            self.raise_to(args[:1], ALL if count is None or count < 0 else bits + count)
        else:
            self.raise_to(args, bits)


def mask_width(args: list[Value]) -> int:
    """How many low bits of its operands a bitwise and can keep."""
    widths = [
        mask.bit_length()
        for mask in map(constant_of, args)
        if mask is not None and 0 <= mask < 1 << WORD
    ]
    return min(widths, default=ALL)
