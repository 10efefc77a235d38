"""Redundant block parameters: those that can only ever hold one other value.

Optimistic, so that cycles of parameters that merely hand one value round are found too: all are
taken to be the same until two values meet, after Simpson, "Value-Driven Redundancy Elimination"
(1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracejit.ir.function import Block, Function, Inst, Target, rows_of
from tracejit.ir.value import Value
from tracejit.opt.substitute import resolve, substitute

_FREE_SWEEPS: Final = 8
"""After so many sweeps a parameter that holds several values is not asked again."""
_MOST_ALIKE: Final = 4
"""A parameter is compared with so many that start with the same value."""


def params(function: Function) -> None:
    """Replace every parameter that is the same value on all edges."""
    edges = function.edges()
    rows: list[tuple[Value, Sequence[Value]]] = []
    for block in function.blocks:
        if block in edges:
            rows += rows_of(block, edges[block])
    replaced = _copies(rows)
    for block in edges:
        if len(block.params) > 1:
            _replace_twins(block, edges, replaced)
    if not replaced:
        return
    for block, targets in edges.items():
        keep = [at for at, param in enumerate(block.params) if param not in replaced]
        if len(keep) != len(block.params):
            keep_params(block, targets, keep)
    substitute(function, replaced)


def keep_params(block: Block, targets: list[Target], keep: list[int]) -> None:
    """Drop the parameters at other positions, and their arguments on the edges given."""
    block.params = [block.params[at] for at in keep]
    for target in targets:
        target.args = [target.args[at] for at in keep]


def _copies(rows: list[tuple[Value, Sequence[Value]]]) -> dict[Value, Value]:
    """For parameters that only ever hold one other value, that value.

    Each sweep starts from what the last one believed; None is nothing yet. That a parameter may
    hold what it holds already tells nothing of it.
    """
    rows = _unclear(rows)
    same: dict[Value, Value | None] = dict.fromkeys([param for param, _ in rows])
    sweeps = 0
    changed = True
    while changed:
        changed = False
        sweeps += 1
        for param, given in rows:
            old = same[param]
            if old is param and sweeps > _FREE_SWEEPS:
                continue
            new = None
            for arg in given:
                value = same.get(arg, arg)
                if value is not new and value is not None and value is not param:
                    if new is not None:
                        new = param
                        break
                    new = value
            if new is not old:
                same[param] = new
                changed = True
    return {param: value for param, value in same.items() if value and value is not param}


def _unclear(rows: list[tuple[Value, Sequence[Value]]]) -> list[tuple[Value, Sequence[Value]]]:
    """The rows but those of parameters that at once are seen to hold several values."""
    unclear = {param for param, _ in rows}
    left = 0
    while left != (left := len(unclear)):
        for param, given in rows:
            if param in unclear and len({*given} - unclear) > 1:
                unclear.remove(param)
    return [(param, given) for param, given in rows if param in unclear]


def _replace_twins(
    block: Block, edges: dict[Block, list[Target]], replaced: dict[Value, Value]
) -> None:
    """Of parameters that always hold the same, keep the first."""
    leaders: dict[object, list[Value]] = {}
    for param, given in zip(block.params, edges[block][0].args, strict=True):
        if param in replaced:
            continue
        alike = leaders.setdefault(_start(resolve(given, replaced)), [])
        for leader in alike[:_MOST_ALIKE]:
            found = _twins(leader, param, edges, replaced)
            if found is not None:
                replaced.update(found)
                break
        else:
            alike.append(param)


def _start(value: Value) -> object:
    """What parameters that start with the value are alike by."""
    origin = value.origin
    return (origin.op, origin.imm) if isinstance(origin, Inst) and origin.op.has_imm else value


def _twins(
    x: Value, y: Value, edges: dict[Block, list[Target]], replaced: dict[Value, Value]
) -> dict[Value, Value] | None:
    """The parameters that are others if y always is x; None if it need not be.

    Optimistic too: that they are the same is believed until something that they are made of
    differs. Values are the same where the same is computed from the same, and parameters of one
    block where all edges give them the same, after Alpern, Wegman and Zadeck, "Detecting Equality
    of Variables in Programs" (1988).
    """
    believed: dict[Value, Value] = {}
    work = [(x, y)]
    while work:
        a, b = [resolve(resolve(value, replaced), believed) for value in work.pop()]
        if a is b:
            continue
        made, like = a.origin, b.origin
        if isinstance(made, Inst) and isinstance(like, Inst):
            if made.op is not like.op or made.imm != like.imm or made.op.effect:
                return None
            first, second = like.args[:1], like.args[1:]
            if made.op.commutes and _is_crossed(made.args, like.args, replaced, believed):
                first, second = second, first
            work += zip(made.args, first + second, strict=True)
        elif made is like and isinstance(made, Block) and made in edges and a.type == b.type:
            one, other = made.params.index(a), made.params.index(b)
            work += [(target.args[one], target.args[other]) for target in edges[made]]
        else:
            return None
        believed[b] = a
    return {value: same for value, same in believed.items() if isinstance(value.origin, Block)}


def _is_crossed(
    x: list[Value], y: list[Value], replaced: dict[Value, Value], believed: dict[Value, Value]
) -> bool:
    """Whether one of two operands is the other operand there."""
    (a, b), (c, d) = [[resolve(resolve(v, replaced), believed) for v in two] for two in (x, y)]
    return a is not c and b is not d and (a is d or b is c)
