"""What ranges decide altogether: comparisons, clamps, masks, remainders, branches.

Ranges trust that an operation whose result does not fit leaves. So once something is decided by
them, no operation that may leave is dead any more, even if nothing reads its result.
"""

from __future__ import annotations

from tracejit.ir.function import Block, Function, Inst
from tracejit.ir.ops import Op
from tracejit.ir.types import BOOL, I64, INT
from tracejit.ir.value import Value
from tracejit.opt.ranges import Ranges
from tracejit.opt.substitute import substitute

_LEAVING = frozenset(op for op in Op.by_name.values() if op.exit == "must")
_REMAINDERS = frozenset((Op.imod_wrap, Op.umod_wrap))
_CLAMPS = _REMAINDERS | {Op.imin, Op.imax, Op.iand}


def decide(function: Function, ranges: Ranges) -> None:
    """Replace what has but one possible result, and branches that only go one way."""
    function.blocks = [block for block in function.blocks if block in ranges.facts]
    replaced: dict[Value, Value] = {}
    for block in function.blocks:
        insts: list[Inst] = []
        for inst in block.insts:
            result = inst.result
            if result is not None and not inst.op.has_imm and inst.op not in _LEAVING:
                same = _operand_it_equals(inst, block, ranges)
                if same is not None:
                    replaced[result] = same
                    continue
                _become_constant(inst, result, ranges)
            insts.append(inst)
        block.insts = insts
        _drop_dead_edges(block, ranges)
    substitute(function, replaced)


def _become_constant(inst: Inst, result: Value, ranges: Ranges) -> None:
    low, high = ranges.bounds[result]
    if low == high and result not in ranges.unfit and result.type in (INT, I64, BOOL):
        is_bool = result.type == BOOL
        inst.op = Op.bconst if is_bool else Op.iconst
        inst.imm = bool(low) if is_bool else low
        inst.args, inst.exit = [], None


def _drop_dead_edges(block: Block, ranges: Ranges) -> None:
    last = block.insts[-1]
    taken = [target for target in last.targets if target not in ranges.dead]
    if len(taken) < len(last.targets):
        block.insts[-1] = Inst(Op.jump, targets=taken)


def _operand_it_equals(inst: Inst, block: Block, ranges: Ranges) -> Value | None:
    """The operand that the result is proven to equal."""
    op, args = inst.op, inst.args
    if op is Op.iabs_wrap:
        return args[0] if ranges.at(args[0], block)[0] >= 0 else None
    if op is Op.select:
        low, high = ranges.at(args[0], block)
        return args[1 if low else 2] if low == high else None
    if op not in _CLAMPS:
        return None
    x, y = args
    (a, b), (c, d) = ranges.at(x, block), ranges.at(y, block)
    if op is Op.imin:  # min(x, y) -> x where x <= y
        return x if b <= c else y if d <= a else None
    if op is Op.imax:
        return y if b <= c else x if d <= a else None
    if op in _REMAINDERS:  # x % y -> x where 0 <= x < y
        return x if a >= 0 and b < c else None
    # x & m -> x where the mask m covers x
    return x if c == d and a >= 0 and b & c == b and _covers(c, b) else None


def _covers(mask: int, high: int) -> bool:
    """Whether the mask keeps every bit that the integers from 0 to `high` have."""
    ones = (1 << high.bit_length()) - 1
    return mask & ones == ones
