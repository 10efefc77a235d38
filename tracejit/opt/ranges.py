"""Range analysis: bounds of every integer, by abstract interpretation with intervals.

Sweeps over the blocks in reverse postorder, widening at the targets of retreating edges until all
bounds are stable, then one sweep that narrows them again (Cousot and Cousot, 1977). What a branch
tells about its operands holds on its edge, and in the blocks that only that edge leads to.

The bounds speak of the code after the narrow pass: an operation whose result does not fit a
register leaves there, so a result that goes on lies in 64 bits, signed or unsigned. What may be
computed modulo a power of two never leaves, and its exact value is bounded by nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeAlias

from tracejit.ir.dominators import dominator_tree
from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import Op
from tracejit.ir.types import BOOL, F64, I64_MAX, I64_MIN, INT, U64_MAX, WORD, Type
from tracejit.ir.value import Value
from tracejit.opt.conditions import Facts, learn
from tracejit.opt.intervals import (
    BOOL_RANGE,
    I64_RANGE,
    TRANSFER,
    U64_RANGE,
    Interval,
    fits_register,
    hull,
    square,
)

MAX_SWEEPS = 16
"""After so many sweeps without a fixpoint, loops are taken to give anything."""
EAGER_SWEEPS = 4
"""So many sweeps guess that a bound of a remainder or a mask is one of a loop variable."""
MAX_FACTS = 40
"""With more, those of branches further up are forgotten: each block copies them."""
_GROWING = frozenset((Op.iadd, Op.imul, Op.ishl))
"""What a loop variable becomes by one of these has no upper bound, it is guessed."""

_ANYTHING: Final = (-(1 << 3 * WORD), 1 << 3 * WORD)
"""Bounds of what is computed modulo a power of two. No shift of such a value by as much as a
register has bits is anything but such a value, and so its results get the same bounds."""
_FLOAT: Final = (0, 0)
"""What stands for the bounds of a float: nothing widens it, and nothing asks what it means."""
_OF_FLOATS: Final[dict[Type, Interval]] = {
    F64: _FLOAT,
    BOOL: BOOL_RANGE,
    INT: (I64_MIN + 1, I64_MAX),
}
"""The bounds of what opcodes that read or give floats result in, by its type."""
_CONSTANTS: Final = frozenset((Op.iconst, Op.bconst))
_SHIFTS: Final = frozenset((Op.ishl, Op.ishr))
_REDUCTIONS: Final = frozenset((Op.imod, Op.iand))
_SCALES: Final = frozenset((Op.imul, Op.ishl))
_COUNTS: Final = frozenset((Op.iadd, Op.isub, Op.ineg, Op.iabs))
"""What counts a variable up; that it could count beyond 2**63 - 1 does not make it unsigned."""

Step: TypeAlias = tuple[Value, Callable[..., Interval], "Value | None", "Value | None"]


class _Mode(Enum):
    WIDEN = auto()
    """Bounds at loop heads only grow, in few steps."""
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
    dead: set[Target]
    """Edges of branches that are never taken."""
    unfit: set[Value]
    """Results that may lie outside their bounds: the operation has to leave then."""
    low: set[Value]
    """Results that may lie outside 64 bits, of which only low bits are ever used."""
    wide: set[Value]
    """Constants that no register holds."""
    pairs: set[Value]
    """Results that are held in two registers."""
    clashes: set[Value]
    """What may be negative as well as beyond 2**63 - 1, which no register holds."""

    def at(self, value: Value, block: Block) -> Interval:
        """The bounds of a value that is used in the block but not defined there."""
        return self.facts[block].get(value) or self.bounds[value]


@dataclass(slots=True, eq=False)
class _Edge:
    target: Target
    bit: int
    """Of the block that it leads to."""
    given: list[Interval] | None = None
    """What the arguments are known to be; None while the edge is not known to be taken."""
    learned: Facts | None = None
    """What a branch tells on the edge."""
    dead: bool = False


@dataclass(slots=True, eq=False)
class _Node:
    """A block, prepared for being interpreted again and again."""

    block: Block
    bit: int
    """What stands for the block in sets of blocks."""
    idom: Block
    steps: list[Step]
    integers: list[Value]
    """What the steps compute, comparisons apart."""
    dominates: int = 0
    """The blocks that it is the immediate dominator of."""
    incoming: list[_Edge] = field(default_factory=list)
    outgoing: list[_Edge] = field(default_factory=list)
    is_head: bool = False
    """Whether a retreating edge leads here."""


def find_ranges(
    function: Function,
    modular: Set[Value] = frozenset(),
    signed: Set[Value] | None = frozenset(),
    reduced: Set[Value] = frozenset(),
    natural: Set[Value] = frozenset(),
) -> Ranges:
    """Analyse a function of the exact stage.

    `modular` may be computed modulo 2**64. `signed` (or everything) is not to exceed 2**63 - 1.
    `reduced` may be held in pairs of registers. `natural` are block parameters that nothing
    negative is passed to: who asks so has to check it.
    """
    analysis = _Analysis(function, modular, signed, reduced, natural)
    analysis.sweep(_Mode.WIDEN)
    if analysis.heads and analysis.widen():
        analysis.sweep(_Mode.NARROW)
        # What is taken to be unsigned loses its negative members, so bounds may grow again.
        analysis.widen()
    analysis.add_low_params()
    return Ranges(
        analysis.bounds,
        analysis.facts,
        analysis.dead_edges(),
        analysis.unfit,
        analysis.low,
        analysis.wide,
        analysis.pairs(),
        analysis.clashes(),
    )


class _Analysis:
    def __init__(
        self,
        function: Function,
        modular: Set[Value],
        signed: Set[Value] | None,
        reduced: Set[Value],
        natural: Set[Value],
    ) -> None:
        tree = dominator_tree(function)
        self.modular, self.signed, self.reduced = modular, signed, reduced
        self.natural = natural
        self.bounds: Facts = {
            param: function.ranges.get(param) or self._everything(param)
            for param in function.entry.params
        }
        self.facts: dict[Block, Facts] = {}
        self.unfit: set[Value] = set()
        self.low: set[Value] = set()
        self.wide: set[Value] = set()
        self.reductions: list[Value] = []
        """Remainders and masked integers: what loops bound their variables by."""
        self.readers: dict[Value, int] = {}
        """The blocks that are interpreted by the bounds of a value."""
        self.entered_anew = 1
        """The blocks of which it has changed what edges give and branches above tell."""
        self.reads_anew = 0
        """The blocks that are to be interpreted, as something that they go by has changed."""
        self.sweeps = 0
        nodes: dict[Block, _Node] = {}
        for at, block in enumerate(tree.order):
            steps = self._plan(block, 1 << at)
            integers = [result for result, *_ in steps if result.type == INT]
            nodes[block] = _Node(block, 1 << at, tree.idom[block], steps, integers)
        self.begins_beyond = any(
            most > I64_MAX and value not in self.wide for value, (_, most) in self.bounds.items()
        )
        """Whether an argument or a constant in a register exceeds the signed integers."""
        for block, node in nodes.items():
            nodes[node.idom].dominates |= node.bit
            for target in block.insts[-1].targets:
                successor = nodes[target.block]
                edge = _Edge(target, successor.bit)
                node.outgoing.append(edge)
                successor.incoming.append(edge)
                if successor.bit <= node.bit:
                    successor.is_head = True
        self.nodes = list(nodes.values())
        self.heads = [node for node in self.nodes if node.is_head]

    def _plan(self, block: Block, bit: int) -> list[Step]:
        """The instructions to interpret; constants are known from the start."""
        steps: list[Step] = []
        read: list[Value] = []
        for inst in block.insts:
            result, args = inst.result, inst.args
            if result is None:
                continue
            transfer = TRANSFER.get(inst.op)
            if transfer is None:
                self.bounds[result] = self._fixed_bounds(inst, result)
                continue
            read += args
            if inst.op is Op.select:
                read += _told_by(args[0])
                steps.append((result, self._choice(inst), None, None))
            elif inst.op is Op.imul and args[0] is args[1]:
                steps.append((result, square, args[0], None))
            else:
                if inst.op in _REDUCTIONS:
                    self.reductions.append(result)
                steps.append((result, transfer, args[0], args[1] if args[1:] else None))
        last = block.insts[-1]
        for target in last.targets:
            read += target.args
        if last.op is Op.br_if:
            read += _told_by(last.args[0])
        for value in set(read).difference([result for result, *_ in steps]):
            self.readers[value] = self.readers.get(value, 0) | bit
        return steps

    def _fixed_bounds(self, inst: Inst, result: Value) -> Interval:
        """The bounds of a result that do not depend on any other's."""
        if inst.op in _CONSTANTS:
            constant: int = inst.imm  # type: ignore[assignment]  # an int or a bool
            if result not in self.modular and not self._fits(result, constant):
                self.wide.add(result)
            return int(constant), int(constant)
        if inst.op is Op.uload:
            return U64_RANGE
        return I64_RANGE if inst.op.effect and result.type == INT else _OF_FLOATS[result.type]

    def _choice(self, inst: Inst) -> Callable[[], Interval]:
        """The transfer function of a select, whose condition tells about its operands."""
        condition, x, y = inst.args

        def choice() -> Interval:
            bounds = self.bounds
            then, otherwise = learn(condition, True, bounds), learn(condition, False, bounds)
            if then is None or otherwise is None:
                return bounds[y if then is None else x]
            return hull(then.get(x) or bounds[x], otherwise.get(y) or bounds[y])

        return choice

    def widen(self) -> bool:
        """Go on until the bounds hold; whether they did before the analysis gave up."""
        for _ in range(MAX_SWEEPS):
            if self.is_stable():
                return True
            self.sweep(_Mode.WIDEN)
        self.sweep(_Mode.GIVE_UP)
        return False

    def sweep(self, mode: _Mode) -> None:
        """Interpret the blocks that can be reached, in reverse postorder.

        Once interpreted, a block is left out while nothing that it depends on has changed.
        """
        self.sweeps += 1
        if mode is not _Mode.WIDEN:
            for node in self.heads:
                self.entered_anew |= node.bit
        for node in self.nodes:
            if self.entered_anew & node.bit:
                self._enter(node, mode)
            if self.reads_anew & node.bit:
                self._visit(node)

    def _enter(self, node: _Node, mode: _Mode) -> None:
        """Find out what is known where the block begins, if it is reached."""
        self.entered_anew ^= node.bit
        block, incoming, facts = node.block, node.incoming, self.facts
        if incoming:
            given = [edge.given for edge in incoming if edge.given is not None]
            gives_up = mode is _Mode.GIVE_UP and node.is_head
            if not (given or gives_up) or node.idom not in facts:
                self._pass_by(node)
                return
            if block.params:
                widens = mode is _Mode.WIDEN and node.is_head
                for at, new in enumerate(self._join(node, given, gives_up)):
                    param = block.params[at]
                    if new != self.bounds.get(param):
                        self._bound(param, self._widen(node, at, new) if widens else new)
        known = self._facts_at(node)
        if facts.get(block) != known:
            facts[block] = known
            self.entered_anew |= node.dominates
            self.reads_anew |= node.bit

    def _bound(self, param: Value, interval: Interval) -> None:
        if self.bounds.get(param) != interval:
            self.bounds[param] = interval
            self.reads_anew |= self.readers.get(param, 0)

    def _pass_by(self, node: _Node) -> None:
        """Forget what was known of a block that is not reached any more."""
        if self.facts.pop(node.block, None) is not None:
            self.entered_anew |= node.dominates
            for edge in node.outgoing:
                self._tell(edge, None)

    def is_stable(self) -> bool:
        """Whether another widening sweep would change nothing."""
        for node in self.heads:
            if self.entered_anew & node.bit:
                edges = [edge.given for edge in node.incoming if edge.given is not None]
                if edges and node.block not in self.facts:
                    return False
                for given in edges:
                    for param, (low, high) in zip(node.block.params, given, strict=True):
                        least, most = self.bounds[param]
                        if low < least or high > most:
                            return False
        return True

    def _join(self, node: _Node, given: list[list[Interval]], gives_up: bool) -> list[Interval]:
        """What bounds the parameters, by what all edges give."""
        if gives_up:
            return [self._whatever_is_held(param) for param in node.block.params]
        joined = given[0]
        for other in given[1:]:
            joined = [
                (a if a < c else c, b if b > d else d)
                for (a, b), (c, d) in zip(joined, other, strict=True)
            ]
        return joined

    def _widen(self, node: _Node, at: int, new: Interval) -> Interval:
        param = node.block.params[at]
        low, high = new
        old = self.bounds.get(param)
        if old is not None and old[0] <= low and high <= old[1]:
            return old
        least, most = self._everything(param)
        if high > most:
            most = max(high, U64_MAX)
        if old is None:
            return (low, most) if self._grows(node, at) else new
        if low < old[0]:
            low = 0 if low >= 0 else self._next_bound(low, least)
        return min(low, old[0]), old[1] if high <= old[1] else self._next_bound(high, most)

    def _grows(self, node: _Node, at: int) -> bool:
        """Whether an edge gives the parameter a product, or a sum that may be larger than it."""
        for edge in node.incoming:
            origin = edge.target.args[at].origin
            if isinstance(origin, Inst) and origin.op in _GROWING:
                added = self.bounds.get(origin.args[1])
                if origin.op is not Op.iadd or added is None or added[1] > 0:
                    return True
        return False

    def _next_bound(self, bound: int, end: int) -> int:
        """What to widen a bound to: that of a remainder or a mask for a start, else the end.

        What is passed round a loop unless a remainder takes its place is never narrowed again.
        """
        if self.sweeps > EAGER_SWEEPS or abs(bound) > I64_MAX:
            return end
        reductions = filter(None, map(self.bounds.get, self.reductions))
        if bound > 0:
            return min([most for _, most in reductions if bound <= most <= I64_MAX], default=end)
        return max([least for least, _ in reductions if I64_MIN <= least <= bound], default=end)

    def _facts_at(self, node: _Node) -> Facts:
        """What branches that dominate the block tell there."""
        if not node.incoming:
            return {}
        facts = self.facts[node.idom]
        if len(node.incoming) == 1 and node.incoming[0].learned:
            learned = node.incoming[0].learned
            return {**facts, **learned} if len(facts) < MAX_FACTS else learned
        return facts

    def _visit(self, node: _Node) -> None:
        self.reads_anew ^= node.bit
        bounds, readers, facts = self.bounds, self.readers, self.facts.get(node.block)
        if facts is None:
            return
        general = list(map(bounds.__getitem__, facts))
        bounds.update(facts)
        if node.integers:
            self.unfit.difference_update(node.integers)
            self.low.difference_update(node.integers)
        for result, transfer, x, y in node.steps:
            if y is not None:
                found = transfer(bounds[x], bounds[y])  # type: ignore[index]  # y comes after x
            elif x is not None:
                found = transfer(bounds[x])
            else:
                found = transfer()
            if found[0] < I64_MIN or found[1] > I64_MAX:
                found = self._beyond(result, found)
            if bounds.get(result) != found:
                bounds[result] = found
                self.reads_anew |= readers.get(result, 0)
        self._go_on(node)
        bounds.update(zip(facts, general, strict=True))

    def _beyond(self, result: Value, found: Interval) -> Interval:
        """The bounds of a result that may exceed the signed integers."""
        least, most = found
        if result in self.modular and not 0 <= least <= most <= U64_MAX:
            self.low.add(result)
            return _ANYTHING
        origin = result.origin
        assert isinstance(origin, Inst)
        if origin.op is Op.select:
            return found
        least, most = U64_RANGE if self._is_unsigned(origin, found) else I64_RANGE
        if least <= found[0] and found[1] <= most:
            return found
        if result in self.reduced:
            if self._is_pair(origin, found):
                return found
            # What is added to an unsigned pair may have to prove not to be negative.
            natural = max(found[0], 0), found[1]
            operands = [self.bounds[arg] for arg in origin.args]
            can_prove = all(bounds[0] >= 0 or fits_register(bounds) for bounds in operands)
            if origin.op is Op.iadd and can_prove and self._is_pair(origin, natural):
                return natural
        self.unfit.add(result)
        clipped = (max(found[0], least), min(found[1], most))
        # Where nothing is left it always leaves, and what follows is not reached.
        return clipped if clipped[0] <= clipped[1] else (least, most)

    def _is_unsigned(self, inst: Inst, found: Interval) -> bool:
        """Whether a result that may exceed the signed integers is to be an unsigned one."""
        low, high = found
        if high <= I64_MAX or self._is_signed(inst.value):
            return False
        operands = [self.bounds[arg] for arg in inst.args]
        of_pair = not fits_register(operands[0])
        if low >= 0 and high <= U64_MAX and (of_pair or inst.op not in _COUNTS):
            # Not so where an operand is bounded by nothing but the signed integers themselves.
            return inst.op not in _SCALES or operands[0][1] <= I64_MAX // 4 * 3
        if inst.op in _SHIFTS:
            del operands[1]
        return any(least >= 0 and most > I64_MAX for least, most in operands)

    def _is_pair(self, inst: Inst, found: Interval) -> bool:
        """Whether two registers can hold what outgrows one, made of what registers hold.

        Sums of what fits the signed integers are more often below 2**63 than worth two registers.
        """
        low, high = found
        half = 1 << 2 * WORD - 1
        if low < -half or high >= (half if low < 0 else 2 * half):
            return False
        operands = [self.bounds[arg] for arg in inst.args]
        fitting = [fits_register(operand) for operand in operands]
        if inst.op is not Op.imul:
            held = zip(inst.args, fitting, strict=True)
            return any(most > I64_MAX for _, most in operands) and all(
                fits or (arg in self.reduced and arg not in self.low) for arg, fits in held
            )
        return all(fitting)

    def pairs(self) -> set[Value]:
        bounds, others = self.bounds, self.unfit | self.low
        return {
            value
            for value in self.reduced
            if value in bounds and value not in others and not fits_register(bounds[value])
        }

    def _fits(self, constant: Value, number: int) -> bool:
        if I64_MIN <= number <= I64_MAX:
            return True
        return 0 <= number <= U64_MAX and not self._is_signed(constant)

    def _is_signed(self, value: Value) -> bool:
        return self.signed is None or value in self.signed

    def _everything(self, value: Value) -> Interval:
        if value.type == BOOL:
            return BOOL_RANGE
        if value.type == F64:
            return _FLOAT
        return _ANYTHING if value in self.modular else I64_RANGE

    def _whatever_is_held(self, param: Value) -> Interval:
        """Bounds that hold whatever the loop does, if no operation gives what does not fit."""
        least, most = self._everything(param)
        if param.type in (BOOL, F64) or (self._is_signed(param) and not self.begins_beyond):
            return least, most
        return least, max(most, U64_MAX)

    def add_low_params(self) -> None:
        for node in self.nodes:
            for param in node.block.params:
                if param in self.modular and node.block in self.facts:
                    low, high = self.bounds[param]
                    if low < I64_MIN or high > (I64_MAX if low < 0 else U64_MAX):
                        self.low.add(param)

    def clashes(self) -> set[Value]:
        """Parameters and choices that no register holds, signed or unsigned."""
        found: set[Value] = set()
        bounds, modular = self.bounds, self.modular
        for node in self.nodes:
            if node.block not in self.facts:
                continue
            for param in node.block.params:
                low, high = bounds[param]
                if low < 0 and high > I64_MAX and param not in modular:
                    found.add(param)
            for result, _, x, _ in node.steps:
                if x is None and result not in modular:
                    low, high = bounds[result]
                    if low < 0 and high > I64_MAX:
                        found.add(result)
        return found

    def _go_on(self, node: _Node) -> None:
        """Tell the successors what they are given."""
        bounds = self.bounds
        if len(node.outgoing) == 1:
            (edge,) = node.outgoing
            self._tell(edge, [bounds[arg] for arg in edge.target.args])
        elif node.outgoing:
            condition = node.block.insts[-1].args[0]
            then, otherwise = learn(condition, True, bounds), learn(condition, False, bounds)
            if then is None and otherwise is None:  # Not reached, though that is seen only here.
                then = otherwise = {}
            for edge, learned in zip(node.outgoing, (then, otherwise), strict=True):
                edge.dead = learned is None
                if learned != edge.learned:
                    edge.learned = learned
                    self.entered_anew |= edge.bit
                if learned is None:
                    self._tell(edge, None)
                else:
                    self._tell(edge, [learned.get(arg) or bounds[arg] for arg in edge.target.args])

    def _tell(self, edge: _Edge, given: list[Interval] | None) -> None:
        """Let the edge give that; None where it is not taken."""
        if self.natural and given is not None:
            self._cut(edge, given)
        if self.wide and not self.wide.isdisjoint(edge.target.args):
            given = None  # No register holds it: the narrow pass leaves instead.
        if given != edge.given:
            edge.given = given
            self.entered_anew |= edge.bit

    def _cut(self, edge: _Edge, given: list[Interval]) -> None:
        """Take away what is checked not to be passed."""
        for at, param in enumerate(edge.target.block.params):
            if param in self.natural and given[at][0] < 0:
                given[at] = (0, max(given[at][1], 0))

    def dead_edges(self) -> set[Target]:
        return {edge.target for node in self.nodes for edge in node.outgoing if edge.dead}


def _told_by(condition: Value) -> list[Value]:
    """The condition, and all that it is made of and tells about."""
    found = [condition]
    for value in found:
        origin = value.origin
        if value.type == BOOL and isinstance(origin, Inst):
            found += origin.args
    return found
