"""Control-flow clean-up: fewer blocks, fewer branches. Leaves the blocks in reverse postorder."""

from __future__ import annotations

from tracejit.ir.dominators import reverse_postorder
from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import Op
from tracejit.ir.types import F64
from tracejit.ir.value import Value
from tracejit.opt.substitute import substitute
from tracejit.opt.wide import is_wide

MAX_SELECTS = 2
"""How many selects may stand for a branch: more cost more than a predicted branch.

One of floats is a branch itself, and counts twice.
"""


def simplify_cfg(function: Function) -> None:
    """Thread trivial jumps, resolve branches, drop unreachable blocks, merge straight lines."""
    _straighten(function)
    function.blocks = reverse_postorder(function)
    while _merge_lines(function) and _straighten(function):
        function.blocks = reverse_postorder(function)


def _straighten(function: Function) -> bool:
    """Let edges lead where they go in the end."""
    changed = _thread_jumps(function)
    for block in function.blocks:
        if block.insts[-1].op is Op.br_if:
            changed |= _resolve_branch(function, block)
    return changed


def _thread_jumps(function: Function) -> bool:
    """Let edges into a block that only jumps go where it jumps."""
    trivial = {
        block
        for block in function.blocks[1:]
        if len(block.insts) == 1 and block.insts[0].op is Op.jump
    }
    trivial -= _with_params_read_elsewhere(function, trivial)
    changed = False
    if trivial:
        for block in function.blocks:
            for target in block.terminator.targets:
                changed |= _thread(target, trivial)
    return changed


def _thread(target: Target, trivial: set[Block]) -> bool:
    seen: set[Block] = set()
    while target.block in trivial and target.block not in seen:
        middle = target.block
        seen.add(middle)
        given = dict(zip(middle.params, target.args, strict=True))
        onward = middle.terminator.targets[0]
        target.block, target.args = onward.block, [given.get(arg, arg) for arg in onward.args]
    return bool(seen)


def _with_params_read_elsewhere(function: Function, trivial: set[Block]) -> set[Block]:
    """The trivial blocks with parameters that other blocks, which they dominate, read."""
    homes = {param: block for block in trivial for param in block.params}
    if not homes:
        return set()
    return {
        homes[value]
        for block in function.blocks
        for inst in block.insts
        for value in inst.uses()
        if value in homes and homes[value] is not block
    }


def _resolve_branch(function: Function, block: Block) -> bool:
    """Make a branch that cannot go two ways a jump."""
    branch = block.insts[-1]
    condition = branch.args[0].origin
    if isinstance(condition, Inst) and condition.op is Op.bconst:
        chosen = branch.targets[0 if condition.imm else 1]
        block.insts[-1] = Inst(Op.jump, targets=[chosen])
        return True
    if branch.targets[0].block is branch.targets[1].block:
        return _select_arguments(function, block)
    return False


def _select_arguments(function: Function, block: Block) -> bool:
    """Make a branch whose ways lead to one block a jump, with selects for what differs."""
    branch = block.insts[-1]
    then, otherwise = branch.targets
    pairs = list(zip(then.args, otherwise.args, strict=True))
    differing = [pair for pair in pairs if pair[0] is not pair[1]]
    selects = sum(2 if yes.type == F64 else 1 for yes, _ in differing)
    if selects > MAX_SELECTS or any(is_wide(v) for pair in differing for v in pair):
        return False
    block.insts.pop()
    args: list[Value] = []
    for yes, no in pairs:
        if yes is not no:
            select = function.new_inst(Op.select, (branch.args[0], yes, no))
            block.insts.append(select)
            yes = select.value
        args.append(yes)
    block.insts.append(Inst(Op.jump, targets=[Target(then.block, args)]))
    return True


def _merge_lines(function: Function) -> bool:
    """Append a block with one predecessor to it, where that only jumps there."""
    entering: dict[Block, int] = dict.fromkeys(function.blocks, 0)
    for block in function.blocks:
        for target in block.insts[-1].targets:
            entering[target.block] += 1
    replaced: dict[Value, Value] = {}
    merged: set[Block] = set()
    for block in function.blocks:
        if block in merged:
            continue
        while block.insts[-1].op is Op.jump:
            target = block.insts[-1].targets[0]
            if entering[target.block] != 1 or target.block is block:
                break
            replaced.update(zip(target.block.params, target.args, strict=True))
            block.insts.pop()
            block.insts.extend(target.block.insts)
            merged.add(target.block)
    if merged:
        function.blocks = [block for block in function.blocks if block not in merged]
        substitute(function, replaced)
    return bool(merged)
