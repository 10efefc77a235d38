"""Block layout: loops in one piece, the likely way straight on, what only leaves at the end.

A loop that would end in a jump back to its top is turned so that it ends where it tests.
"""

from __future__ import annotations

from typing import TypeAlias

from tracejit.ir.dominators import Loop, natural_loops
from tracejit.ir.function import Block, Function
from tracejit.ir.ops import Op

Piece: TypeAlias = "Block | list[Piece]"


def layout(function: Function) -> None:
    """Order `function.blocks` for emission."""
    loops = natural_loops(function)
    innermost: dict[Block, Loop] = {}
    depth: dict[Block, int] = {}
    for loop in loops:
        level = depth.get(loop.header, 0) + 1
        for block in loop.blocks:
            innermost[block] = loop
            depth[block] = level
    order, cold = _likely_order(function, depth)
    blocks = _in_one_piece(order, innermost)
    function.blocks = [b for b in blocks if b not in cold] + [b for b in blocks if b in cold]


def _likely_order(function: Function, depth: dict[Block, int]) -> tuple[list[Block], set[Block]]:
    """Reverse postorder, the likelier successor next; and the blocks that only lead to exits."""
    rare = {block for block in function.blocks if block.is_rare}
    cold: set[Block] = set()
    order: list[Block] = []
    entry = function.entry
    seen = {entry}
    stack = [(entry, iter(_unlikely_first(entry, depth, rare)))]
    while stack:
        block, successors = stack[-1]
        for successor in successors:
            if successor not in seen:
                seen.add(successor)
                stack.append((successor, iter(_unlikely_first(successor, depth, rare))))
                break
        else:
            order.append(block)
            stack.pop()
            if block in rare or _leads_only_to(cold, block):
                cold.add(block)
    cold.discard(entry)
    order.reverse()
    return order, cold


def _leads_only_to(cold: set[Block], block: Block) -> bool:
    successors = block.successors()
    return bool(successors) and cold.issuperset(successors)


def _unlikely_first(block: Block, depth: dict[Block, int], rare: set[Block]) -> list[Block]:
    """The successors, those that leave first and those in more loops last."""
    successors = block.successors()
    if len(successors) == 2:
        a, b = [-1 if successor in rare else depth.get(successor, 0) for successor in successors]
        if a < b:
            return successors
    return successors[::-1]


def _in_one_piece(order: list[Block], innermost: dict[Block, Loop]) -> list[Block]:
    """The order with the blocks of each loop moved up to where the loop begins."""
    pieces: dict[Loop | None, list[Piece]] = {None: []}
    for block in order:
        loop = innermost.get(block)
        missing: list[Loop] = []
        while loop not in pieces:
            assert loop is not None
            missing.append(loop)
            loop = loop.parent
        for inner in reversed(missing):
            pieces[inner] = []
            pieces[inner.parent].append(pieces[inner])
        pieces[innermost.get(block)].append(block)
    for loop, parts in pieces.items():
        if loop is not None:
            pieces[loop][:] = _turned(parts, loop)
    return _flatten(pieces[None])


def _turned(parts: list[Piece], loop: Loop) -> list[Piece]:
    """The parts of a loop in the same order round the loop, a block that may end it last."""
    last = parts[-1]
    if not isinstance(last, Block) or last.terminator.op is not Op.jump:
        return parts
    for at in range(len(parts) - 2, -1, -1):
        part = parts[at]
        if isinstance(part, Block) and not loop.blocks.issuperset(part.successors()):
            return parts[at + 1 :] + parts[: at + 1]
    return parts


def _flatten(pieces: list[Piece]) -> list[Block]:
    blocks: list[Block] = []
    stack = [iter(pieces)]
    while stack:
        for piece in stack[-1]:
            if isinstance(piece, list):
                stack.append(iter(piece))
                break
            blocks.append(piece)
        else:
            stack.pop()
    return blocks
