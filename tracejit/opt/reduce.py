"""Remainders by constants without a division: by what is congruent and smaller.

For a modulus m = 2**k - c, x is congruent to (x >> k) * c + (x & 2**k - 1). Once x is less than a
modulus away from the remainder, m is added or taken away where that is needed, without a branch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from tracejit.ir.function import Block, Function, Inst, constant_of
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.types import I64_MAX, I64_MIN, U64_MAX, WORD
from tracejit.ir.value import Value
from tracejit.opt.intervals import BOOL_RANGE, I64_RANGE, U64_RANGE, Interval, fits_register
from tracejit.opt.ranges import Ranges

MAX_FOLDS: Final = 3
# Latencies, in cycles, of what the processor has to do.
_DIVISION: Final = 8
"""Of what is not negative, by a reciprocal."""
_SIGN: Final = 3
"""What a sign adds to it."""
_PAIR_DIVISION: Final = 15
_FOLD: Final = 2
_PRODUCT: Final = 3
_CORRECTION: Final = 2
_SHORT: Final = 1 << 31
"""A constant below it takes no register."""


class Way(Enum):
    FOLD = auto()
    RAISE = auto()
    """What is not negative any more takes a division, but no care of its sign."""
    SUM = auto()
    """Of two unsigned registers, which no register holds."""
    DIFFERENCE = auto()
    GOLDILOCKS = auto()
    """By 2**w - 2**(w / 2) + 1 for registers of w bits."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """How to get at the remainder."""

    way: Way
    modulus: int
    bounds: Interval
    """Of the dividend."""
    folds: int = 0
    multiple: int = 0
    """This multiple of the modulus is added first, or to a pair once it is folded."""


def find_reduction(inst: Inst, block: Block, ranges: Ranges) -> Reduction | None:
    """For a remainder of the exact stage, if that is faster than to divide."""
    x, y = inst.args
    least, modulus = ranges.at(y, block)
    if least != modulus or not 2 < modulus <= U64_MAX or inst.value in ranges.unfit:
        return None
    if modulus & modulus - 1 == 0:  # A mask does it.
        return None
    bounds = ranges.at(x, block)
    if x in ranges.pairs:
        return _of_pair(x, bounds, modulus, block, ranges)
    if not fits_register(bounds) or (bounds[0] >= 0 and bounds[1] < modulus):
        return None
    if bounds[0] >= 0:
        return cheapest(bounds, modulus, _DIVISION)
    multiple = -(bounds[0] // modulus) * modulus
    if bounds[1] + multiple > I64_MAX:
        return cheapest(bounds, modulus, _DIVISION + _SIGN)
    found = cheapest(bounds, modulus, _DIVISION + 1)
    return found or Reduction(Way.RAISE, modulus, bounds, 0, multiple)


def quotients(function: Function) -> set[tuple[Value, int | None]]:
    """The dividends and divisors of divisions that are done anyway: a remainder may share one."""
    return {
        (inst.args[0], constant_of(inst.args[1]))
        for inst in function.insts()
        if inst.op is Op.ifloordiv
    }


def _of_pair(
    x: Value, bounds: Interval, modulus: int, block: Block, ranges: Ranges
) -> Reduction | None:
    origin = x.origin
    assert isinstance(origin, Inst)
    if origin.op is not Op.imul and _is_near(bounds, modulus):
        if not all(_is_unsigned(ranges.at(arg, block)) for arg in origin.args):
            return None
        if origin.op is Op.isub:
            return Reduction(Way.DIFFERENCE, modulus, bounds) if bounds[1] < modulus else None
        fits = ranges.at(origin.args[1], block)[1] <= modulus
        return Reduction(Way.SUM, modulus, bounds) if fits else None
    if modulus == (1 << WORD) - (1 << WORD // 2) + 1:
        return Reduction(Way.GOLDILOCKS, modulus, bounds)
    shift, factor = split(modulus)
    if shift >= WORD or not fits_register((bounds[0] >> shift, bounds[1] >> shift)):
        return None
    folded = fold_bounds(bounds, modulus)
    if not fits_register(folded):
        return None
    spent = _FOLD + 2 + _cost(factor)
    rest = cheapest(folded, modulus, _PAIR_DIVISION - spent)
    return rest and Reduction(Way.FOLD, modulus, bounds, rest.folds + 1, rest.multiple)


def split(modulus: int) -> tuple[int, int]:
    """(k, c) with modulus == 2**k - c and the smallest |c|."""
    above = modulus.bit_length()
    below = above - 1
    c, d = (1 << above) - modulus, (1 << below) - modulus
    return (above, c) if c <= -d else (below, d)


def fold_bounds(bounds: Interval, modulus: int) -> Interval:
    """The bounds of (x >> k) * c + (x & 2**k - 1)."""
    shift, factor = split(modulus)
    low, high = (bounds[0] >> shift) * factor, (bounds[1] >> shift) * factor
    return min(low, high), max(low, high) + (1 << shift) - 1


def cheapest(bounds: Interval, modulus: int, limit: int) -> Reduction | None:
    """The best way that takes at most so many cycles."""
    low, high = bounds
    plans = [(_folding(bounds, modulus), 0)]
    if low < 0 and not _is_near(bounds, modulus):
        multiple = -(low // modulus) * modulus
        raised = low + multiple, high + multiple
        if fits_register(raised):
            plans.append((_folding(raised, modulus), multiple))
    best: Reduction | None = None
    for found, multiple in plans:
        if found is not None:
            folds, cost = found
            cost += multiple > 0
            if cost <= limit:
                limit = cost
                best = Reduction(Way.FOLD, modulus, bounds, folds, multiple)
    return best


def _folding(bounds: Interval, modulus: int) -> tuple[int, int] | None:
    """How often to fold, and what it costs altogether."""
    folds, cost = 0, 0
    step = _FOLD + _cost(split(modulus)[1])
    while not _is_near(bounds, modulus):
        bounds = fold_bounds(bounds, modulus)
        folds, cost = folds + 1, cost + step
        if folds > MAX_FOLDS or not fits_register(bounds):
            return None
    return folds, cost + _CORRECTION * (bounds[1] >= modulus) + (bounds[0] < 0)


def _cost(factor: int) -> int:
    """Of a multiplication."""
    size = abs(factor)
    return 0 if size == 1 else 1 if size in (3, 5, 9) or size & (size - 1) == 0 else _PRODUCT


def _is_near(bounds: Interval, modulus: int) -> bool:
    return -modulus <= bounds[0] and bounds[1] < 2 * modulus


def _is_unsigned(bounds: Interval) -> bool:
    return bounds[0] >= 0 and bounds[1] <= U64_MAX


@dataclass(slots=True)
class Reducer:
    """Adds the instructions of one reduction."""

    how: Reduction
    new: Callable[[Inst, Interval], Value]
    """Adds an instruction and gives its result, of which the bounds are known."""
    constant: Callable[[int], Value]

    def of_one(self, x: Value) -> Value:
        """The remainder of a register."""
        return self._reduce(x, self.how.bounds, self.how.folds)

    def of_two(self, a: Value, b: Value) -> Value:
        """Of a sum or a difference of registers, or of the pair with these halves."""
        how = self.how
        if how.way is Way.DIFFERENCE:
            return self._subtract(a, b)
        if how.way is Way.SUM:
            return self._subtract(a, self._word(Op.isub_wrap, self.constant(how.modulus), b))
        if how.way is Way.GOLDILOCKS:
            return self._goldilocks(a, b)
        shift, _ = split(how.modulus)
        above = self._word(Op.ishl_wrap, a, self.constant(WORD - shift))
        below = self._word(Op.ushr_wrap, b, self.constant(shift))
        quotient = self._new(Op.ior, above, below, bounds=self._shifted(how.bounds))
        folded = fold_bounds(how.bounds, how.modulus)
        return self._reduce(self._fold(quotient, b, how.bounds), folded, how.folds - 1)

    def _reduce(self, x: Value, bounds: Interval, folds: int) -> Value:
        multiple = self.how.multiple
        if multiple:
            bounds = bounds[0] + multiple, bounds[1] + multiple
            x = self._new(Op.iadd_wrap, x, self.constant(multiple), bounds=bounds)
        if self.how.way is Way.RAISE:
            modulus = self.how.modulus
            return self._new(Op.imod_wrap, x, self.constant(modulus), bounds=(0, modulus - 1))
        for _ in range(folds):
            shr = Op.ushr_wrap if bounds[1] > I64_MAX else Op.ishr_wrap
            shift = self.constant(split(self.how.modulus)[0])
            quotient = self._new(shr, x, shift, bounds=self._shifted(bounds))
            x = self._fold(quotient, x, bounds)
            bounds = fold_bounds(bounds, self.how.modulus)
        return self._correct(x, bounds)

    def _shifted(self, bounds: Interval) -> Interval:
        shift, _ = split(self.how.modulus)
        return bounds[0] >> shift, bounds[1] >> shift

    def _fold(self, quotient: Value, x: Value, bounds: Interval) -> Value:
        """quotient * c + (x & 2**k - 1)"""
        shift, factor = split(self.how.modulus)
        mask = (1 << shift) - 1
        rest = self._new(Op.iand, x, self.constant(mask), bounds=(0, mask))
        if abs(factor) > 1:
            quotient = self._word(Op.imul_wrap, quotient, self.constant(abs(factor)))
        folded = fold_bounds(bounds, self.how.modulus)
        if factor > 0:
            return self._new(Op.iadd_wrap, quotient, rest, bounds=folded)
        return self._new(Op.isub_wrap, rest, quotient, bounds=folded)

    def _correct(self, x: Value, bounds: Interval) -> Value:
        """The remainder of what is less than a modulus away from it."""
        low, high = bounds
        most = self.how.modulus - 1
        if low >= 0 and high <= most:
            return x
        modulus, zero = self.constant(self.how.modulus), self.constant(0)
        found = x
        if high > most:
            less = self._word(Op.isub_wrap, x, modulus)
            if high <= I64_MAX and most >= _SHORT:
                is_less = self._test(Op.ilt, less, zero)
            else:
                is_less = self._test(Op.ult if high > I64_MAX else Op.ilt, x, modulus)
            # Of what is negative, `less` may have wrapped.
            found = self._new(
                Op.select, is_less, x, less, bounds=(0, most) if low >= 0 else I64_RANGE
            )
        if low < 0:
            more = self._word(Op.iadd_wrap, x, modulus)
            is_less = self._test(Op.ilt, x, zero)
            found = self._new(Op.select, is_less, more, found, bounds=(0, most))
        return found

    def _subtract(self, a: Value, b: Value) -> Value:
        """a - b, with the modulus added where it is negative; both are unsigned."""
        difference = self._word(Op.isub_wrap, a, b)
        more = self._word(Op.iadd_wrap, difference, self.constant(self.how.modulus))
        is_less = self._test(Op.ult, a, b)
        return self._new(Op.select, is_less, more, difference, bounds=U64_RANGE)

    def _goldilocks(self, high: Value, low: Value) -> Value:
        """2**w is congruent to 2**(w / 2) - 1, and 2**(w / 2 * 3) to -1.

        What is taken away behind the first sum is so large that the remainder is right at once, but
        for the half of 2**(w / 2) that makes a signed high half unsigned.
        """
        half = WORD // 2
        signed = self.how.bounds[0] < 0
        excess = (1 << half - 1) * signed
        if signed:
            high = self._word(Op.ixor, high, self.constant(I64_MIN))
        upper = self._word(Op.ushr_wrap, high, self.constant(half))
        lower = self._word(Op.iand, high, self.constant((1 << half) - 1))
        scaled = self._word(Op.ishl_wrap, lower, self.constant(half))
        rest = self._word(Op.isub_wrap, self.constant(self.how.modulus - excess), scaled)
        found = self._subtract(self._subtract(low, upper), self._word(Op.iadd_wrap, rest, lower))
        return self._correct(found, (0, self.how.modulus + excess)) if signed else found

    def _test(self, op: Opcode, x: Value, y: Value) -> Value:
        return self._new(op, x, y, bounds=BOOL_RANGE)

    def _word(self, op: Opcode, x: Value, y: Value) -> Value:
        return self._new(op, x, y, bounds=I64_RANGE)

    def _new(self, op: Opcode, *args: Value, bounds: Interval) -> Value:
        return self.new(Inst(op, list(args)), bounds)
