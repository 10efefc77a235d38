"""An oracle for the front end: run the IR, and go on in CPython from the state in which it left.

The code object that goes on takes nothing: the state's objects are constants of its prologue.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import FunctionType
from typing import cast

from bytecode import ConcreteBytecode
from bytecode.concrete import ConcreteInstr

from tests.differential import Data, exception_data, fingerprint
from tracejit.frontend.builder import build
from tracejit.ir.function import Function
from tracejit.ir.interpreter import Left, Returned, interpret
from tracejit.ir.ops import Op, Opcode, Undefined
from tracejit.ir.shapes import NULL
from tracejit.ir.types import BOOL
from tracejit.ir.verifier import verify

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
    for inst in ir.insts():
        if inst.exit is None or inst.op is Op.leave:
            continue
        op = inst.op
        if op is Op.poll:
            inst.result = ir.new_value(BOOL, inst)
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
    function: FunctionType, args: Sequence[object], exits: Exits = exact, steps: int = 100_000
) -> Returned | Left:
    return interpret(with_exits(built(function, args), exits), args, steps)


def finished(
    function: FunctionType, args: Sequence[object], exits: Exits = exact, steps: int = 100_000
) -> tuple[Data, Data]:
    """What the call returns and raises: from the IR, and from CPython where it leaves the IR."""
    outcome = run(function, args, exits, steps)
    if isinstance(outcome, Returned):
        return fingerprint(outcome.value, args), None
    return observed(continuation(function, outcome), (), args)


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


def continuation(function: FunctionType, left: Left) -> FunctionType:
    """A function without parameters that goes on from where the IR left."""
    code = function.__code__
    concrete = ConcreteBytecode.from_code(code, extended_arg=True)
    rows = [cast(ConcreteInstr, row) for row in concrete]
    start = next(index for index, row in enumerate(rows) if row.name == "RESUME") + 1
    prologue = list(_prologue(concrete, left))
    size = sum(row.size for row in prologue) // 2
    # The jump's own size depends on how far it goes.
    distance = left.offset // 2 - start
    prologue.append(ConcreteInstr("JUMP_FORWARD", distance))
    size += prologue[-1].size // 2
    concrete[start:start] = prologue
    for entry in concrete.exception_table:
        entry.start_offset += size
        entry.stop_offset += size
        entry.target += size
    concrete.argcount = concrete.posonlyargcount = concrete.kwonlyargcount = 0
    made = concrete.to_code(
        stacksize=code.co_stacksize + len(left.stack) + 1, compute_exception_stack_depths=False
    )
    return FunctionType(
        made.replace(co_qualname=code.co_qualname),
        function.__globals__,
        function.__name__,
        None,
        function.__closure__,
    )


def _prologue(concrete: ConcreteBytecode, left: Left) -> Iterator[ConcreteInstr]:
    for name, value in left.locals.items():
        yield _constant(concrete, value)
        yield ConcreteInstr("STORE_FAST", concrete.varnames.index(name))
    for value in left.stack:
        yield ConcreteInstr("PUSH_NULL") if value is NULL else _constant(concrete, value)


def _constant(concrete: ConcreteBytecode, value: object) -> ConcreteInstr:
    concrete.consts.append(value)
    return ConcreteInstr("LOAD_CONST", len(concrete.consts) - 1)
