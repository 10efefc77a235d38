"""Full unrolling of loops with few iterations, where what is known in each of them is worth it.

A loop that counts from a constant becomes its iterations, one after the other, if something else
than the counting reads what it counts: a shift by 1, by 2, by 4, ... folds with what is around it.
A body that is merely repeated is as fast in its loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from tracejit.ir.dominators import Loop, natural_loops
from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import Op, Undefined
from tracejit.ir.types import fits_i64
from tracejit.ir.value import Value
from tracejit.opt.substitute import substitute

MAX_ITERATIONS: Final = 8
MAX_INSTS: Final = 24
"""How many instructions all iterations may have, those apart whose result is known."""

Known: TypeAlias = dict[Value, int]


def unroll(function: Function) -> None:
    """Unroll the loops that are worth it. The blocks stay in reverse postorder."""
    entering: dict[Block, list[Target]] = {}
    for loop in natural_loops(function):
        way = _way_round(loop)
        if way is None:
            continue
        entering = entering or _edges_by_block(function)
        outside = [edge for edge in entering[loop.header] if edge is not way.again]
        if len(outside) == 1:
            iterations = _iterations(way, outside[0])
            if iterations:
                _unroll(function, way, outside[0], iterations)


def _edges_by_block(function: Function) -> dict[Block, list[Target]]:
    found: dict[Block, list[Target]] = {block: [] for block in function.blocks}
    for block in function.blocks:
        for target in block.insts[-1].targets:
            found[target.block].append(target)
    return found


@dataclass(slots=True, eq=False)
class _Way:
    """The only way round a loop: blocks up to the one test on it that leaves, and behind that."""

    before: list[Block]
    after: list[Block]
    end: Target
    stays: bool
    """What the test gives where the loop goes on."""
    again: Target

    @property
    def header(self) -> Block:
        return self.before[0]

    @property
    def condition(self) -> Value:
        return self.before[-1].insts[-1].args[0]


def _way_round(loop: Loop) -> _Way | None:
    blocks: list[Block] = []
    tests: list[tuple[int, Target, bool]] = []
    block = loop.header
    while True:
        targets = block.insts[-1].targets
        inside = [target.block in loop.blocks for target in targets]
        if inside.count(True) != 1 or (blocks and block.params):
            return None
        blocks.append(block)
        again = targets[inside.index(True)]
        if len(targets) == 2:
            tests.append((len(blocks), targets[inside.index(False)], inside[0]))
        block = again.block
        if block is loop.header:
            break
    if len(tests) != 1 or len(blocks) != len(loop.blocks):
        return None
    at, end, stays = tests[0]
    return _Way(blocks[:at], blocks[at:], end, stays, again)


def _work(blocks: list[Block]) -> list[Inst]:
    """All but the jumps and the polls."""
    return [inst for block in blocks for inst in block.insts[:-1] if inst.op is not Op.poll]


def _iterations(way: _Way, entry: Target) -> int:
    """How many iterations there are, 0 where that is not known or not worth it."""
    known = _known_params(way.header, [_constant(arg) for arg in entry.args])
    before, after = _work(way.before), _work(way.after)
    unknown = iterations = 0
    is_read = False
    while known:
        counted = set(known)
        read = _evaluate(before, known, counted)
        test = known.get(way.condition)
        if test is None:
            return 0
        if bool(test) is not way.stays:
            return iterations if is_read else 0
        read += _evaluate(after, known, counted)
        unknown += sum(inst.result not in known for inst in (*before, *after))
        iterations += 1
        if iterations > MAX_ITERATIONS or unknown > MAX_INSTS:
            return 0
        is_read = read > 0
        known = _known_params(
            way.header, [known.get(arg, _constant(arg)) for arg in way.again.args]
        )
    return 0


def _known_params(header: Block, constants: list[int | None]) -> Known:
    pairs = zip(header.params, constants, strict=True)
    return {param: constant for param, constant in pairs if constant is not None}


def _evaluate(insts: list[Inst], known: Known, counted: set[Value]) -> int:
    """Add what becomes known; how many unknown results depend on what is counted."""
    read = 0
    for inst in insts:
        if inst.op.has_imm:
            known[inst.value] = inst.constant()
            continue
        meaning = inst.op.meaning
        result = _result(meaning, [known.get(arg, _constant(arg)) for arg in inst.args])
        if not counted.isdisjoint(inst.args):
            if result is None:
                read += 1
            else:
                counted.add(inst.value)
        if result is not None:
            known[inst.value] = result
    return read


def _result(meaning: Callable[..., int] | None, operands: list[int | None]) -> int | None:
    if meaning is None or None in operands:
        return None
    try:
        result = meaning(*operands)
    except Undefined:
        return None
    return result if fits_i64(result) else None


def _constant(value: Value) -> int | None:
    origin = value.origin
    return origin.constant() if isinstance(origin, Inst) and origin.op.has_imm else None


def _unroll(function: Function, way: _Way, entry: Target, iterations: int) -> None:
    """Put the iterations before the header, which then comes to its test but once."""
    unrolled = Block(function.next_block)
    function.next_block += 1
    insts = _work(way.before) + _work(way.after)
    constants: dict[Value, Value] = {}
    args = entry.args
    for _ in range(iterations):
        names = {**constants, **dict(zip(way.header.params, args, strict=True))}
        for inst in insts:
            if inst.op.has_imm:
                if inst.value in constants:
                    continue
                unrolled.insts.append(function.copy_inst(inst, constants))
                names[inst.value] = constants[inst.value]
            else:
                unrolled.insts.append(function.copy_inst(inst, names))
        args = [names.get(arg, arg) for arg in way.again.args]
    last = dict(zip(way.header.params, args, strict=True))
    way.header.params = []
    for block in way.before:
        block.insts = [inst for inst in block.insts if inst.op is not Op.poll]
    way.before[-1].insts[-1] = Inst(Op.jump, targets=[way.end])
    unrolled.insts.append(Inst(Op.jump, targets=[Target(way.header, [])]))
    entry.block, entry.args = unrolled, []
    function.blocks.insert(function.blocks.index(way.header), unrolled)
    function.blocks = [block for block in function.blocks if block not in way.after]
    substitute(function, last)
