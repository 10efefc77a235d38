"""Range analysis: bounds of every integer, by abstract interpretation with intervals.

Sweeps over the blocks in reverse postorder, widening at the targets of retreating edges until all
bounds are stable, then one sweep that narrows them again (Cousot and Cousot, 1977). What a branch
tells about its operands holds on its edge, and in the blocks that only that edge leads to.

The bounds speak of the code after the narrow pass: an operation whose result does not fit a
register leaves there, so a result that goes on lies in 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from tracejit.ir.dominators import dominator_tree
from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.types import BOOL, I64_MAX, I64_MIN
from tracejit.ir.value import Value
from tracejit.opt.fold import INVERSE
from tracejit.opt.intervals import BOOL_RANGE, I64_RANGE, NO, TRANSFER, YES, Interval, hull

MAX_SWEEPS = 8
"""After so many sweeps without a fixpoint, loops are taken to give anything."""

Step: TypeAlias = tuple[Value, Callable[..., Interval], list[Value]]
Facts: TypeAlias = dict[Value, Interval]


class _Mode(Enum):
    WIDEN = auto()
    """Bounds at loop heads only grow, to the end of the type at once."""
    NARROW = auto()
    """Bounds at loop heads are what the edges give."""
    GIVE_UP = auto()
    """Loop heads get anything."""


@dataclass(slots=True, eq=False)
class Ranges:
    """What is known of the values of a function."""

    bounds: Facts
    """Where the value is defined (and so wherever it is used)."""
    facts: dict[Block, Facts]
    """Closer bounds that hold throughout a block; blocks that are never reached have no entry."""
    unfit: set[Value]
    """Results that may lie outside 64 bits: of these the exact value is not bounded."""
    dead: set[Target]
    """Edges of branches that are never taken."""

    def at(self, value: Value, block: Block) -> Interval:
        """The bounds of a value that is used in the block but not defined there."""
        return self.facts[block].get(value) or self.bounds[value]


def find_ranges(function: Function) -> Ranges:
    """Analyse a function of the exact stage."""
    analysis = _Analysis(function)
    analysis.sweep(_Mode.WIDEN)
    if analysis.heads:
        for _ in range(MAX_SWEEPS):
            if analysis.is_stable():
                analysis.sweep(_Mode.NARROW)
                break
            analysis.sweep(_Mode.WIDEN)
        else:
            analysis.sweep(_Mode.GIVE_UP)
    return Ranges(analysis.bounds, analysis.facts, analysis.unfit, analysis.dead)


@dataclass(slots=True, eq=False)
class _Analysis:
    function: Function
    order: list[Block] = field(init=False)
    idom: dict[Block, Block] = field(init=False)
    incoming: dict[Block, list[Target]] = field(init=False)
    heads: set[Block] = field(init=False)
    steps: dict[Block, list[Step]] = field(init=False)
    bounds: Facts = field(default_factory=dict)
    facts: dict[Block, Facts] = field(default_factory=dict)
    unfit: set[Value] = field(default_factory=set)
    dead: set[Target] = field(default_factory=set)
    given: dict[Target, list[Interval]] = field(default_factory=dict)
    """What the arguments on each edge that can be taken are known to be."""
    learned: dict[Target, Facts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tree = dominator_tree(self.function)
        self.order, self.idom = tree.order, tree.idom
        self.incoming = {block: [] for block in self.order}
        self.heads = set()
        self.steps = {}
        seen: set[Block] = set()
        for block in self.order:
            seen.add(block)
            for target in block.insts[-1].targets:
                self.incoming[target.block].append(target)
                if target.block in seen:
                    self.heads.add(target.block)
            self.steps[block] = self._plan(block)
        for param in self.function.entry.params:
            self.bounds[param] = _everything(param)

    def _plan(self, block: Block) -> list[Step]:
        """The instructions to interpret; constants are known from the start."""
        steps: list[Step] = []
        for inst in block.insts:
            if inst.result is None:
                continue
            if inst.op.has_imm:
                constant: int = inst.imm  # type: ignore[assignment]  # an int or a bool
                self.bounds[inst.result] = (int(constant), int(constant))
            elif inst.op is Op.select:
                steps.append((inst.result, self._choice(inst), inst.args))
            else:
                steps.append((inst.result, TRANSFER[inst.op], inst.args))
        return steps

    def _choice(self, inst: Inst) -> Callable[..., Interval]:
        """The transfer function of a select, whose condition tells about its operands."""
        condition, x, y = inst.args

        def choice(_: Interval, if_true: Interval, if_false: Interval) -> Interval:
            then = learn(condition, True, self.bounds)
            otherwise = learn(condition, False, self.bounds)
            if then is None or otherwise is None:
                return if_false if then is None else if_true
            return hull(then.get(x, if_true), otherwise.get(y, if_false))

        return choice

    def sweep(self, mode: _Mode) -> None:
        """Interpret every block that can be reached once, in reverse postorder."""
        self.unfit = set()
        self.dead = set()
        self.facts = {}
        for block in self.order:
            edges = self.incoming[block]
            taken = [self.given[edge] for edge in edges if edge in self.given]
            gives_up = mode is _Mode.GIVE_UP and block in self.heads
            if edges and (not (taken or gives_up) or self.idom[block] not in self.facts):
                for edge in block.insts[-1].targets:
                    self.given.pop(edge, None)
                continue
            if gives_up:
                self._take_anything(block)
            elif edges and block.params:
                self._join(block, taken, mode)
            self._visit(block, self._facts_at(block, edges))

    def is_stable(self) -> bool:
        """Whether another widening sweep would change nothing."""
        for head in self.heads:
            edges_taken = [self.given[edge] for edge in self.incoming[head] if edge in self.given]
            if not edges_taken:
                continue
            if head not in self.facts:
                return False
            for param, *intervals in zip(head.params, *edges_taken, strict=True):
                low, high = self.bounds[param]
                for interval in intervals:
                    if interval[0] < low or interval[1] > high:
                        return False
        return True

    def _take_anything(self, block: Block) -> None:
        for param in block.params:
            self.bounds[param] = _everything(param)

    def _join(self, block: Block, edges_taken: list[list[Interval]], mode: _Mode) -> None:
        widens = mode is _Mode.WIDEN and block in self.heads
        for param, *intervals in zip(block.params, *edges_taken, strict=True):
            new = intervals[0]
            for interval in intervals:
                new = hull(new, interval)
            old = self.bounds.get(param) if widens else None
            if old is not None:
                least, most = _everything(param)
                new = (
                    old[0] if old[0] <= new[0] else least,
                    old[1] if old[1] >= new[1] else most,
                )
            self.bounds[param] = new

    def _facts_at(self, block: Block, edges: list[Target]) -> Facts:
        """What branches that dominate the block tell there."""
        if not edges:
            return {}
        facts = self.facts[self.idom[block]]
        if len(edges) == 1 and edges[0] in self.learned:
            return {**facts, **self.learned[edges[0]]}
        return facts

    def _visit(self, block: Block, facts: Facts) -> None:
        self.facts[block] = facts
        bounds = self.bounds
        general = [(value, bounds[value]) for value in facts]
        bounds.update(facts)
        for result, transfer, args in self.steps[block]:
            if len(args) == 2:
                found = transfer(bounds[args[0]], bounds[args[1]])
            else:
                found = transfer(*[bounds[arg] for arg in args])
            if found[0] < I64_MIN or found[1] > I64_MAX:
                self.unfit.add(result)
                found = (max(found[0], I64_MIN), min(found[1], I64_MAX))
                if found[0] > found[1]:
                    found = I64_RANGE  # It always leaves: what follows is not reached.
            bounds[result] = found
        self._leave(block.insts[-1])
        bounds.update(general)

    def _leave(self, last: Inst) -> None:
        """Tell the successors what they are given."""
        targets = last.targets
        if len(targets) == 1:
            self._give(targets[0], {})
        elif targets:
            condition, bounds = last.args[0], self.bounds
            then, otherwise = learn(condition, True, bounds), learn(condition, False, bounds)
            if then is None and otherwise is None:  # Not reached, though that is seen only here.
                then = otherwise = {}
            for target, learned in zip(targets, (then, otherwise), strict=True):
                if learned is None:
                    self.given.pop(target, None)
                    self.dead.add(target)
                else:
                    self.learned[target] = learned
                    self._give(target, learned)

    def _give(self, target: Target, learned: Facts) -> None:
        bounds = self.bounds
        given = [learned.get(arg) or bounds[arg] for arg in target.args]
        if any(low < I64_MIN or high > I64_MAX for low, high in given):
            self.given.pop(target, None)  # No register holds it: the narrow pass leaves instead.
        else:
            self.given[target] = given


def _everything(value: Value) -> Interval:
    return BOOL_RANGE if value.type == BOOL else I64_RANGE


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
    facts[x] = (a, b)
    facts[y] = (c, d)
    return facts


def _without(a: int, b: int, c: int, d: int) -> Interval:
    """The bounds (a, b) without the only member of (c, d), where it is one of them."""
    if c == d and a == c:
        a += 1
    if c == d and b == c:
        b -= 1
    return a, b
