"""Builtins and functions of `math` that are compiled, and methods of numbers."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from types import BuiltinFunctionType, MethodDescriptorType, ModuleType
from typing import Final, TypeAlias

from tracejit.frontend.arithmetic import truth_shape
from tracejit.frontend.comparisons import compare
from tracejit.frontend.floats import float_operation, is_finite, is_whole, leave_unless
from tracejit.frontend.integers import (
    greatest_common_divisor,
    integer_square_root,
    modular_power,
    power,
)
from tracejit.frontend.rounding import hypot, round_to
from tracejit.frontend.sequences import items_of, range_length, reversed_range
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import Block, Target
from tracejit.ir.ops import LIBM, OWN, Op, Opcode
from tracejit.ir.shapes import Const, RangeOf, Shape, TupleOf
from tracejit.ir.types import F64, INT
from tracejit.ir.value import Value

_MOST_MIXED = 4
"""Operands of a `min` or `max` of several types: each may double the paths."""


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
    t: Tracer, args: list[Shape], integer: Opcode, boolean: Opcode, floating: Opcode, better: str
) -> None:
    """Of equal operands the first wins, which shows when they are of several types."""
    shapes = args if len(args) > 1 else items_of(t, args[0])
    if not shapes:
        raise Leave("value")
    operands = [_operand(t, shape) for shape in shapes]
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
            best = t.compute(floating, operand, best)
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


def _len(t: Tracer, args: list[Shape]) -> None:
    match args[0]:
        case RangeOf() as numbers:
            t.stack.append(range_length(t, numbers))
        case shape:
            t.stack.append(Const(len(items_of(t, shape))))


def _sum(t: Tracer, args: list[Shape]) -> None:
    """Of integers: for floats, it depends on CPython's version how they are added."""
    total: Shape = args[1] if args[1:] else Const(0)
    for item in items_of(t, args[0]):
        total = t.emit(Op.iadd, t.as_int(total), t.as_int(item))
    t.stack.append(total)


def _any(t: Tracer, args: list[Shape]) -> None:
    found = t.bconst(False)
    for item in items_of(t, args[0]):
        found = t.compute(Op.bor, found, t.as_bool(truth_shape(t, item)))
    t.stack.append(found)


def _all(t: Tracer, args: list[Shape]) -> None:
    found = t.bconst(True)
    for item in items_of(t, args[0]):
        found = t.compute(Op.band, found, t.as_bool(truth_shape(t, item)))
    t.stack.append(found)


def _reversed(t: Tracer, args: list[Shape]) -> None:
    if not isinstance(args[0], RangeOf):
        raise t.wrong_type(args[0])
    t.stack.append(reversed_range(t, args[0]))


def _function(op: Opcode) -> Callable[[Tracer, list[Shape]], None]:
    """A function of `math` that is called: unless the result is finite, CPython sees to it.

    It may raise then, or have asked what the operands are in the first place.
    """

    def compiled(t: Tracer, args: list[Shape]) -> None:
        t.stack.append(_finite(t, op, args))

    return compiled


def _finite(t: Tracer, op: Opcode, args: Sequence[Shape]) -> Value:
    return t.emit(Op.ffinite, t.compute(op, *map(t.as_float, args)), reason="math")


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


def _round(t: Tracer, args: list[Shape]) -> None:
    match args:
        case [number, Const(int() as digits)]:
            t.stack.append(round_to(t, number, digits))
        case [_, Const(None)] | [_]:
            _to_int(Op.fround)(t, args)
        case [_, digits]:
            raise t.wrong_type(digits)


def _log(t: Tracer, args: list[Shape]) -> None:
    """To a base, the quotient of two logarithms."""
    logarithms = [_finite(t, Op.flog, [arg]) for arg in args]
    if len(logarithms) == 1:
        t.stack.append(logarithms[0])
    else:
        divisor = t.emit(Op.fnonzero, logarithms[1], reason="zero-division")
        t.stack.append(t.compute(Op.fdiv, logarithms[0], divisor))


def _gcd(t: Tracer, args: list[Shape]) -> None:
    sizes = [t.emit(Op.iabs, t.as_int(arg)) for arg in args]
    found = sizes[0] if sizes else t.iconst(0)
    for size in sizes[1:]:
        found = greatest_common_divisor(t, found, size)
    t.stack.append(found)


def _isqrt(t: Tracer, args: list[Shape]) -> None:
    t.stack.append(integer_square_root(t, t.as_int(args[0])))


def _hypot(t: Tracer, args: list[Shape]) -> None:
    numbers = list(map(t.as_float, args))
    t.stack.append(hypot(t, numbers) if numbers[1:] else t.compute(Op.fabs, numbers[0]))


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


Compiled: TypeAlias = tuple[int, int, Callable[[Tracer, list[Shape]], None]]
_BUILTINS: Final[dict[str, Compiled]] = {
    "abs": (1, 1, _abs),
    "bool": (0, 1, _bool),
    "int": (0, 1, _int),
    "float": (0, 1, _float),
    "round": (1, 2, _round),
    "divmod": (2, 2, _divmod),
    "pow": (2, 3, _pow),
    "min": (1, 255, _min),
    "max": (1, 255, _max),
    "range": (1, 3, _range),
    "len": (1, 1, _len),
    "sum": (1, 2, _sum),
    "any": (1, 1, _any),
    "all": (1, 1, _all),
    "reversed": (1, 1, _reversed),
}
_MATH: Final[dict[str, Compiled]] = {
    **{name: (n := len(op.operands), n, _function(op)) for op, name in (LIBM | OWN).items()},
    "log": (1, 2, _log),
    "sqrt": (1, 1, _sqrt),
    "gcd": (0, 255, _gcd),
    "isqrt": (1, 1, _isqrt),
    "floor": (1, 1, _to_int(Op.ffloor)),
    "ceil": (1, 1, _to_int(Op.fceil)),
    "trunc": (1, 1, _to_int(None)),
    "fabs": (1, 1, _fabs),
    "hypot": (1, 8, _hypot),
    "copysign": (2, 2, _copysign),
    "isnan": (1, 1, _isnan),
    "isinf": (1, 1, _isinf),
    "isfinite": (1, 1, _isfinite),
    "degrees": (1, 1, _times(180.0 / math.pi)),
    "radians": (1, 1, _times(math.pi / 180.0)),
}
_METHODS: Final[dict[object, Compiled]] = {
    int.bit_length: (1, 1, _bit_length),
    int.bit_count: (1, 1, _bit_count),
    float.is_integer: (1, 1, _is_integer),
}
"""Their receiver is known to be one."""


def _own(module: ModuleType, compiled: dict[str, Compiled]) -> dict[object, Compiled]:
    """By the module's functions and types themselves, where nobody has put others for them."""
    found = ((getattr(module, name), name, row) for name, row in compiled.items())
    return {
        value: row
        for value, name, row in found
        if type(value) in _KINDS and (value.__module__, value.__name__) == (module.__name__, name)
    }


_KINDS: Final = (BuiltinFunctionType, type)
_BY_NAME: Final = _own(builtins, _BUILTINS) | _own(math, _MATH)


def is_compiled(value: object) -> bool:
    """Whether calls of what a name stands for are compiled."""
    return type(value) in _KINDS and value in _BY_NAME


def compiled_call(value: object) -> Compiled | None:
    """How many arguments a call takes, at least and at most, and how it is compiled."""
    if type(value) is MethodDescriptorType:
        return _METHODS.get(value)
    return _BY_NAME[value] if is_compiled(value) else None
