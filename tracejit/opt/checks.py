"""Checks on the edges to a block parameter that is unsigned, and may be given what is negative.

A loop that begins with an argument and goes on with what is unsigned pays for one check before it.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Final, TypeAlias

from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Block, Function, Target
from tracejit.ir.ops import OF_VARIABLES
from tracejit.ir.value import Value
from tracejit.opt.ranges import Ranges

_MAX_CLIMB: Final = 4
"""How many blocks further up an exit is looked for."""


@dataclass(frozen=True, slots=True)
class Check:
    """The argument at that place must prove not to be negative, on this edge from the source."""

    source: Block
    target: Target
    at: int
    exit: Exit


Checks: TypeAlias = list[Check]


def find_checks(
    function: Function, ranges: Ranges, params: Set[Value]
) -> tuple[Checks, set[Value]]:
    """The checks that let these be unsigned, and those of them that none can."""
    checks: Checks = []
    impossible = {param for param in params if not isinstance(param.origin, Block)}
    if len(impossible) == len(params):
        return checks, impossible
    predecessors = function.predecessors()
    for source in function.blocks:
        if source not in ranges.facts:
            continue
        for target in source.insts[-1].targets:
            if target in ranges.dead:
                continue
            for at, param in enumerate(target.block.params):
                if param in params and (bounds := ranges.at(target.args[at], source))[0] < 0:
                    exit = _exit_behind(target) or _exit_before(source, ranges, predecessors)
                    if exit is None or bounds[1] < 0:
                        impossible.add(param)
                    else:
                        checks.append(Check(source, target, at, exit))
    return checks, impossible


def _exit_behind(target: Target) -> Exit | None:
    """The first exit of the block that the edge leads to, as the edge finds it."""
    block = target.block
    given = dict(zip(block.params, target.args, strict=True))
    made: set[Value | None] = set()
    for inst in block.insts:
        if inst.exit is not None and not inst.op.effect:
            state = inst.exit.state
            return (
                Exit("negative", state.renamed(given)) if made.isdisjoint(state.values()) else None
            )
        if inst.op.effect:
            return None
        made.add(inst.result)
    return None


def _exit_before(
    block: Block, ranges: Ranges, predecessors: dict[Block, list[Block]]
) -> Exit | None:
    """An exit shortly before the block's end, from where the interpreter repeats pure work."""
    for _ in range(_MAX_CLIMB):
        for inst in reversed(block.insts):
            if inst.op.effect and inst.op not in OF_VARIABLES:
                return None
            exit = inst.exit
            if exit is not None and ranges.pairs.isdisjoint(exit.state.values()):
                return Exit("negative", exit.state)
        if len(predecessors[block]) != 1:
            return None
        (block,) = predecessors[block]
    return None
