"""Tuples and ranges as values: building, unpacking, indexing, iterating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracejit.frontend.decode import Instr
from tracejit.frontend.floats import leave_unless
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import Target
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, ListOf, RangeIter, RangeOf, Shape, TupleIter, TupleOf
from tracejit.ir.types import I64_MAX, fits_i64
from tracejit.ir.value import Value

_MOST_CHOICES: Final = 16
"""Items of a tuple that is indexed by what is not known."""
_MOST_UNROLLED: Final = 2000
"""Bytes of loops over tuples, as often as their bodies are traced."""


def is_tuple(shape: Shape) -> bool:
    return isinstance(shape, TupleOf) or (isinstance(shape, Const) and type(shape.value) is tuple)


def items_of(t: Tracer, shape: Shape) -> tuple[Shape, ...]:
    """The items of a tuple, or of a list that is never seen again."""
    match shape:
        case TupleOf(items) | ListOf(items):
            return items
        case Const(value) if type(value) is tuple:
            return tuple([Const(item) for item in value])
    raise t.wrong_type(shape)


def unshared(t: Tracer, shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    """The shapes, for several to refer to: leaves where one is a list, which might change."""
    for shape in shapes:
        if type(shape) is ListOf:
            raise t.wrong_type(shape)
    return tuple(shapes)


def build_tuple(t: Tracer, instr: Instr) -> None:
    first = len(t.stack) - instr.arg
    t.stack[first:] = [TupleOf(unshared(t, t.stack[first:]))]


# Lists: only what is taken apart, or becomes a tuple, where it was made.


def build_list(t: Tracer, instr: Instr) -> None:
    first = len(t.stack) - instr.arg
    t.stack[first:] = [ListOf(unshared(t, t.stack[first:]))]


def list_append(t: Tracer, instr: Instr) -> None:
    item = t.stack.pop()
    if RangeIter in map(type, t.stack[1 - instr.arg :] if instr.arg > 1 else ()):
        # A comprehension: each iteration would have code of its own.
        raise Leave("comprehension")
    _add_items(t, instr, unshared(t, [item]))


def list_extend(t: Tracer, instr: Instr) -> None:
    _add_items(t, instr, items_of(t, t.stack.pop()))


def _add_items(t: Tracer, instr: Instr, items: tuple[Shape, ...]) -> None:
    added = t.stack[-instr.arg]
    if type(added) is not ListOf:
        raise t.wrong_type(added)
    t.stack[-instr.arg] = ListOf((*added.items, *items))


def list_to_tuple(t: Tracer, instr: Instr) -> None:
    t.stack.append(TupleOf(items_of(t, t.stack.pop())))


def unpack_sequence(t: Tracer, instr: Instr) -> None:
    items = items_of(t, t.stack.pop())
    if len(items) != instr.arg:
        raise Leave("unpack")
    t.stack += reversed(items)


# Indexing


def binary_subscr(t: Tracer, instr: Instr) -> None:
    index, container = t.stack.pop(), t.stack.pop()
    if isinstance(container, RangeOf):
        position = _position(t, t.as_int(index), range_length(t, container))
        t.stack.append(_item_of_range(t, container, position))
        return
    items = items_of(t, container)
    if isinstance(index, Const):
        if type(index.value) is slice:
            t.stack.append(_sliced(t, container, index.value))
            return
        at = t.integer(index)
        if not -len(items) <= at < len(items):
            raise Leave("index")
        t.stack.append(items[at])
        return
    if not 0 < len(items) <= _MOST_CHOICES:
        raise Leave("long-tuple" if items else "index")
    position = _position(t, t.as_int(index), t.iconst(len(items)))
    values = _alike(t, items)
    if values is None:
        _fork(t, position, items)
    else:
        t.stack.append(_choose(t, position, 0, values))


def build_slice(t: Tracer, instr: Instr) -> None:
    first = len(t.stack) - instr.arg
    bounds = [_bound(t, shape) for shape in t.stack[first:]]
    t.stack[first:] = [Const(slice(*bounds))]


def binary_slice(t: Tracer, instr: Instr) -> None:
    stop, start, container = (t.stack.pop() for _ in range(3))
    t.stack.append(_sliced(t, container, slice(_bound(t, start), _bound(t, stop))))


def _bound(t: Tracer, shape: Shape) -> int | None:
    """A bound of a slice, or its step, which is to be known."""
    if isinstance(shape, Const) and shape.value is None:
        return None
    if not isinstance(shape, Const):
        raise Leave("slice")
    return t.integer(shape)


def _sliced(t: Tracer, container: Shape, bounds: slice) -> Shape:
    if isinstance(container, ListOf) or bounds.step == 0:
        raise Leave("slice")
    return TupleOf(items_of(t, container)[bounds])


def _position(t: Tracer, index: Value, length: Value) -> Value:
    """Where an index leads to, from the beginning; leaves where that is nowhere."""
    zero = t.iconst(0)
    from_end = t.emit(Op.iadd, index, length)
    position = t.compute(Op.select, t.emit(Op.ilt, index, zero), from_end, index)
    inside = t.compute(Op.band, t.emit(Op.ige, position, zero), t.emit(Op.ilt, position, length))
    leave_unless(t, inside, "index")
    return position


def _alike(t: Tracer, items: tuple[Shape, ...]) -> list[Value] | None:
    """The items as values, if they are numbers of one type."""
    if all(map(t.is_bool, items)):
        return list(map(t.as_bool, items))
    if all(map(t.is_float, items)):
        return list(map(t.as_float, items))
    if all(map(t.is_int, items)) and all(map(_fits, items)):
        return list(map(t.as_int, items))
    return None


def _fits(shape: Shape) -> bool:
    """Whether it is no constant that no register holds."""
    return not isinstance(shape, Const) or fits_i64(shape.value)  # type: ignore[arg-type]  # an int


def _choose(t: Tracer, position: Value, first: int, values: list[Value]) -> Value:
    """The value at a position that is one of theirs, counted from `first`."""
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    left = _choose(t, position, first, values[:half])
    right = _choose(t, position, first + half, values[half:])
    is_left = t.emit(Op.ilt, position, t.iconst(first + half))
    return t.compute(Op.select, is_left, left, right)


def _fork(t: Tracer, position: Value, items: tuple[Shape, ...]) -> None:
    """Go on in a way for each item."""
    below = list(t.stack)
    for at, item in enumerate(items[:-1]):
        here, on = t.new_block(), t.new_block()
        t.branch(t.emit(Op.ieq, position, t.iconst(at)), Target(here, []), Target(on, []))
        t.enter(here)
        t.stack = [*below, item]
        t.jump(t.instr.next, fork=True)
        t.enter(on)
    t.stack = [*below, items[-1]]
    t.jump(t.instr.next, fork=True)


# Ranges


def range_length(t: Tracer, numbers: RangeOf) -> Value:
    first, last = t.as_int(numbers.start), t.as_int(numbers.stop)
    step = t.as_int(numbers.step)
    if not numbers.ascending:
        first, last = last, first
        step = t.emit(Op.ineg, step)
    span = t.emit(Op.imax, t.emit(Op.isub, last, first), t.iconst(0))
    rounded = t.emit(Op.iadd, span, t.emit(Op.isub, step, t.iconst(1)))
    length = t.emit(Op.ifloordiv, rounded, step, reason="zero-division")
    leave_unless(t, t.emit(Op.ile, length, t.iconst(I64_MAX)), "overflow")
    return length


def _item_of_range(t: Tracer, numbers: RangeOf, position: Value) -> Value:
    distance = t.emit(Op.imul, position, t.as_int(numbers.step))
    return t.emit(Op.iadd, t.as_int(numbers.start), distance)


def reversed_range(t: Tracer, numbers: RangeOf) -> RangeIter:
    start, step = t.as_int(numbers.start), t.as_int(numbers.step)
    before_last = t.emit(Op.isub, range_length(t, numbers), t.iconst(1))
    last = _item_of_range(t, numbers, before_last)
    stop, back = t.emit(Op.isub, start, step), t.emit(Op.ineg, step)
    return RangeIter(last, stop, back, not numbers.ascending)


def is_in_range(t: Tracer, number: Value, numbers: RangeOf) -> Value:
    start, stop, step = (t.as_int(part) for part in (numbers.start, numbers.stop, numbers.step))
    from_start, to_stop = (Op.ige, Op.ilt) if numbers.ascending else (Op.ile, Op.igt)
    between = t.compute(Op.band, t.emit(from_start, number, start), t.emit(to_stop, number, stop))
    distance = t.emit(Op.isub, number, start)
    off = t.emit(Op.imod, distance, step, reason="zero-division")
    return t.compute(Op.band, between, t.emit(Op.ieq, off, t.iconst(0)))


# Iterating


def get_iter(t: Tracer, instr: Instr) -> None:
    match t.stack.pop():
        case RangeOf(start, stop, step, ascending):
            t.stack.append(RangeIter(start, stop, step, ascending))
        case RangeIter() as iterator:
            t.stack.append(iterator)
        case other:
            t.stack.append(TupleIter(items_of(t, other)))


def for_iter(t: Tracer, instr: Instr) -> None:
    match t.stack.pop():
        case RangeIter() as iterator:
            _next_of_range(t, instr, iterator)
        case TupleIter(items):
            _next_of_tuple(t, instr, items)
        case other:
            raise t.wrong_type(other)


def _next_of_range(t: Tracer, instr: Instr, iterator: RangeIter) -> None:
    current, stop = t.as_int(iterator.next), t.as_int(iterator.stop)
    more = t.emit(Op.ilt if iterator.ascending else Op.igt, current, stop)
    body, after = t.new_block(), t.edge(instr.target)
    t.branch(more, Target(body, []), after)
    t.enter(body)
    following = t.emit(Op.iadd, current, t.as_int(iterator.step))
    t.stack += (
        RangeIter(following, iterator.stop, iterator.step, iterator.ascending),
        current,
    )


def _next_of_tuple(t: Tracer, instr: Instr, items: tuple[Shape, ...]) -> None:
    """The loop is unrolled: the iterations before this one had code of their own."""
    if not items:
        t.jump(instr.target, fork=True)
        return
    t.unrolled += instr.target - instr.offset
    if t.unrolled > _MOST_UNROLLED:
        raise Leave("long-tuple")
    t.stack += (TupleIter(items[1:]), items[0])


HANDLERS = {
    "BUILD_TUPLE": build_tuple,
    "BUILD_LIST": build_list,
    "LIST_APPEND": list_append,
    "LIST_EXTEND": list_extend,
    "LIST_TO_TUPLE": list_to_tuple,
    "BUILD_SLICE": build_slice,
    "BINARY_SLICE": binary_slice,
    "UNPACK_SEQUENCE": unpack_sequence,
    "BINARY_SUBSCR": binary_subscr,
    "GET_ITER": get_iter,
    "FOR_ITER": for_iter,
}
