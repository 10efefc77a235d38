"""Jumps, loops, returns and what raises."""

from __future__ import annotations

from tracejit.frontend.arithmetic import truth
from tracejit.frontend.decode import Instr
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.shapes import Const, ListOf, Null, RangeIter, Shape, TupleIter, TupleOf
from tracejit.ir.value import Value


def jump_forward(t: Tracer, instr: Instr) -> None:
    t.jump(instr.target)


def jump_backward(t: Tracer, instr: Instr) -> None:
    _back_edge(t, instr)
    t.jump(instr.target)


def pop_jump_if_true(t: Tracer, instr: Instr) -> None:
    _jump_if(t, instr, truth(t, t.stack.pop()))


def pop_jump_if_false(t: Tracer, instr: Instr) -> None:
    _jump_if(t, instr, truth(t, t.stack.pop()), when=False)


def pop_jump_if_none(t: Tracer, instr: Instr) -> None:
    _jump_if(t, instr, _is_none(t.stack.pop()))


def pop_jump_if_not_none(t: Tracer, instr: Instr) -> None:
    _jump_if(t, instr, _is_none(t.stack.pop()), when=False)


def _is_none(shape: Shape) -> bool:
    return isinstance(shape, Const) and shape.value is None


def _jump_if(t: Tracer, instr: Instr, condition: Value | bool, when: bool = True) -> None:
    if isinstance(condition, bool):
        if condition is when:
            _back_edge(t, instr)
            t.jump(instr.target)
        return
    _back_edge(t, instr)
    jump, stay = t.edge(instr.target), t.edge(instr.next)
    t.branch(condition, *((jump, stay) if when else (stay, jump)))


def _back_edge(t: Tracer, instr: Instr) -> None:
    """Poll, unless that is done where the jumps back to the loop's header meet.

    A loop over a tuple is none: each iteration has code of its own.
    """
    header = instr.target
    if header <= instr.offset and not (t.meets(header) or t.is_unrolled(header)):
        t.poll()


def jump_if_true_or_pop(t: Tracer, instr: Instr) -> None:
    _jump_or_pop(t, instr, when=True)


def jump_if_false_or_pop(t: Tracer, instr: Instr) -> None:
    _jump_or_pop(t, instr, when=False)


def _jump_or_pop(t: Tracer, instr: Instr, when: bool) -> None:
    condition = truth(t, t.stack[-1])
    if isinstance(condition, bool):
        if condition is when:
            t.jump(instr.target)
        else:
            t.stack.pop()
        return
    jump = t.edge(instr.target)
    t.stack.pop()
    stay = t.edge(instr.next)
    t.branch(condition, *((jump, stay) if when else (stay, jump)))


def return_value(t: Tracer, instr: Instr) -> None:
    _return(t, t.stack.pop())


def return_const(t: Tracer, instr: Instr) -> None:
    _return(t, Const(instr.arg))


def _return(t: Tracer, shape: Shape) -> None:
    if t.frame.caller is not None:
        t.return_to_caller(shape)
        return
    _check_returnable(t, shape)
    t.store()
    t.ret(shape)


def _check_returnable(t: Tracer, shape: Shape) -> None:
    match shape:
        case TupleOf(items):
            for item in items:
                _check_returnable(t, item)
        case RangeIter() | TupleIter() | ListOf() | Null():
            raise t.wrong_type(shape)


def raise_varargs(t: Tracer, instr: Instr) -> None:
    raise Leave("raise")


def load_assertion_error(t: Tracer, instr: Instr) -> None:
    raise Leave("assert")


HANDLERS = {
    "JUMP_FORWARD": jump_forward,
    "JUMP_BACKWARD": jump_backward,
    "POP_JUMP_IF_TRUE": pop_jump_if_true,
    "POP_JUMP_IF_FALSE": pop_jump_if_false,
    "POP_JUMP_IF_NONE": pop_jump_if_none,
    "POP_JUMP_IF_NOT_NONE": pop_jump_if_not_none,
    "JUMP_IF_TRUE_OR_POP": jump_if_true_or_pop,
    "JUMP_IF_FALSE_OR_POP": jump_if_false_or_pop,
    "RETURN_VALUE": return_value,
    "RETURN_CONST": return_const,
    "RAISE_VARARGS": raise_varargs,
    "LOAD_ASSERTION_ERROR": load_assertion_error,
}
