"""Instruction selection: a machine-stage IR function to LIR over virtual registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from operator import attrgetter

import tracejit.backend.lower_arithmetic
import tracejit.backend.lower_bitwise
import tracejit.backend.lower_control
import tracejit.backend.lower_division
import tracejit.backend.lower_float
import tracejit.backend.lower_unsigned
import tracejit.backend.lower_variables
import tracejit.backend.lower_wide  # noqa: F401  # the modules register their rules
from tracejit.backend.lir import LirBlock, LirFunction, MachInst
from tracejit.backend.lir import inst as make
from tracejit.backend.lower_calls import boxing, lower_native_entry, lower_way_in
from tracejit.backend.lower_entry import lower_entry, memory_checks
from tracejit.backend.selection import RULES, Selector
from tracejit.backend.target import Address, MemoryIs, Target
from tracejit.backend.x64 import R14, R15
from tracejit.ir.dominators import dominator_tree, loop_depths
from tracejit.ir.function import Block, Function
from tracejit.ir.ops import Op
from tracejit.ir.structures import MOST_PARTS
from tracejit.ir.types import Signature
from tracejit.ir.variables import Variable

_ENDS = frozenset(
    ("jmp", "return", "tailcall", "tailcall_float", *[f"give{n}" for n in range(MOST_PARTS + 1)])
)


def lower(
    function: Function,
    signature: Signature,
    guards: Sequence[MemoryIs],
    target: Target,
    variables: Mapping[Variable, Address] | None = None,
) -> LirFunction:
    """The function's code, entered like a vectorcall with arguments of exactly these types.

    With it comes that of the functions which are called natively.
    """
    lir = LirFunction(function.name)
    lir.guards = memory_checks(guards)
    lir.variables = variables or {}
    items: list[MachInst | LirBlock] = [LirBlock(0)]
    if function.natives:
        lir.pinned, lir.calls = (R14, R15), True
        select = Selector(function, lir, target)
        for param in function.passed():
            select.place(param)
        lower_entry(select, signature)
        lower_way_in(select)
        items += select.items
        for number, native in enumerate((*function.natives, *boxing(function))):
            select = Selector(native, lir, target)
            enter = partial(lower_native_entry, select, number)
            items += [select.new_block(), *_lower_function(select, enter)]
    else:
        select = Selector(function, lir, target)
        items += _lower_function(select, partial(lower_entry, select, signature))
    _fill_blocks(lir, items)
    return lir


def _lower_function(select: Selector, enter: Callable[[], None]) -> list[MachInst | LirBlock]:
    """All blocks, after what comes before the first, which is lowered last."""
    function = select.function
    tree = dominator_tree(function)
    depths = loop_depths(function, tree)
    cold = _cold_blocks(tree.order)
    for block in tree.order:
        select.blocks[block] = LirBlock(-1, depths[block], block in cold)
    code = {block: _lower_block(select, block) for block in reversed(tree.order)}
    select.block, select.depth, select.items = function.entry, 0, []
    enter()
    if function.has(Op.poll) and not function.natives:
        select.emit("mov", R15, select.target.initial_fuel)
    for constant, register in select.hoisted.items():
        select.emit("mov", register, constant)
    items = list(select.items)
    for block in function.blocks:
        if block in code:
            items += [select.blocks[block], *code[block]]
    return items


def _cold_blocks(order: Sequence[Block]) -> set[Block]:
    """The blocks from which every way leads out through an exit, and those that refuel."""
    cold: set[Block] = set()
    for block in reversed(order):
        successors = block.successors()
        if block.is_rare or (successors and cold.issuperset(successors)):
            cold.add(block)
    return cold


def _lower_block(select: Selector, block: Block) -> list[MachInst | LirBlock]:
    """The instructions of a block, and the heads of the blocks that it had to be split into."""
    select.block = block
    select.depth = select.blocks[block].depth
    select.live = select.live_out[block].copy()
    chunks: list[list[MachInst | LirBlock]] = []
    insts = block.insts
    for at in range(len(insts) - 1, -1, -1):
        inst = insts[at]
        if inst.result is not None and inst.exit is None and inst.result not in select.registers:
            continue
        if inst in select.fused:
            select.live.discard(inst.value)
            continue
        select.before = insts[at - 1] if at else None
        select.items = []
        RULES[inst.op](select, inst)
        chunks.append(select.items)
        if inst.result is not None:
            select.live.discard(inst.result)
    select.lowered.add(block)
    return [item for chunk in reversed(chunks) for item in chunk]


def _fill_blocks(lir: LirFunction, items: list[MachInst | LirBlock]) -> None:
    """Cut the instructions into blocks, cold ones last, and number blocks and exits."""
    heads = [at for at, item in enumerate(items) if type(item) is LirBlock]
    blocks: list[LirBlock] = [items[at] for at in heads]  # type: ignore[misc]
    for at, end, block in zip(heads, [*heads[1:], len(items)], blocks, strict=True):
        block.insts = items[at + 1 : end]  # type: ignore[assignment]  # no blocks
    for block, following in pairwise(blocks):
        if not _has_ended(block):
            block.insts.append(make("jmp", following))
    lir.blocks = sorted(blocks, key=attrgetter("cold"))
    for number, block in enumerate(lir.blocks):
        block.number = number
    insts = [inst for block in lir.blocks for inst in block.insts if inst.exits]
    lir.exits = [exit for inst in insts for exit in inst.exits]
    for number, exit in enumerate(lir.exits):
        exit.number = number


def _has_ended(block: LirBlock) -> bool:
    return bool(block.insts) and block.insts[-1].op.name in _ENDS
