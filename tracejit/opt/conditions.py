"""What a condition tells about its operands: closer bounds where it holds, or does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from tracejit.ir.function import Inst
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.value import Value
from tracejit.opt.algebra import INVERSE
from tracejit.opt.intervals import NO, YES, Interval

Facts: TypeAlias = dict[Value, Interval]
"""Bounds of values."""


def learn(condition: Value, truth: bool, bounds: Facts) -> Facts | None:
    """Closer bounds that hold where the condition is that; None where it never is."""
    low, high = bounds[condition]
    if not low <= truth <= high:
        return None
    facts: Facts = {condition: YES if truth else NO}
    origin = condition.origin
    if not isinstance(origin, Inst):
        return facts
    op = origin.op
    if op in INVERSE:
        return _learn_order(op if truth else INVERSE[op], origin.args, bounds, facts)
    if op is Op.bnot:
        more = learn(origin.args[0], not truth, bounds)
        return None if more is None else {**facts, **more}
    if op is (Op.band if truth else Op.bor):
        return _learn_both(origin.args, truth, bounds, facts)
    return facts


def _learn_both(parts: list[Value], truth: bool, bounds: Facts, facts: Facts) -> Facts | None:
    for part in parts:
        more = learn(part, truth, {**bounds, **facts} if part is parts[1] else bounds)
        if more is None:
            return None
        facts.update(more)
    return facts


def _learn_order(op: Opcode, args: list[Value], bounds: Facts, facts: Facts) -> Facts | None:
    """What `x op y` tells of x and y."""
    x, y = args
    old_x, old_y = bounds[x], bounds[y]
    new_x, new_y = _CLOSER[op](old_x, old_y)
    if new_x != old_x:
        if new_x[0] > new_x[1]:
            return None
        facts[x] = new_x
    if new_y != old_y:
        if new_y[0] > new_y[1]:
            return None
        facts[y] = new_y
    return facts


def _equal(x: Interval, y: Interval) -> tuple[Interval, Interval]:
    both = max(x[0], y[0]), min(x[1], y[1])
    return both, both


def _unequal(x: Interval, y: Interval) -> tuple[Interval, Interval]:
    x = _without(x, y)
    return x, _without(y, x)


def _without(x: Interval, y: Interval) -> Interval:
    """The bounds x without the only member of y, where it is one of them."""
    (a, b), (c, d) = x, y
    return (a + (a == c), b - (b == c)) if c == d else x


def _less(x: Interval, y: Interval) -> tuple[Interval, Interval]:
    (a, b), (c, d) = x, y
    return (a, b if b < d else d - 1), (c if c > a else a + 1, d)


def _less_equal(x: Interval, y: Interval) -> tuple[Interval, Interval]:
    (a, b), (c, d) = x, y
    return (a, b if b < d else d), (c if c > a else a, d)


def _greater(x: Interval, y: Interval) -> tuple[Interval, Interval]:
    return _less(y, x)[::-1]


def _greater_equal(x: Interval, y: Interval) -> tuple[Interval, Interval]:
    return _less_equal(y, x)[::-1]


_CLOSER: Final[dict[Opcode, Callable[[Interval, Interval], tuple[Interval, Interval]]]] = {
    Op.ieq: _equal,
    Op.ine: _unequal,
    Op.ilt: _less,
    Op.ile: _less_equal,
    Op.igt: _greater,
    Op.ige: _greater_equal,
}
"""The bounds of both operands where the comparison holds; where it never does, there are none."""
