"""Native calls of Python functions that are not inlined: recursive ones, and long ones."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import FunctionType, NoneType
from typing import Final

from tracejit.frontend.decode import Instr
from tracejit.frontend.inlining import bind
from tracejit.frontend.program import Callee, Native
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.frame_state import Exit, FrameState, Inlined
from tracejit.ir.function import FunctionHas
from tracejit.ir.ops import CALLS, Op
from tracejit.ir.shapes import Const, Shape
from tracejit.ir.types import PYTHON_TYPES, Exactly, Kind, kind_of
from tracejit.ir.value import Value

MOST_ARGUMENTS: Final = 6
"""So many are passed in registers."""
_MOST_NATIVES: Final = 8
"""Functions that are compiled together."""
_MOST_INSTRUCTIONS: Final = 320
"""Instructions of Python's that functions may get by being inlined in themselves."""


def can_pass(kinds: Sequence[Kind | None]) -> bool:
    """Whether arguments of such kinds are passed: in registers, or as they are known."""
    passed = sum([kind in PYTHON_TYPES.values() for kind in kinds])
    return passed <= MOST_ARGUMENTS and all(map(_is_passed, kinds))


def _is_passed(kind: Kind | None) -> bool:
    return kind in PYTHON_TYPES.values() or kind is NoneType or isinstance(kind, Exactly)


def times_inlined(t: Tracer) -> int:
    """How deep calls are inlined in a function that calls itself, or others that call it.

    What that takes is no longer left for the functions that are compiled after it.
    """
    program, calls, instructions = t.program, t.recursive_calls, len(t.compiled.flow.instrs)
    if not program.is_recursive(t.compiled.python):
        return 0
    times, copies = 0, calls
    while 0 < copies * instructions <= _MOST_INSTRUCTIONS - program.copied:
        times += 1
        copies = calls * (copies + 1)
    program.copied += sum([calls**depth for depth in range(1, times + 1)]) * instructions
    return times


def enter(t: Tracer, instr: Instr) -> None:
    """What is called natively polls like a loop, and begins only if it has room for its frames."""
    # Resume functions have a second such instruction.
    if t.native is not None and t.frame is t.compiled and t.room is None:
        t.poll()
        t.room = t.emit_effect(Op.room, t.exit("recursion"))


def call_natively(
    t: Tracer, function: FunctionType, args: Sequence[Shape], keywords: Sequence[str]
) -> None:
    """Call the function, which the current instruction calls; the last `args` have names."""
    callee = t.program.callee(function)
    if callee.flow is None or callee.code.co_flags & inspect.CO_VARARGS:
        raise Leave(f"call:{function.__name__}")
    t.calls_natively = True
    if t.native is None:
        raise Leave(f"call:{function.__name__}")
    bound = bind(t, function, callee.code, args, keywords)
    shapes = [bound[name] for name in callee.parameters()]
    native = _native(t, callee, tuple([_kind_of(t, shape) for shape in shapes]))
    t.recursive_calls += t.program.is_recursive(function)
    values = [_argument(t, shape) for shape in shapes if t.type_of(shape) in PYTHON_TYPES]
    t.assume(FunctionHas("code", callee.code, function))
    t.note_call()
    exit = Exit("call", _entered(t, callee, bound))
    t.stack.append(t.emit_with(exit, CALLS[native.result], values, native.number))


def _entered(t: Tracer, callee: Callee, bound: dict[str, Shape]) -> FrameState:
    """The state in which the function begins that the current instruction calls."""
    assert callee.flow is not None
    instrs = callee.flow.instrs.values()
    start = next(instr.offset for instr in instrs if instr.name == "RESUME")
    return FrameState(start, dict(bound), (), Inlined(callee.python, callee.code, t.after_call()))


def _kind_of(t: Tracer, shape: Shape) -> Kind | None:
    found = PYTHON_TYPES.get(t.type_of(shape))
    return kind_of(shape.value) if found is None and isinstance(shape, Const) else found


def _native(t: Tracer, callee: Callee, kinds: tuple[Kind | None, ...]) -> Native:
    program = t.program
    is_new = (callee.python, kinds) not in program.natives
    if is_new and (not can_pass(kinds) or len(program.natives) == _MOST_NATIVES):
        raise Leave(f"call:{callee.python.__name__}")
    return program.native(callee, kinds)  # type: ignore[arg-type]  # what is passed has a kind


def _argument(t: Tracer, shape: Shape) -> Value:
    if t.is_float(shape):
        return t.as_float(shape)
    if t.is_bool(shape):
        return t.as_bool(shape)
    return t.iconst(t.small(shape)) if isinstance(shape, Const) else t.as_int(shape)


HANDLERS = {"RESUME": enter}
