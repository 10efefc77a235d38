"""Native calls of Python functions that are not inlined: recursive ones, and long ones."""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType
from typing import Final

from tracejit.frontend.decode import Instr
from tracejit.frontend.inlining import bind
from tracejit.frontend.program import Arguments, Callee, Native
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.frame_state import Exit, FrameState, Inlined
from tracejit.ir.function import FunctionHas
from tracejit.ir.ops import CALLS, PARTS, Op
from tracejit.ir.shapes import Const, Shape
from tracejit.ir.structures import (
    MOST_PARTS,
    Structure,
    is_passed,
    parts_of,
    shape_of,
    structure_of,
    types_of,
)
from tracejit.ir.value import Value

_MOST_NATIVES: Final = 8
"""Functions that are compiled together."""
_MOST_INSTRUCTIONS: Final = 320
"""Instructions of Python's that functions may get by being inlined in themselves."""


def can_pass(arguments: Arguments) -> bool:
    """Whether such arguments are passed: their parts in registers, the rest as it is known."""
    parts = sum([len(types_of(structure)) for structure in arguments])
    return parts <= MOST_PARTS and all(map(is_passed, arguments))


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
    if callee.flow is None:
        raise Leave(f"call:{function.__name__}")
    t.calls_natively = True
    if t.native is None:
        raise Leave(f"call:{function.__name__}")
    bound = bind(t, function, callee.code, args, keywords)
    shapes = [bound[name] for name in callee.parameters()]
    native = _native(t, callee, [structure_of(shape) for shape in shapes])
    t.recursive_calls += t.program.is_recursive(function)
    values: list[Value] = []
    for shape, structure in zip(shapes, native.arguments, strict=True):
        values += [_part(t, part) for part in parts_of(shape, structure) or ()]
    t.assume(FunctionHas("code", callee.code, function))
    t.note_call()
    t.store()
    t.known = {}
    _push_result(t, native, values, Exit("call", _entered(t, callee, bound)))


def _push_result(t: Tracer, native: Native, values: Sequence[Value], exit: Exit) -> None:
    types = types_of(native.result)
    parts = [t.emit_numbered(CALLS[types[0] if types else None], native.number, values, exit)]
    for number, type in enumerate(types[1:], 1):
        parts.append(t.emit_numbered(PARTS[type], number))
    t.stack.append(shape_of(native.result, iter([inst.value for inst in parts if inst.result])))


def _entered(t: Tracer, callee: Callee, bound: dict[str, Shape]) -> FrameState:
    """The state in which the function begins that the current instruction calls."""
    assert callee.flow is not None
    instrs = callee.flow.instrs.values()
    start = next(instr.offset for instr in instrs if instr.name == "RESUME")
    call = Inlined(callee.python, callee.code, t.after_call())
    return t.state_of(start, dict(bound), (), call)


def _native(t: Tracer, callee: Callee, structures: Sequence[Structure | None]) -> Native:
    program = t.program
    arguments = tuple([structure for structure in structures if structure is not None])
    if len(arguments) == len(structures) and can_pass(arguments):
        is_known = (callee.python, arguments) in program.natives
        if is_known or len(program.natives) < _MOST_NATIVES:
            return program.native(callee, arguments)
    raise Leave(f"call:{callee.python.__name__}")


def _part(t: Tracer, shape: Shape) -> Value:
    if t.is_float(shape):
        return t.as_float(shape)
    if t.is_bool(shape):
        return t.as_bool(shape)
    return t.iconst(t.small(shape)) if isinstance(shape, Const) else t.as_int(shape)


HANDLERS = {"RESUME": enter}
