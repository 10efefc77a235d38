"""Calls of functions, of builtins, of the functions of `math`, and of methods of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Final, TypeAlias

from tracejit.frontend.arithmetic import compare, modular_power, power, truth_shape
from tracejit.frontend.decode import NULL_AFTER_CALLABLE, Instr
from tracejit.frontend.floats import float_operation, is_finite, is_whole, leave_unless
from tracejit.frontend.inlining import inline
from tracejit.frontend.names import attribute_constant
from tracejit.frontend.stack import push_callable
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import Block, Target
from tracejit.ir.ops import LIBM, Op, Opcode
from tracejit.ir.shapes import Const, Null, RangeOf, Shape, TupleOf
from tracejit.ir.types import BOOL, F64, INT
from tracejit.ir.value import Value

_METHODS: Final = {"bit_length": int.bit_length, "bit_count": int.bit_count}
_FLOAT_METHODS: Final = {"is_integer": float.is_integer}
_MOST_MIXED = 4
"""Operands of a `min` or `max` of several types: each may double the paths."""


def load_method(t: Tracer, instr: Instr) -> None:
    receiver = t.stack.pop()
    if isinstance(receiver, Const) and type(receiver.value) is ModuleType:
        push_callable(t, attribute_constant(t, receiver.value, instr.arg))
        return
    integer = (
        type(receiver.value) in (int, bool)
        if isinstance(receiver, Const)
        else isinstance(receiver, Value) and receiver.type in (INT, BOOL)
    )
    if not (integer or t.is_float(receiver)):
        raise t.wrong_type(receiver)
    method = (_METHODS if integer else _FLOAT_METHODS).get(instr.arg)
    if method is None:
        raise Leave(f"call:{instr.arg}")
    t.stack += (Const(method), receiver)


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
    if t.is_float(args[0]):
        t.stack.append(t.compute(Op.fabs, t.as_float(args[0])))
    else:
        t.stack.append(t.emit(Op.iabs, t.as_int(args[0])))


def _bool(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(truth_shape(t, args[0]) if args else Const(False))


def _int(t: Tracer, args: list[Shape]) -> None:
    if args and t.is_float(args[0]):
        t.stack.append(t.emit(Op.fto_int, t.as_float(args[0]), reason="big-float"))
    else:
        t.stack.append(t.as_int(args[0]) if args else Const(0))


def _float(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.as_float(args[0]) if args else Const(0.0))


def _is_integer(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(is_whole(t, t.as_float(args[0])))


def _divmod(t: Tracer, args: list[Shape]) -> None:
    if t.is_float(args[0]) or t.is_float(args[1]):
        parts = [float_operation(t, symbol, *args) for symbol in ("//", "%")]
        t.stack.append(TupleOf(tuple(parts)))
        return
    a, b = t.as_int(args[0]), t.as_int(args[1])
    quotient = t.emit(Op.ifloordiv, a, b, reason="zero-division")
    remainder = t.emit(Op.imod, a, b, reason="zero-division")
    t.stack.append(TupleOf((quotient, remainder)))


def _pow(t: Tracer, args: list[Shape]) -> None:
    if args[2:]:
        t.stack.append(modular_power(t, *map(t.as_int, args)))
    elif any(map(t.is_float, args)):
        t.stack.append(float_operation(t, "**", *args))
    else:
        t.stack.append(power(t, *args))


def _bit_length(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.emit(Op.ibit_length, t.as_int(args[0])))


def _bit_count(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.emit(Op.ibit_count, t.as_int(args[0])))


def _min(t: Tracer, args: list[Shape]) -> None:
    _extreme(t, args, Op.imin, Op.band, Op.fmin, "<")


def _max(t: Tracer, args: list[Shape]) -> None:
    _extreme(t, args, Op.imax, Op.bor, Op.fmax, ">")


def _extreme(
    t: Tracer, args: list[Shape], integer: Opcode, boolean: Opcode, float: Opcode, better: str
) -> None:
    """Of equal operands the first wins, which shows when they are of several types."""
    operands = [_operand(t, arg) for arg in args]
    if len({operand.type for operand in operands}) > 1:
        if len(operands) > _MOST_MIXED:
            raise Leave("type:mixed")
        _mixed_extreme(t, operands, better)
        return
    best = operands[0]
    for operand in operands[1:]:
        if best.type == INT:
            best = t.emit(integer, best, operand)
        elif best.type == F64:
            # Which is the second operand unless the first is better.
            best = t.compute(float, operand, best)
        else:
            best = t.compute(boolean, best, operand)
    t.stack.append(best)


def _operand(t: Tracer, shape: Shape) -> Value:
    """The value of an operand that is a number, as it is."""
    if t.is_bool(shape):
        return t.as_bool(shape)
    return t.as_float(shape) if t.is_float(shape) else t.as_int(shape)


def _mixed_extreme(t: Tracer, operands: list[Value], better: str) -> None:
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
        condition = compare(t, better, operand, best)
        assert isinstance(condition, Value)
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


def _libm(op: Opcode) -> Callable[[Tracer, list[Shape]], None]:
    """What `math` has as a call of the C library: unless the result is finite, CPython sees to it.

    It may raise then, or have asked what the operands are in the first place.
    """

    def compiled(t: Tracer, args: list[Shape]) -> None:
        result = t.compute(op, *map(t.as_float, args))
        t.stack.append(t.emit(Op.ffinite, result, reason="math"))

    return compiled


def _sqrt(t: Tracer, args: list[Shape]) -> None:
    x = t.as_float(args[0])
    leave_unless(t, t.compute(Op.fge, x, t.fconst(0.0)), "math")
    t.stack.append(t.compute(Op.fsqrt, x))


def _to_int(op: Opcode | None) -> Callable[[Tracer, list[Shape]], None]:
    """A rounding to an `int`, which an `int` needs none of."""

    def compiled(t: Tracer, args: list[Shape]) -> None:
        if t.is_float(args[0]):
            x = t.as_float(args[0])
            whole = x if op is None else t.compute(op, x)
            t.stack.append(t.emit(Op.fto_int, whole, reason="big-float"))
        else:
            t.stack.append(t.as_int(args[0]))

    return compiled


def _fabs(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.compute(Op.fabs, t.as_float(args[0])))


def _copysign(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(t.compute(Op.fcopysign, *map(t.as_float, args)))


def _isnan(t: Tracer, args: list[Shape]) -> None:
    x = t.as_float(args[0])
    t.stack.append(t.compute(Op.fne, x, x))


def _isinf(t: Tracer, args: list[Shape]) -> None:
    size = t.compute(Op.fabs, t.as_float(args[0]))
    t.stack.append(t.compute(Op.feq, size, t.fconst(math.inf)))


def _isfinite(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(is_finite(t, t.as_float(args[0])))


def _times(factor: float) -> Callable[[Tracer, list[Shape]], None]:
    def compiled(t: Tracer, args: list[Shape]) -> None:
        t.stack.append(t.compute(Op.fmul, t.as_float(args[0]), t.fconst(factor)))

    return compiled


_Compiled: TypeAlias = tuple[int, int, Callable[[Tracer, list[Shape]], None]]
_COMPILED: Final[dict[int, _Compiled]] = {
    id(abs): (1, 1, _abs),
    id(bool): (0, 1, _bool),
    id(int): (0, 1, _int),
    id(float): (0, 1, _float),
    id(round): (1, 1, _to_int(Op.fround)),
    id(divmod): (2, 2, _divmod),
    id(pow): (2, 3, _pow),
    id(min): (2, 255, _min),
    id(max): (2, 255, _max),
    id(range): (1, 3, _range),
    id(int.bit_length): (1, 1, _bit_length),
    id(int.bit_count): (1, 1, _bit_count),
    id(float.is_integer): (1, 1, _is_integer),
    **{id(getattr(math, LIBM[op])): (arity := len(op.operands), arity, _libm(op)) for op in LIBM},
    id(math.sqrt): (1, 1, _sqrt),
    id(math.floor): (1, 1, _to_int(Op.ffloor)),
    id(math.ceil): (1, 1, _to_int(Op.fceil)),
    id(math.trunc): (1, 1, _to_int(None)),
    id(math.fabs): (1, 1, _fabs),
    id(math.copysign): (2, 2, _copysign),
    id(math.isnan): (1, 1, _isnan),
    id(math.isinf): (1, 1, _isinf),
    id(math.isfinite): (1, 1, _isfinite),
    id(math.degrees): (1, 1, _times(180.0 / math.pi)),
    id(math.radians): (1, 1, _times(math.pi / 180.0)),
}
"""For each callable its fewest and most arguments, and how it is compiled."""

HANDLERS = {"LOAD_METHOD": load_method, "CALL": call, "CALL_KW": call_kw}
