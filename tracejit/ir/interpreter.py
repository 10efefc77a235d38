"""The reference interpreter: what an IR function means, one instruction at a time.

The oracle of every pass and of the back end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Final, TypeAlias

from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.ops import CALLS, OF_VARIABLES, PARTS, Op, Undefined
from tracejit.ir.shapes import (
    NULL,
    Const,
    ListOf,
    Null,
    RangeIter,
    RangeOf,
    Shape,
    TupleIter,
    TupleOf,
    Unsigned,
)
from tracejit.ir.structures import parts_of
from tracejit.ir.types import BOOL, I64, PYTHON_TYPES, fits_i64, fits_u64, unsigned, wrap_i64
from tracejit.ir.value import Value
from tracejit.ir.variables import ABSENT, CONTENTS, Variable

_CALLS: Final = frozenset(CALLS.values())
_PARTS: Final = frozenset(PARTS.values())


@dataclass(frozen=True, slots=True)
class Returned:
    """The function returned this object."""

    value: object


@dataclass(frozen=True, slots=True)
class Left:
    """The function left: the interpreter goes on at `offset` with these locals and this stack."""

    reason: str
    offset: int
    locals: Mapping[str, object]
    stack: tuple[object, ...]
    call: tuple[FunctionType, CodeType | None, Left] | None = None
    """If it left in an inlined function: that, its code, and where its caller goes on then."""


class OutOfFuel(RuntimeError):
    """The function took more steps than it was given."""


class Trap(RuntimeError):
    """An instruction that must not see such operands saw them: a wrong pass."""


Memory: TypeAlias = dict[Variable, object]
"""What variables outside of the function contain."""


def interpret(
    function: Function,
    args: Sequence[object],
    steps: int = 100_000,
    memory: Memory | None = None,
) -> Returned | Left:
    """Run the function on its entry's arguments, and the variables in that memory.

    Raises OutOfFuel after so many instructions, and Trap where machine code would be undefined.
    """
    values: dict[Value, object] = dict(zip(function.entry.params, args, strict=True))
    memory = {} if memory is None else memory
    block = function.entry
    parts: list[object] = []
    while True:
        for inst in block.insts[:-1]:
            steps -= 1
            try:
                if inst.op is Op.store or inst.op is Op.poll:
                    assert inst.exit is not None
                    _store(inst.exit, values, memory)
                elif inst.op in OF_VARIABLES:
                    parts = [load(inst, memory)]
                elif inst.op in _CALLS:
                    assert isinstance(inst.imm, int)
                    given = [values[arg] for arg in inst.args]
                    parts = natively(function.natives[inst.imm], steps, memory, *given)
                if inst.result is not None:
                    _execute(inst, values, parts)
            except Undefined:
                if inst.exit is None:
                    raise Trap(f"{block}: {inst.op.name}") from None
                return _left(inst.exit, values, memory)
        steps -= 1
        if steps < 0:
            raise OutOfFuel(function.name)
        last = block.terminator
        if last.op is Op.ret:
            return Returned(evaluate(last.returned(), values))
        if last.op is Op.leave:
            assert last.exit is not None
            return _left(last.exit, values, memory)
        block = _follow(_taken(last, values), values)


def _execute(inst: Inst, values: dict[Value, object], parts: Sequence[object]) -> None:
    """`parts` are those of the result of the last native call, or what was loaded."""
    result = inst.value
    if inst.op.has_imm:
        values[result] = inst.constant()
    elif inst.op in _CALLS or inst.op in OF_VARIABLES:
        values[result] = parts[0]
    elif inst.op in _PARTS:
        values[result] = parts[inst.imm]  # type: ignore[call-overload]  # an int
    else:
        assert inst.op.meaning is not None
        computed: object = inst.op.meaning(*(values[arg] for arg in inst.args))
        values[result] = bool(computed) if result.type == BOOL else computed


def load(inst: Inst, memory: Memory) -> object:
    """What the variable contains. Raises Undefined where that is not what the opcode says."""
    content = memory.get(inst.variable(), ABSENT)
    if inst.op is Op.plain:
        fits = type(content) in CONTENTS
    elif inst.result is None:
        fits = content is None
    else:
        fits = type(content) is PYTHON_TYPES[inst.result.type]
        if isinstance(content, int):
            fits = fits and (fits_u64 if inst.op is Op.uload else fits_i64)(content)
    if not fits:
        raise Undefined(f"{inst.variable().name} contains {content!r}")
    if inst.op is Op.uload and inst.value.type == I64:
        assert isinstance(content, int)
        return wrap_i64(content)
    return content


def _store(exit: Exit, values: dict[Value, object], memory: Memory) -> None:
    memory.update([(variable, evaluate(shape, values)) for variable, shape in exit.state.stores])


def natively(function: Function, steps: int, memory: Memory, *args: object) -> list[object]:
    """The parts of a native call's result. Raises Undefined where the function returns no such."""
    given = iter(args)
    passed = function.passed()
    entered = [next(given) if p in passed else None for p in function.entry.params]
    outcome = interpret(function, entered, steps, memory)
    assert function.result is not None
    if isinstance(outcome, Returned):
        parts = parts_of(Const(outcome.value), function.result)
        if parts is not None:
            return [evaluate(part, {}) for part in parts]
    raise Undefined("no such result")


def _taken(inst: Inst, values: dict[Value, object]) -> Target:
    if inst.op is Op.br_if:
        return inst.targets[0 if values[inst.args[0]] else 1]
    return inst.targets[0]


def _follow(target: Target, values: dict[Value, object]) -> Block:
    given = [values[arg] for arg in target.args]
    values.update(zip(target.block.params, given, strict=True))
    return target.block


def _left(exit: Exit, values: dict[Value, object], memory: Memory) -> Left:
    _store(exit, values, memory)
    return _frame(exit.reason, exit.state, values)


def _frame(reason: str, state: FrameState, values: dict[Value, object]) -> Left:
    call = state.call
    return Left(
        reason,
        state.offset,
        {name: evaluate(shape, values) for name, shape in state.locals.items()},
        tuple(evaluate(shape, values) for shape in state.stack),
        (call.function, call.code, _frame(reason, call.caller, values)) if call else None,
    )


def evaluate(shape: Shape, values: Mapping[Value, object]) -> object:
    """The Python object of a shape. NULL stays itself; an iterator is `iter(range(...))`."""
    match shape:
        case Value():
            return values[shape]
        case Null():
            return NULL
        case Const(value):
            return value
        case Unsigned(value):
            return unsigned(values[value])  # type: ignore[arg-type]  # an i64
        case TupleOf(items):
            return tuple(evaluate(item, values) for item in items)
        case ListOf(items):
            return [evaluate(item, values) for item in items]
        case TupleIter(items):
            return iter(tuple(evaluate(item, values) for item in items))
        case RangeOf(start, stop, step, _) | RangeIter(start, stop, step, _):
            first, last, by = (evaluate(part, values) for part in (start, stop, step))
            assert isinstance(first, int)
            assert isinstance(last, int)
            assert isinstance(by, int)
            made = range(first, last, by)
            return iter(made) if isinstance(shape, RangeIter) else made
