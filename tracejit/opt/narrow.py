"""Exact integers become machine integers: the heart of the compiler.

Range analysis tells where a result is proven defined and within 64 bits, demand analysis where only
low bits of it are ever used: there the wrapping form without an exit stands, elsewhere the form
that leaves. An integer that may exceed 2**63 - 1 is held as an unsigned one; where such a one meets
one that may be negative, either is checked. What outgrows a register and is reduced at once is held
in two, see `pairs`. An exact integer that no register holds can only be a
constant, which `wide` deals with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, Shape, Unsigned, map_values
from tracejit.ir.types import BOOL, I64, I64_MAX, I64_MIN, INT, wrap_i64
from tracejit.ir.value import Value
from tracejit.opt.checks import Check, Checks, find_checks
from tracejit.opt.dce import NEEDED_BEFORE_DECISIONS, drop_dead
from tracejit.opt.decide import decide
from tracejit.opt.demand import find_modular
from tracejit.opt.forms import Form, Mixed, form_of
from tracejit.opt.intervals import BOOL_RANGE, I64_RANGE, U64_RANGE, Interval
from tracejit.opt.nonzero import Nonzero
from tracejit.opt.pairs import Halves, Restarts, find_reduced, pair_form
from tracejit.opt.ranges import Ranges, find_ranges
from tracejit.opt.reduce import Reducer, Reduction, Way, find_reduction, quotients
from tracejit.opt.wide import NoExit, leave_at_edges, leave_with_wide_constants

MAX_ROUNDS = 6
"""After so many guesses at what may be modular or unsigned, nothing is."""


def narrow(function: Function) -> None:
    """Take the function from the exact to the machine stage, with `ranges` filled in.

    Raises NoExit.
    """
    ranges, forms, checks = _choose(function)
    _Narrower(function, ranges, forms, checks).run()
    for block in leave_at_edges(function, ranges.wide, ranges.facts.keys()):
        ranges.facts[block] = {}
    drop_dead(function, NEEDED_BEFORE_DECISIONS)
    decide(function, ranges)
    leave_with_wide_constants(function, ranges.wide)
    _read_otherwise(function, _retype(function, ranges))


def _choose(function: Function) -> tuple[Ranges, dict[Inst, Form], Checks]:
    """Ranges and forms that agree: what a kept exit sees is exact, and a register holds it."""
    exact: set[Value] = set()
    signed: set[Value] = set()
    natural: set[Value] = set()
    for _ in range(MAX_ROUNDS):
        modular = find_modular(function, exact)
        reduced = find_reduced(function, exact, modular)
        ranges = find_ranges(function, modular, signed, reduced, natural)
        checks, unchecked = find_checks(function, ranges, ranges.clashes | natural)
        if ranges.clashes or unchecked:
            natural = (natural | ranges.clashes) - unchecked - signed
            signed |= _given_to(function, unchecked | (ranges.clashes - natural))
            continue
        forms, unreduced = _forms(function, ranges)
        inexact = unreduced | _seen_by_exits(function, ranges, forms)
        for check in checks:
            inexact |= (ranges.low | ranges.pairs).intersection(check.exit.state.values())
        if not inexact:
            return ranges, forms, checks
        exact |= inexact
    ranges = find_ranges(function, signed=None)
    if ranges.clashes:
        raise NoExit("what no register holds")
    return ranges, _forms(function, ranges)[0], []


def _given_to(function: Function, values: set[Value]) -> set[Value]:
    """The parameters and choices, and all that they may be."""
    sources: dict[Value, list[Value]] = {}
    for block in function.blocks:
        for target in block.insts[-1].targets:
            for param, arg in zip(target.block.params, target.args, strict=True):
                sources.setdefault(param, []).append(arg)
    found: set[Value] = set()
    work = list(values)
    while work:
        value = work.pop()
        if value not in found:
            found.add(value)
            origin = value.origin
            if isinstance(origin, Block):
                work += sources.get(value, ())
            elif origin is not None and origin.op is Op.select:
                work += origin.args[1:]
    return found


def _forms(function: Function, ranges: Ranges) -> tuple[dict[Inst, Form], set[Value]]:
    """What becomes of each instruction that is reached, if anything; pairs that no form reads."""
    forms: dict[Inst, Form] = {}
    unreduced: set[Value] = set()
    pairs = ranges.pairs
    nonzero = Nonzero(function, ranges)
    divided: set[tuple[Value, int | None]] | None = None
    for block in function.blocks:
        if block in ranges.facts:
            for inst in block.insts:
                if inst.result is None or not inst.args:
                    continue
                how = find_reduction(inst, block, ranges) if inst.op is Op.imod else None
                if how is not None and divided is None:
                    divided = quotients(function)
                form: Form | None
                if how is not None and (inst.args[0], how.modulus) not in (divided or ()):
                    form = Form(Op.select, reduction=how)
                elif pairs and (inst.result in pairs or not pairs.isdisjoint(inst.args)):
                    form = pair_form(inst, block, ranges, nonzero)
                    if form is None:
                        unreduced |= pairs.intersection(inst.args)
                else:
                    form = form_of(inst, block, ranges, nonzero)
                if form is not None:
                    forms[inst] = form
    return forms, unreduced


def _seen_by_exits(function: Function, ranges: Ranges, forms: dict[Inst, Form]) -> set[Value]:
    """The values in states of exits that stay, which no register would hold exactly."""
    found: set[Value] = set()
    inexact = ranges.low | ranges.pairs
    if not inexact:
        return found
    states: set[FrameState] = set()
    for block in function.blocks:
        if block not in ranges.facts:
            continue
        restarts = Restarts(ranges.pairs)
        for inst in block.insts:
            exit = restarts.exit_of(inst)
            restarts.follow(inst, exit)
            if exit is not None and exit.state not in states:
                form = forms.get(inst)
                if inst.op.result is None or (form is not None and form.leaves):
                    states.add(exit.state)
                    found |= inexact.intersection(exit.state.values())
    return found


@dataclass(slots=True, eq=False)
class _Narrower:
    """Puts the forms in place."""

    function: Function
    ranges: Ranges
    forms: dict[Inst, Form]
    checks: Checks
    insts: list[Inst] = field(default_factory=list)

    def run(self) -> None:
        pairs = self.ranges.pairs
        halves = Halves(self.ranges, self._new, self._constant)
        for block in self.function.blocks:
            if block in self.ranges.facts:
                self.insts = []
                if pairs:
                    self._restart(block)
                for inst in block.insts:
                    form = self.forms.get(inst)
                    if form is None:
                        self.insts.append(inst)
                        if inst.op.exit == "never":
                            inst.exit = None
                    elif inst.result in pairs:
                        self._check_operands(inst, form)
                        halves.make(inst, block)
                    else:
                        self._narrow(inst, form, halves)
                block.insts = self.insts
        sources: dict[Target, Block] = {}
        for check in self.checks:
            self._check_edge(check, sources)

    def _restart(self, block: Block) -> None:
        """Let no exit of the block see a pair."""
        restarts = Restarts(self.ranges.pairs)
        for inst in block.insts:
            inst.exit = restarts.exit_of(inst)
            restarts.follow(inst, inst.exit)

    def _narrow(self, inst: Inst, form: Form, halves: Halves) -> None:
        if form.leaves and not form.is_wide and inst.exit is None:
            raise NoExit(inst.op.name)
        self._check_operands(inst, form)
        if form.mixed is not None:
            self._compare_mixed(inst, form.mixed)
        if form.picks is not None:
            self._pick(inst, form)
            return
        if form.reduction is not None:
            self._reduce(inst, form.reduction, halves)
            return
        op, exit, result = form.op, inst.exit, inst.result
        if form.pairs:
            halves.reduce(inst, form)
        else:
            inst.op = op
        if form.negated:
            inst.args[1] = self._constant(-self.ranges.bounds[inst.args[1]][0])
        self.insts.append(inst)
        if op.exit == "never" and not form.is_wide:
            inst.exit = None
        if form.check_result:
            assert result is not None
            inst.result = self.function.new_value(I64, inst)
            self.ranges.bounds[inst.result] = U64_RANGE
            checked = Inst(Op.inonneg_ovf, [inst.result], None, result, exit)
            result.origin = checked
            self.insts.append(checked)

    def _reduce(self, inst: Inst, how: Reduction, halves: Halves) -> None:
        """Let the last instruction of the reduction give the result."""
        x = inst.args[0]
        reducer = Reducer(how, self._new, self._constant)
        if how.way is Way.SUM or how.way is Way.DIFFERENCE:
            assert isinstance(x.origin, Inst)
            a, b = x.origin.args
            reducer.of_two(a, b)
        elif x in halves.halves:
            reducer.of_two(*halves.halves[x])
        else:
            reducer.of_one(x)
        last = self.insts.pop()
        inst.op, inst.args, inst.exit = last.op, last.args, None
        self.insts.append(inst)

    def _check_edge(self, check: Check, sources: dict[Target, Block]) -> None:
        """In the source if it goes nowhere else, or in a block of the edge's own."""
        edge = check.target
        source = sources.get(edge, check.source)
        if len(source.insts[-1].targets) > 1:
            source = sources[edge] = self._split(source, edge)
        self.insts, last = source.insts[:-1], source.insts[-1]
        edge.args[check.at] = self._checked(edge.args[check.at], check.exit)
        source.insts = [*self.insts, last]

    def _split(self, source: Block, edge: Target) -> Block:
        """A block that the edge ends in, from where the source's new edge leads there."""
        block = self.function.new_block()
        targets = source.insts[-1].targets
        targets[targets.index(edge)] = Target(block, [])
        block.insts = [Inst(Op.jump, targets=[edge])]
        self.ranges.facts[block] = self.ranges.facts[source]
        return block

    def _check_operands(self, inst: Inst, form: Form) -> None:
        for at in form.checked:
            inst.args[at] = self._checked(inst.args[at], inst.exit)

    def _checked(self, value: Value, exit: Exit | None) -> Value:
        """The value, where it is known not to be negative, nor beyond the signed integers."""
        low, high = self.ranges.bounds[value]
        bounds = (max(low, 0), max(min(high, I64_MAX), 0))
        return self._new(Inst(Op.inonneg_ovf, [value], exit=exit), bounds)

    def _constant(self, number: int) -> Value:
        return self._new(Inst(Op.iconst, imm=number), (number, number))

    def _new(self, inst: Inst, bounds: Interval) -> Value:
        bool_result = inst.op.result == BOOL
        inst.result = self.function.new_value(BOOL if bool_result else I64, inst)
        self.ranges.bounds[inst.result] = bounds
        self.insts.append(inst)
        return inst.result

    def _compare_mixed(self, inst: Inst, mixed: Mixed) -> None:
        """Compare as unsigned, and then mind the sign of the operand that may be negative."""
        zero = self._constant(0)
        sign = self._new(Inst(mixed.sign, [inst.args[mixed.signed], zero]), BOOL_RANGE)
        found = self._new(Inst(mixed.compare, list(inst.args)), BOOL_RANGE)
        if inst.result is not None and inst.result.type == BOOL:
            inst.args = [sign, found]
        else:
            picked = self._new(Inst(mixed.join, [sign, found]), BOOL_RANGE)
            inst.args = [picked, *inst.args]

    def _pick(self, inst: Inst, form: Form) -> None:
        """The least or the greatest, by a comparison."""
        assert form.picks is not None
        if form.mixed is None:
            inst.args = [self._new(Inst(form.picks, list(inst.args)), BOOL_RANGE), *inst.args]
        inst.op, inst.exit = Op.select, None
        self.insts.append(inst)


def _retype(function: Function, ranges: Ranges) -> dict[Value, Shape]:
    """Let exact integers be machine integers, of which the function knows the bounds.

    What registers hold that are not, as signed integers, what they stand for, is to be read as is
    said here: as unsigned, or as a constant beyond 64 bits.
    """
    otherwise: dict[Value, Shape] = {}
    function.ranges = {}
    for block in function.blocks:
        results = [inst.result for inst in block.insts if inst.result is not None]
        for value in block.params + results:
            if value.type == INT:
                value.type = I64
            if value.type == I64 and value not in ranges.low:
                least, most = bounds = ranges.bounds[value]
                if least >= I64_MIN and most <= I64_MAX:
                    if bounds != I64_RANGE:
                        function.ranges[value] = bounds
                else:
                    otherwise[value] = _read_beyond(value)
    return otherwise


def _read_beyond(value: Value) -> Shape:
    origin = value.origin
    if not isinstance(origin, Inst) or origin.op is not Op.iconst:
        return Unsigned(value)
    number: int = origin.imm  # type: ignore[assignment]  # an int
    origin.imm = wrap_i64(number)
    return Const(number)


def _read_otherwise(function: Function, read: dict[Value, Shape]) -> None:
    """Let states and returns read these values so."""
    if not read:
        return
    states: dict[FrameState, FrameState] = {}

    def reading(value: Value) -> Shape:
        return read.get(value, value)

    for inst in function.insts():
        if inst.op is Op.ret:
            inst.imm = map_values(inst.returned(), reading)
        elif inst.exit is not None and not read.keys().isdisjoint(inst.exit.state.values()):
            state = inst.exit.state
            if state not in states:
                states[state] = state.map_values(reading)
            inst.exit = Exit(inst.exit.reason, states[state])
