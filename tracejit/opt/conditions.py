"""What a condition tells about its operands: closer bounds where it holds, or does not."""

from __future__ import annotations

from typing import TypeAlias

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
    if op is Op.bnot:
        more = learn(origin.args[0], not truth, bounds)
        return None if more is None else {**facts, **more}
    if op is (Op.band if truth else Op.bor):
        return _learn_both(origin.args, truth, bounds, facts)
    if op in INVERSE:
        return _learn_order(op if truth else INVERSE[op], origin.args, bounds, facts)
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
    (a, b), (c, d) = bounds[x], bounds[y]
    if op is Op.ieq:
        a = c = max(a, c)
        b = d = min(b, d)
    elif op is Op.ine:
        a, b = _without(a, b, c, d)
        c, d = _without(c, d, a, b)
    elif op is Op.ilt or op is Op.ile:
        gap = op is Op.ilt
        b, c = min(b, d - gap), max(c, a + gap)
    else:
        gap = op is Op.igt
        a, d = max(a, c + gap), min(d, b - gap)
    if a > b or c > d:
        return None
    if (a, b) != bounds[x]:
        facts[x] = (a, b)
    if (c, d) != bounds[y]:
        facts[y] = (c, d)
    return facts


def _without(a: int, b: int, c: int, d: int) -> Interval:
    """The bounds (a, b) without the only member of (c, d), where it is one of them."""
    if c == d and a == c:
        a += 1
    if c == d and b == c:
        b -= 1
    return a, b
