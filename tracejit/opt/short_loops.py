"""Loops that soon end need no poll: the loop around them polls, or the function returns.

Soon ends a loop that counts from a constant to a constant in few steps, one that goes on only while
a number is not 0 that loses a bit, or more, in each iteration, and one that doubles a number, as
that must soon leave the range that is proven for it.
"""

from __future__ import annotations

from typing import Final

from tracejit.ir.dominators import DominatorTree, Loop, dominator_tree, natural_loops
from tracejit.ir.function import Block, Function, Inst, constant_of
from tracejit.ir.ops import Op, Undefined
from tracejit.ir.types import WORD
from tracejit.ir.value import Value

MAX_ITERATIONS: Final = WORD
"""What may count up to more polls."""
MAX_BODY: Final = 40
"""Loops with more instructions, constants apart, poll."""
_LOSING: Final = {Op.ifloordiv_wrap: 2, Op.ishr_wrap: 1, Op.ufloordiv_wrap: 2, Op.ushr_wrap: 1}
"""What takes at least a bit off a number that is not negative, by so much or more."""
_UNSIGNED: Final = frozenset((Op.ufloordiv_wrap, Op.ushr_wrap))


def short_loops(function: Function) -> None:
    """Drop the polls of innermost loops that soon end."""
    if not function.has(Op.poll):
        return
    tree = dominator_tree(function)
    loops = natural_loops(function, tree)
    parents = {loop.parent for loop in loops}
    entering: dict[Block, list[tuple[Block, list[Value]]]] = {}
    for block in function.blocks:
        for target in block.insts[-1].targets:
            entering.setdefault(target.block, []).append((block, target.args))
    for loop in loops:
        if loop not in parents and _ends_soon(function, loop, tree, entering[loop.header]):
            for block in loop.blocks:
                block.insts = [inst for inst in block.insts if inst.op is not Op.poll]


def _ends_soon(
    function: Function,
    loop: Loop,
    tree: DominatorTree,
    entering: list[tuple[Block, list[Value]]],
) -> bool:
    size = sum(not inst.op.has_imm for block in loop.blocks for inst in block.insts)
    if len(loop.latches) != 1 or size > MAX_BODY:
        return False
    (latch,) = loop.latches
    given = [args for source, args in entering if source is not latch]
    (again,) = [args for source, args in entering if source is latch]
    tests = [test for block in loop.blocks if (test := _test(block, loop, tree, latch))]
    for at, param in enumerate(loop.header.params):
        step = again[at].origin
        starts = {constant_of(args[at]) for args in given}
        start = starts.pop() if len(starts) == 1 else None
        if isinstance(step, Inst) and param in step.args:
            if _doubles(function, param, step):
                return True
            for compare, stays in tests:
                if compare.args[0] not in (param, again[at]):
                    continue
                if _loses_bits(function, param, step) and _ends_at_zero(compare, stays):
                    return True
                if _counts_out(step, compare, stays, start):
                    return True
    return False


def _test(block: Block, loop: Loop, tree: DominatorTree, latch: Block) -> tuple[Inst, bool] | None:
    """The comparison by which the block, which each iteration passes, leaves the loop.

    And what it gives where the loop goes on.
    """
    branch = block.insts[-1]
    if branch.op is not Op.br_if or not tree.dominates(block, latch):
        return None
    inside = [target.block in loop.blocks for target in branch.targets]
    compare = branch.args[0].origin
    if all(inside) or not isinstance(compare, Inst) or compare.op.meaning is None:
        return None
    return (compare, inside[0]) if len(compare.args) == 2 else None


def _loses_bits(function: Function, param: Value, step: Inst) -> bool:
    """Whether the step makes fewer ones of the parameter's, or a shorter number."""
    x, y = step.args[0], step.args[-1]
    if step.op is Op.iand:  # x & x - 1
        less = (y if x is param else x).origin
        return (
            isinstance(less, Inst)
            and less.op in (Op.iadd_wrap, Op.iadd_ovf)
            and less.args[0] is param
            and constant_of(less.args[1]) == -1
        )
    if step.op not in _LOSING or x is not param:
        return False
    if step.op not in _UNSIGNED and function.range_of(param)[0] < 0:
        return False
    least = constant_of(y)
    return least is not None and least >= _LOSING[step.op]


def _doubles(function: Function, param: Value, step: Inst) -> bool:
    """Whether the step is at least twice the parameter, which is positive, and fits as well."""
    if function.range_of(param)[0] <= 0 or function.ranges.get(step.value, (0,))[0] <= 0:
        return False
    x, y = step.args[0], step.args[-1]
    if x is not param:
        return False
    least = constant_of(y)
    if step.op is Op.iadd_wrap:
        return y is param
    if step.op is Op.imul_wrap:
        return least is not None and least >= 2
    return step.op is Op.ishl_wrap and least is not None and least >= 1


def _ends_at_zero(compare: Inst, stays: bool) -> bool:
    bound = constant_of(compare.args[1])
    return bound is not None and bool(compare.op.meaning(0, bound)) is not stays  # type: ignore[misc]  # a comparison has a meaning


def _counts_out(step: Inst, compare: Inst, stays: bool, start: int | None) -> bool:
    """Whether, from the start, the test fails after few steps."""
    bound = constant_of(compare.args[1])
    operands = [constant_of(arg) for arg in step.args]
    if start is None or bound is None or step.op.exit != "never" or operands.count(None) != 1:
        return False
    at = operands.index(None)
    assert step.op.meaning is not None
    assert compare.op.meaning is not None
    number = start
    for _ in range(MAX_ITERATIONS):
        operands[at] = number
        try:
            number = step.op.meaning(*operands)
        except Undefined:
            return False
        if bool(compare.op.meaning(number, bound)) is not stays:
            return True
    return False
