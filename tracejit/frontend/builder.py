"""Bytecode to exact IR by abstract interpretation."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import FunctionType, NoneType
from typing import Final

from tracejit.frontend import arithmetic, calls, comparisons, control, natives, sequences, stack
from tracejit.frontend.decode import Instr
from tracejit.frontend.flow import Flow, flow_of
from tracejit.frontend.program import Arguments, Callee, Found, Native, Program, Variables
from tracejit.frontend.tracer import Entry, GivenTuple, Leave, Tracer
from tracejit.frontend.unsupported import Unsupported, check_body, check_kind
from tracejit.ir.frame_state import Called
from tracejit.ir.function import Block, Function
from tracejit.ir.shapes import Const, Shape
from tracejit.ir.structures import Numbers, Structure, shape_of, types_of
from tracejit.ir.types import (
    BOOL,
    F64,
    INT,
    INT_KINDS,
    OBJ,
    Exactly,
    Kind,
    Signature,
    Type,
    general,
)
from tracejit.ir.value import Value

HANDLERS = {
    **stack.HANDLERS,
    **sequences.HANDLERS,
    **arithmetic.HANDLERS,
    **comparisons.HANDLERS,
    **calls.HANDLERS,
    **control.HANDLERS,
    **natives.HANDLERS,
}
"""How each instruction is traced. What is not here leaves."""


def build(function: FunctionType, signature: Signature) -> Function:
    """The exact IR of a Python function for the exact types of its arguments.

    `signature` has one kind for each parameter: the positional ones, then the keyword-only. Raises
    Unsupported for functions that must be left alone.
    """
    check_kind(function)
    code = function.__code__
    if code.co_flags & inspect.CO_VARARGS:
        raise Unsupported("varargs")
    flow = flow_of(code)
    check_body(function, flow.instrs)
    variables: Variables = {}
    while True:
        try:
            return _built(function, flow, signature, variables)
        except Found as found:
            variables = found.variables


def _built(
    function: FunctionType, flow: Flow, signature: Signature, variables: Variables
) -> Function:
    program = Program(function, _returned_by, variables)
    callee = program.add(function, function.__code__, flow)
    tracer = _traced(program, callee, signature)
    kinds = general(signature)
    if tracer.calls_natively and natives.can_pass(kinds):
        program.add_native(callee, kinds, tracer.returned)
        ir = _together(program)[0]
    else:
        ir = tracer.ir
    ir.assumptions = list(program.assumptions.values())
    ir.variables = program.variables.values()
    return ir


def _returned_by(program: Program, callee: Callee, arguments: Arguments) -> list[Structure]:
    return _traced(program, callee, arguments).returned


def _together(program: Program) -> list[Function]:
    """All functions that are called natively, of which some are found on the way."""
    together: list[Function] = []
    while len(together) < len(program.natives):
        together.append(_native(program, [*program.natives.values()][len(together)]))
        together[-1].natives = together
    return together


def _native(program: Program, native: Native) -> Function:
    """The function as it is called natively, inlined in itself if that makes it no giant."""
    callee = native.callee
    tracer = _traced(program, callee, native.arguments, native)
    if times := natives.times_inlined(tracer):
        tracer = _traced(program, callee, native.arguments, native, times)
    assert tracer.room is not None
    tracer.room.imm = tracer.deepest
    tracer.ir.result = native.result
    if callee.python is not program.root:
        tracer.ir.frame = Called(callee.python, callee.code)
    return tracer.ir


def _traced(
    program: Program,
    callee: Callee,
    arguments: Sequence[Structure],
    native: Native | None = None,
    times: int = 0,
) -> Tracer:
    """The function, as it is called natively if that is given, so many times inside itself."""
    tracer = Tracer(program, callee, native, times)
    tracer.work.append(_entry(tracer, callee.parameters(), arguments))
    while tracer.work:
        _trace(tracer, tracer.work.pop())
    return tracer


def _entry(tracer: Tracer, names: tuple[str, ...], arguments: Sequence[Structure]) -> Entry:
    block = tracer.ir.new_block()
    bound = {
        name: _argument(tracer, block, found) for name, found in zip(names, arguments, strict=True)
    }
    return Entry(tracer.frame, block, 0, bound, [], {}, ())


def _argument(tracer: Tracer, block: Block, found: Structure) -> Shape:
    """What is bound to a parameter. Native calls pass the parts of objects, others also these."""
    if isinstance(found, Numbers) or (isinstance(found, tuple) and tracer.native is not None):
        parts = [_parameter(tracer, block, type) for type in types_of(found)]
        return shape_of(found, iter(parts))
    if isinstance(found, tuple):
        tracer.is_given_tuples = True
        whole = _parameter(tracer, block, OBJ)
        tracer.object_types[whole] = tuple
        return GivenTuple(tuple([_item(tracer, block, item) for item in found]), whole)
    param = _parameter(tracer, block, _value_type(found))
    if isinstance(found, Exactly):
        return Const(found.value)
    if found is NoneType:
        return Const(None)
    if param.type == INT and found is not int:
        tracer.ir.ranges[param] = INT_KINDS[found]
    elif param.type == OBJ:
        tracer.object_types[param] = found
    return param


def _item(tracer: Tracer, block: Block, kind: Structure) -> Shape:
    return Const(None) if kind is NoneType else _argument(tracer, block, kind)


def _parameter(tracer: Tracer, block: Block, type: Type) -> Value:
    block.params.append(tracer.ir.new_value(type, block))
    return block.params[-1]


_VALUE_TYPES: Final[dict[Kind, Type]] = {bool: BOOL, float: F64}


def _value_type(kind: Kind) -> Type:
    return INT if kind in INT_KINDS else _VALUE_TYPES.get(kind, OBJ)


def _trace(tracer: Tracer, entry: Entry) -> None:
    """Fill one block, and those that follow it alone."""
    tracer.load(entry)
    offset = entry.offset
    if entry.latch:
        tracer.begin(tracer.frame.flow.instrs[offset])
        tracer.poll()
        tracer.jump(offset)
    while tracer.block is not None:
        instr = tracer.frame.flow.instrs[offset]
        tracer.begin(instr)
        try:
            HANDLERS.get(instr.name, _leave)(tracer, instr)
        except Leave as leave:
            tracer.leave(leave.reason)
            return
        offset = tracer.next
        if offset in tracer.frame.flow.merges and tracer.block is not None:
            tracer.jump(offset)
            return


def _leave(tracer: Tracer, instr: Instr) -> None:
    raise Leave(f"opcode:{instr.name}")
