"""An oracle for the front end: run the IR, and go on in CPython from the state in which it left.

What goes on is a resume function that takes the integers of the state. The front end can be asked
to build that function in its turn.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from types import FunctionType
from typing import Any, cast

from tests.differential import Data, exception_data, fingerprint
from tests.memory import Live
from tracejit.frontend.builder import build
from tracejit.ir.frame_state import FrameState, Inlined
from tracejit.ir.function import Function
from tracejit.ir.interpreter import Left, Returned, interpret, load
from tracejit.ir.ops import CALLS, OF_VARIABLES, Op, Opcode, Undefined
from tracejit.ir.shapes import NULL, Const, ListOf, RangeIter, RangeOf, Shape, TupleIter, TupleOf
from tracejit.ir.types import BOOL, INT, OBJ, Type
from tracejit.ir.value import Value
from tracejit.ir.verifier import verify
from tracejit.runtime.resume import resume_function

STEPS = 100_000
Meaning = Callable[..., int]
Exits = Callable[[Meaning], Meaning]
"""When instructions leave beyond what their meaning says."""


def exact(meaning: Meaning) -> Meaning:
    """Leave only where the result is undefined."""
    return meaning


def beyond(bits: int) -> Exits:
    """Leave where the result does not fit a register of this width."""

    def limited(meaning: Meaning) -> Meaning:
        def checked(*operands: int) -> int:
            result = meaning(*operands)
            if not -(1 << (bits - 1)) <= result < 1 << (bits - 1):
                raise Undefined("overflow")
            return result

        return checked

    return limited


def at(count: int) -> Exits:
    """Leave at the instruction of this number among those that can."""
    left = count

    def counted(meaning: Meaning) -> Meaning:
        def checked(*operands: int) -> int:
            nonlocal left
            left -= 1
            if left < 0:
                raise Undefined("chosen")
            return meaning(*operands)

        return checked

    return counted


def with_exits(ir: Function, exits: Exits) -> Function:
    """The function (changed in place, and not of any stage any more) with these exits."""
    rows: dict[Opcode, Opcode] = {}
    for block in ir.blocks:
        for inst in list(block.insts):
            if inst.exit is None or inst.op in (Op.leave, Op.store):
                continue
            if inst.op in CALLS.values():
                # The call stays as it is: what may leave comes before it.
                call, inst = inst, ir.new_inst(Op.room, exit=inst.exit)
                block.insts.insert(block.insts.index(call), inst)
            op = inst.op
            if inst.result is None:
                inst.result = ir.new_value(BOOL, inst)
            if op in OF_VARIABLES:
                loads = replace(inst, result=None if op.result is None else inst.result)
                inst.op = replace(op, meaning=exits(partial(load, loads, Live())))
            else:
                rows.setdefault(op, replace(op, meaning=exits(op.meaning or (lambda: 0))))
                inst.op = rows[op]
    return ir


def arguments(function: FunctionType, args: Sequence[object]) -> list[object] | None:
    """The arguments in the order of the function's parameters, or None if they do not bind."""
    try:
        bound = inspect.signature(function).bind(*args)
    except TypeError:
        return None
    bound.apply_defaults()
    return list(bound.arguments.values())


def built(function: FunctionType, args: Sequence[object]) -> Function:
    """The verified IR for arguments like these."""
    ir = build(function, tuple(type(arg) for arg in args))
    verify(ir, "exact")
    return ir


def run(
    function: FunctionType, args: Sequence[object], exits: Exits = exact, steps: int = STEPS
) -> Returned | Left:
    return interpret(with_exits(built(function, args), exits), args, steps, Live())


def finished(
    function: FunctionType,
    args: Sequence[object],
    exits: Exits = exact,
    bridges: int = 0,
    steps: int = STEPS,
) -> tuple[Data, Data]:
    """What the call returns and raises: from the IR, and from CPython where it leaves the IR.

    So many times, what goes on after an exit is built and interpreted as well.
    """
    known = args
    for _ in range(bridges + 1):
        outcome = run(function, args, exits, steps)
        if isinstance(outcome, Returned):
            return fingerprint(outcome.value, known), None
        function, args = continuation(function, outcome)
    return observed(function, args, known)


def observed(
    function: FunctionType, args: Sequence[object], known: Sequence[object]
) -> tuple[Data, Data]:
    """What a call returns and raises, with the traceback from that function on."""
    try:
        return fingerprint(function(*args), known), None
    except Exception as error:
        traceback = error.__traceback__
        assert traceback is not None
        return None, exception_data(error.with_traceback(traceback.tb_next))


def continuation(function: FunctionType, left: Left) -> tuple[FunctionType, list[object]]:
    """A function that goes on from where the IR left, and its arguments."""
    args: dict[Value, object] = {}
    state = state_of(left, args)
    return resume_function(function, state, False), list(args.values())


def state_of(left: Left, args: dict[Value, object]) -> FrameState:
    locals = {name: shape_of(value, args) for name, value in left.locals.items()}
    stack = tuple(shape_of(value, args) for value in left.stack)
    call = left.call and Inlined(*left.call[:2], state_of(left.call[2], args))
    return FrameState(left.offset, locals, stack, call)


def shape_of(value: object, args: dict[Value, object]) -> Shape:
    """The object as a shape, with its integers as new values in `args`."""
    if value is NULL:
        return NULL
    if type(value) is tuple:
        return TupleOf(tuple(shape_of(item, args) for item in value))
    if type(value) is list:
        return ListOf(tuple(shape_of(item, args) for item in value))
    if type(value) is type(iter(())):
        return TupleIter(tuple(shape_of(item, args) for item in items_left(value)))
    if isinstance(value, range | Iterator):
        made = value if isinstance(value, range) else rest(value)
        start, stop = shape_of(made.start, args), shape_of(made.stop, args)
        kind = RangeOf if isinstance(value, range) else RangeIter
        return kind(start, stop, Const(made.step), made.step > 0)
    if value is None or callable(value):
        return Const(value)
    type_: Type = INT if type(value) is int else BOOL if type(value) is bool else OBJ
    param = Value(len(args), type_)
    args[param] = value
    return param


def items_left(iterator: Iterator[object]) -> tuple[object, ...]:
    """What an iterator over a tuple still has to give."""
    _, (items,), *state = cast(tuple[Any, ...], iterator.__reduce__())
    return items[state[0] :] if state else ()


def rest(iterator: Iterator[object]) -> range:
    """What an iterator over a range still has to give."""
    _, (remaining,), *state = cast(tuple[Any, ...], iterator.__reduce__())
    assert isinstance(remaining, range)
    return remaining[state[0] :] if state and state[0] is not None else remaining
