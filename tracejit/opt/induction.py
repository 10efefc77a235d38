"""Strength reduction: polynomials of a loop's counters become sums that go along.

A parameter of the loop stands for the polynomial, and others for its differences:

    header(i):                              header(i, p, q):
        square = i * i                          next = i + 1
        multiple = i * 7                        header(next, p + q, q + 2)
        polynomial = square - multiple
        next = i + 1                        with p for the polynomial
        header(next)
"""

from __future__ import annotations

from typing import Final

from tracejit.ir.dominators import DominatorTree, Loop, dominator_tree, natural_loops
from tracejit.ir.function import Block, Function, Inst, Target, constant_of
from tracejit.ir.ops import Op
from tracejit.ir.types import I64
from tracejit.ir.value import Value
from tracejit.opt.chains import DEGREES, MAX_DEGREE, Chain, Chains, term_of
from tracejit.opt.substitute import substitute

MAX_CARRIED: Final = 10
"""So many registers a loop may take for what it changes and for what it only reads."""
MAX_BEFORE: Final = 4
"""So many instructions may be added before a loop: it may go round but a few times."""
_MULTIPLICATION: Final = 2
"""What it costs, in additions."""


def induction(function: Function) -> None:
    """Reduce the polynomials in innermost loops that cost a multiplication."""
    multiplying = {
        block
        for block in function.blocks
        for inst in block.insts
        if inst.op is Op.imul_wrap and _multiplies(inst)
    }
    if not multiplying:
        return
    tree = dominator_tree(function)
    loops = natural_loops(function, tree)
    parents = {loop.parent for loop in loops}
    sources = function.predecessors()
    position = {block: at for at, block in enumerate(tree.order)}
    reductions = [
        _Reduction(function, tree, loop, sorted(loop.blocks, key=position.__getitem__), sources)
        for loop in loops
        if len(loop.latches) == 1
        and len(sources[loop.header]) == 2
        and loop not in parents
        and not multiplying.isdisjoint(loop.blocks)
    ]
    reductions = [each for each in reductions if any(map(_multiplies, each.polynomials))]
    if not reductions:
        return
    readers = _readers(function, {value for each in reductions for value in each.degrees})
    replaced: dict[Value, Value] = {}
    for each in reductions:
        each.run(readers, replaced)
    substitute(function, replaced)


def _multiplies(inst: Inst) -> bool:
    """Whether the instruction is a product that no single addition of multiples gives."""
    if inst.op is not Op.imul_wrap:
        return False
    factor = constant_of(inst.args[1])
    return factor is None or factor <= 0 or factor // (factor & -factor) not in (1, 3, 5, 9)


def _readers(function: Function, values: set[Value]) -> dict[Value, list[Inst]]:
    """The instructions that read each of the values, in states too."""
    found: dict[Value, list[Inst]] = {value: [] for value in values}
    for inst in function.insts():
        for value in inst.uses():
            if value in found:
                found[value].append(inst)
    return found


class _Reduction:
    """Of a loop with one way in and one way round."""

    def __init__(
        self,
        function: Function,
        tree: DominatorTree,
        loop: Loop,
        blocks: list[Block],
        sources: dict[Block, list[Block]],
    ) -> None:
        self.function, self.tree, self.header = function, tree, loop.header
        (self.latch,) = loop.latches
        (self.source,) = (source for source in sources[self.header] if source is not self.latch)
        self.entry, self.again = self._edge(self.source), self._edge(self.latch)
        self.insts: list[Inst] = []
        self.homes: dict[Value | None, Block] = {}
        """Where the loop defines what it defines, constants apart."""
        for block in blocks:
            insts = [inst for inst in block.insts if not inst.op.has_imm]
            self.insts += insts
            self.homes.update(dict.fromkeys(block.params, block))
            self.homes.update((inst.result, block) for inst in insts)
        self.counters = self._counters()
        self.degrees = dict.fromkeys(self.counters, 1)
        """Of the counters and the polynomials."""
        self.polynomials = [inst for inst in self.insts if self._is_polynomial(inst)]

    def _edge(self, source: Block) -> Target:
        (edge,) = (edge for edge in source.insts[-1].targets if edge.block is self.header)
        return edge

    def _counters(self) -> dict[Value, Chain]:
        """The parameters that grow by the same in each iteration."""
        found: dict[Value, Chain] = {}
        params, starts, following = self.header.params, self.entry.args, self.again.args
        for param, start, after in zip(params, starts, following, strict=True):
            step = after.origin
            if isinstance(step, Inst) and step.op is Op.iadd_wrap and step.args[0] is param:
                by = step.args[1]
                if by not in self.homes:
                    found[param] = [term_of(start), term_of(by)]
        return found

    def run(self, readers: dict[Value, list[Inst]], replaced: dict[Value, Value]) -> None:
        """Reduce what is worth it; `replaced` gets what stands for it."""
        room = MAX_CARRIED - self._count_carried()
        gone: set[Inst] = set()
        for inst in reversed(self.polynomials):
            degree = self.degrees[inst.value]
            is_read = readers[inst.value] and inst not in gone
            if not is_read or degree > room or not self._is_certain(inst):
                continue
            vanishing = self._vanishing_with(inst, readers)
            saved = sum(_MULTIPLICATION if _multiplies(each) else 1 for each in vanishing)
            if saved <= degree or not any(map(_multiplies, vanishing)):
                continue
            chains = Chains(self.function)
            chain = self._chain_of(inst.value, chains)
            if sum(not each.op.has_imm for each in chains.insts) <= MAX_BEFORE:
                replaced[inst.value] = self._carry(inst, chain, chains)
                gone |= vanishing
                room -= degree

    def _is_polynomial(self, inst: Inst) -> bool:
        degree_of = DEGREES.get(inst.op)
        if degree_of is None:
            return False
        x, y = (self.degrees.get(arg) if arg in self.homes else 0 for arg in inst.args)
        if x is None or y is None or not 0 < degree_of(x, y) <= MAX_DEGREE:
            return False
        self.degrees[inst.value] = degree_of(x, y)
        return True

    def _vanishing_with(self, inst: Inst, readers: dict[Value, list[Inst]]) -> set[Inst]:
        """The polynomials that nobody reads once this one, which is among them, is replaced."""
        gone = {inst}
        work = [inst]
        while work:
            for arg in work.pop().args:
                origin = arg.origin
                if (
                    arg in self.degrees
                    and isinstance(origin, Inst)
                    and gone.issuperset(readers[arg])
                ):
                    gone.add(origin)
                    work.append(origin)
        return gone

    def _count_carried(self) -> int:
        """How many registers the loop takes as it is."""
        read = {arg for inst in self.insts for arg in inst.operands()}
        outside = sum(constant_of(arg) is None for arg in read if arg not in self.homes)
        return len(self.header.params) + outside

    def _is_certain(self, inst: Inst) -> bool:
        """Whether every iteration that is followed by another one passes here."""
        return self.tree.dominates(self.homes[inst.value], self.latch)

    def _chain_of(self, value: Value, chains: Chains) -> Chain:
        if value in self.counters:
            return self.counters[value]
        if value not in self.homes:
            return [term_of(value)]
        inst = value.origin
        assert isinstance(inst, Inst)
        x, y = (self._chain_of(arg, chains) for arg in inst.args)
        return chains.combined(inst.op, x, y)

    def _carry(self, inst: Inst, chain: Chain, chains: Chains) -> Value:
        """Parameters of the header that go along; the first of them."""
        *firsts, last = chain
        starts = [chains.value(first) for first in firsts]
        carried = [self.function.new_value(I64, self.header) for _ in starts]
        self._place_before(chains.insts)
        by = Chains(self.function)
        grown = [
            by.term(Op.iadd_wrap, x, y) for x, y in zip(carried, [*carried[1:], last], strict=True)
        ]
        self.header.params += carried
        self.entry.args += starts
        self.again.args += [by.value(term) for term in grown]
        self._place_at_end(by.insts)
        if self.homes[inst.value] is self.header and inst.value in self.function.ranges:
            self.function.ranges[carried[0]] = self.function.ranges[inst.value]
        return carried[0]

    def _place_before(self, insts: list[Inst]) -> None:
        """On the edge into the loop."""
        if len(self.source.insts[-1].targets) > 1:
            self.source, entry = self.function.new_block(), self.entry
            self.entry = Target(self.header, entry.args)
            self.source.insts.append(Inst(Op.jump, targets=[self.entry]))
            entry.block, entry.args = self.source, []
        self.source.insts[-1:-1] = insts

    def _place_at_end(self, insts: list[Inst]) -> None:
        """In the latch, but not between the test, what is tested, and the branch."""
        latch = self.latch.insts
        at = len(latch) - 1
        beside = latch[at].args
        while at and latch[at - 1].result in beside:
            at -= 1
            beside = [*beside, *latch[at].args]
        latch[at:at] = insts
