"""Calls of functions, of builtins and of methods of integers."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Final, TypeAlias

from tracejit.frontend.arithmetic import modular_power, power, truth_shape
from tracejit.frontend.decode import NULL_AFTER_CALLABLE, Instr
from tracejit.frontend.inlining import inline
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import Block, Target
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.shapes import Const, Null, RangeOf, Shape, TupleOf
from tracejit.ir.types import BOOL, INT
from tracejit.ir.value import Value

_METHODS: Final = {"bit_length": int.bit_length, "bit_count": int.bit_count}
_MOST_MIXED = 4
"""Operands of a `min` or `max` of ints and bools: each may double the paths."""


def load_method(t: Tracer, instr: Instr) -> None:
    receiver = t.stack.pop()
    integer = (
        type(receiver.value) in (int, bool)
        if isinstance(receiver, Const)
        else isinstance(receiver, Value) and receiver.type in (INT, BOOL)
    )
    if not integer:
        raise t.wrong_type(receiver)
    if instr.arg not in _METHODS:
        raise Leave(f"call:{instr.arg}")
    t.stack += (Const(_METHODS[instr.arg]), receiver)


def call(t: Tracer, instr: Instr) -> None:
    _call(t, instr.arg, ())


def call_kw(t: Tracer, instr: Instr) -> None:
    _call(t, *instr.arg)


def _call(t: Tracer, count: int, keywords: tuple[str, ...]) -> None:
    first = len(t.stack) - count
    args = t.stack[first:]
    callee, receiver = t.stack[first - 2 : first]
    del t.stack[first - 2 :]
    if not NULL_AFTER_CALLABLE and isinstance(callee, Null):
        callee, receiver = receiver, callee
    if not isinstance(receiver, Null):
        args.insert(0, receiver)
    if not isinstance(callee, Const):
        raise t.wrong_type(callee)
    if isinstance(callee.value, FunctionType):
        inline(t, callee.value, args, keywords)
        return
    compiled = _COMPILED.get(id(callee.value))
    name = getattr(callee.value, "__name__", "object")
    if compiled is None or keywords:
        raise Leave(f"call:{name}")
    fewest, most, handler = compiled
    if not fewest <= len(args) <= most:
        raise Leave(f"call:{name}")
    handler(t, args)


def _abs(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.emit(Op.iabs, t.as_int(args[0])))


def _bool(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(truth_shape(t, args[0]) if args else Const(False))


def _int(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.as_int(args[0]) if args else Const(0))


def _divmod(t: Tracer, args: list[Shape]) -> None:
    a, b = t.as_int(args[0]), t.as_int(args[1])
    quotient = t.emit(Op.ifloordiv, a, b, reason="zero-division")
    remainder = t.emit(Op.imod, a, b, reason="zero-division")
    t.stack.append(TupleOf((quotient, remainder)))


def _pow(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(modular_power(t, *map(t.as_int, args)) if args[2:] else power(t, *args))


def _bit_length(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.emit(Op.ibit_length, t.as_int(args[0])))


def _bit_count(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.emit(Op.ibit_count, t.as_int(args[0])))


def _min(t: Tracer, args: list[Shape]) -> None:
    _extreme(t, args, Op.imin, Op.band, Op.ilt)


def _max(t: Tracer, args: list[Shape]) -> None:
    _extreme(t, args, Op.imax, Op.bor, Op.igt)


def _extreme(
    t: Tracer, args: list[Shape], integer: Opcode, boolean: Opcode, better: Opcode
) -> None:
    """Of equal operands the first wins, which shows when one is an int and the other a bool."""
    operands = [t.as_bool(arg) if t.is_bool(arg) else t.as_int(arg) for arg in args]
    if len({operand.type for operand in operands}) == 2:
        if len(operands) > _MOST_MIXED:
            raise Leave("type:bool")
        _mixed_extreme(t, operands, better)
        return
    best = operands[0]
    for operand in operands[1:]:
        best = (
            t.emit(integer, best, operand)
            if best.type == INT
            else t.compute(boolean, best, operand)
        )
    t.stack.append(best)


def _mixed_extreme(t: Tracer, operands: list[Value], better: Opcode) -> None:
    """Each comparison forks, so that the result keeps its type."""
    below = list(t.stack)
    assert t.block is not None
    work: list[tuple[Block, Value, int]] = [(t.block, operands[0], 1)]
    while work:
        block, best, position = work.pop()
        t.enter(block)
        if position == len(operands):
            t.stack = [*below, best]
            t.jump(t.instr.next, fork=True)
            continue
        operand = operands[position]
        condition = t.emit(better, t.as_int(operand), t.as_int(best))
        replaced, kept = t.new_block(), t.new_block()
        t.branch(condition, Target(replaced, []), Target(kept, []))
        work += ((kept, best, position + 1), (replaced, operand, position + 1))


def _range(t: Tracer, args: list[Shape]) -> None:
    parts = [_index(t, arg) for arg in args]
    match parts:
        case [stop]:
            start, step = Const(0), Const(1)
        case [start, stop]:
            step = Const(1)
        case [start, stop, step]:
            pass
    if isinstance(step, Const):
        by = t.small(step)
        if by == 0:
            raise Leave("zero-step")
        t.stack.append(RangeOf(start, stop, step, by > 0))
    else:
        _range_either_way(t, start, stop, step)


def _index(t: Tracer, shape: Shape) -> Value | Const:
    """An argument of `range` as an int; constants stay constants."""
    return Const(t.small(shape)) if isinstance(shape, Const) else t.as_int(shape)


def _range_either_way(t: Tracer, start: Shape, stop: Shape, step: Value) -> None:
    """Fork on the step's sign."""
    below = list(t.stack)
    up, not_up, down, zero = (t.new_block() for _ in range(4))
    t.branch(t.emit(Op.igt, step, t.iconst(0)), Target(up, []), Target(not_up, []))
    t.enter(not_up)
    t.branch(t.emit(Op.ilt, step, t.iconst(0)), Target(down, []), Target(zero, []))
    t.enter(zero)
    t.leave("zero-step")
    for block, ascending in ((down, False), (up, True)):
        t.enter(block)
        t.stack = [*below, RangeOf(start, stop, step, ascending)]
        t.jump(t.instr.next, fork=True)


_Compiled: TypeAlias = tuple[int, int, Callable[[Tracer, list[Shape]], None]]
_COMPILED: Final[dict[int, _Compiled]] = {
    id(abs): (1, 1, _abs),
    id(bool): (0, 1, _bool),
    id(int): (0, 1, _int),
    id(divmod): (2, 2, _divmod),
    id(pow): (2, 3, _pow),
    id(min): (2, 255, _min),
    id(max): (2, 255, _max),
    id(range): (1, 3, _range),
    id(int.bit_length): (1, 1, _bit_length),
    id(int.bit_count): (1, 1, _bit_count),
}
"""For each callable its fewest and most arguments, and how it is compiled."""

HANDLERS = {"LOAD_METHOD": load_method, "CALL": call, "CALL_KW": call_kw}
