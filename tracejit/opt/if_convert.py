"""If-conversion: a branch around a few cheap instructions becomes a choice between their results.

What a program decides in an `if` mostly depends on data, and a mispredicted branch costs more than
a handful of instructions (Allen, Kennedy, Porterfield and Warren, "Conversion of Control Dependence
to Data Dependence", 1983). So both arms are computed where they are short, cannot leave, and meet
in one block. Branches out of loops and around divisions, products of variables or exits stay: they
are mostly predicted, or cost less than both arms. So do those that decide on a float: the processor
has no choice between two for them.

A sum that may leave is converted all the same, by its neutral element: `if c: x += y` becomes
`x += y if c else 0`, which leaves where the sum in the arm would have, and only there.
"""

from __future__ import annotations

from typing import Final

from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.types import F64, I64, WORD
from tracejit.ir.value import Value
from tracejit.opt.substitute import resolve, substitute

MAX_WORK: Final = 3
"""How many instructions may be computed in vain, constants apart."""
MAX_CHOICES: Final = 2
"""How many results may be chosen between."""
_CHEAP: Final = frozenset(
    (
        *(Op.iconst, Op.bconst, Op.select, Op.ifrom_bool, Op.bnot, Op.band, Op.bor, Op.bxor),
        *(Op.iadd_wrap, Op.isub_wrap, Op.ineg_wrap, Op.iabs_wrap, Op.inot),
        *(Op.iand, Op.ior, Op.ixor, Op.imin, Op.imax),
        *(Op.ieq, Op.ine, Op.ilt, Op.ile, Op.igt, Op.ige, Op.ult, Op.ule, Op.ugt, Op.uge),
    )
)
_SHIFTS: Final = frozenset((Op.ishl_wrap, Op.ishr_wrap, Op.ushr_wrap))
_SUMS: Final = frozenset((Op.iadd_ovf, Op.uadd_ovf, Op.isub_ovf, Op.usub_ovf))
"""What leaves, and gives its left operand where the right one is 0."""


def if_convert(function: Function) -> None:
    """Convert every branch that is worth it, those inside others first.

    The blocks are in reverse postorder.
    """
    conversion = _Conversion(function)
    for block in reversed(function.blocks):
        if block.insts[-1].op is Op.br_if:
            conversion.convert(block)
    conversion.finish()


class _Conversion:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.entering: dict[Block, int] = dict.fromkeys(function.blocks, 0)
        """How many edges lead into each block."""
        self.gone: set[Block] = set()
        self.replaced: dict[Value, Value] = {}
        for block in function.blocks:
            for target in block.insts[-1].targets:
                self.entering[target.block] += 1

    def convert(self, block: Block) -> None:
        branch = block.insts[-1]
        arms = [self.arm(target) for target in branch.targets]
        if arms == [None, None]:
            return
        ends = [
            target if arm is None else arm.insts[-1].targets[0]
            for target, arm in zip(branch.targets, arms, strict=True)
        ]
        join = ends[0].block
        if ends[1].block is not join or join is block:
            return
        yes, no = ([resolve(arg, self.replaced) for arg in end.args] for end in ends)
        choices = [a for a, b in zip(yes, no, strict=True) if a is not b]
        if len(choices) > MAX_CHOICES or any(value.type == F64 for value in choices):
            return
        then, otherwise = arms
        if not (_may_hoist(then, yes, no) and _may_hoist(otherwise, no, yes)):
            return
        block.insts.pop()
        condition = branch.args[0]
        if then is not None:
            self.hoist(then, block, condition, (yes, no))
        if otherwise is not None:
            self.hoist(otherwise, block, condition, (yes, no))
        args = [
            a if a is b else self.choose(block, condition, a, b, param)
            for a, b, param in zip(yes, no, join.params, strict=True)
        ]
        block.insts.append(Inst(Op.jump, targets=[Target(join, args)]))
        self.entering[join] -= 1
        self.merge(block, join, args)

    def arm(self, target: Target) -> Block | None:
        """The block that the edge leads to, if it is short and only this edge leads there."""
        block = target.block
        if self.entering[block] != 1 or block.params or block.insts[-1].op is not Op.jump:
            return None
        return block if sum(not inst.op.has_imm for inst in block.insts[:-1]) <= MAX_WORK else None

    def hoist(
        self, arm: Block, block: Block, condition: Value, ways: tuple[list[Value], list[Value]]
    ) -> None:
        """Append what the arm computes. What the branch told of it is not known any more."""
        self.gone.add(arm)
        for inst in arm.insts[:-1]:
            if not inst.op.has_imm:
                self.function.ranges.pop(inst.value, None)
            if inst.op in _SUMS:
                yes, no = ways
                side = inst.value in no
                at = (no if side else yes).index(inst.value)
                kept = (yes if side else no)[at]
                added = inst.args[1] if inst.args[0] is kept else inst.args[0]
                zero = self.add(block, Op.iconst, imm=0)
                pair = (zero, added) if side else (added, zero)
                inst.args = [kept, self.add(block, Op.select, condition, *pair)]
                yes[at] = no[at] = inst.value
            block.insts.append(inst)

    def choose(self, block: Block, condition: Value, yes: Value, no: Value, param: Value) -> Value:
        """What the parameter is given either way, and so in its range."""
        chosen = self.add(block, Op.select, condition, yes, no)
        if param in self.function.ranges:
            self.function.ranges[chosen] = self.function.ranges[param]
        return chosen

    def add(self, block: Block, op: Opcode, *args: Value, imm: object = None) -> Value:
        inst = self.function.new_inst(op, args, imm=imm, type=I64 if op is Op.iconst else None)
        block.insts.append(inst)
        return inst.value

    def merge(self, block: Block, target: Block, args: list[Value]) -> None:
        """Append the block that only this one leads to now, so that it can be part of an arm."""
        if self.entering[target] == 1:
            self.replaced.update(zip(target.params, args, strict=True))
            block.insts[-1:] = target.insts
            self.gone.add(target)

    def finish(self) -> None:
        if self.gone:
            blocks = self.function.blocks
            self.function.blocks = [block for block in blocks if block not in self.gone]
            substitute(self.function, self.replaced)


def _may_hoist(arm: Block | None, given: list[Value], instead: list[Value]) -> bool:
    """Whether the arm, which gives these arguments, does no harm where the others are given."""
    if arm is None:
        return True
    *insts, _ = arm.insts
    if insts and insts[-1].op in _SUMS and _is_neutral(insts[-1], given, instead):
        insts.pop()
    return all(map(_is_cheap, insts))


def _is_neutral(inst: Inst, given: list[Value], instead: list[Value]) -> bool:
    """Whether the other way has, instead of the sum, the operand that it is added to."""
    if given.count(inst.value) != 1:
        return False
    kept = instead[given.index(inst.value)]
    return kept is inst.args[0] or (inst.op.commutes and kept is inst.args[1])


def _is_cheap(inst: Inst) -> bool:
    if inst.op in _CHEAP:
        return True
    origin = inst.args[1].origin if len(inst.args) == 2 else None
    if not isinstance(origin, Inst) or origin.op is not Op.iconst:
        return False
    constant: int = origin.imm  # type: ignore[assignment]  # the imm of an iconst is an int
    if inst.op in _SHIFTS:
        return 0 <= constant < WORD
    return inst.op is Op.imul_wrap and constant in (3, 5, 9)
