"""Lowering of native calls, of what is called so, and of the way in from Python."""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType
from typing import Final

from tracejit.backend.convention import argument_registers, result_registers
from tracejit.backend.exits import ExitRecord
from tracejit.backend.lir import LirExit, Operand, VirtualRegister
from tracejit.backend.lower_control import return_bool, return_constant
from tracejit.backend.selection import Selector, lowers
from tracejit.backend.x64 import R14, R15, RAX, RDI, RDX, XMM, Register
from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Function, Inst
from tracejit.ir.ops import CALLS, PARTS, Op
from tracejit.ir.structures import Structure, shape_of, types_of
from tracejit.ir.types import I64, INT, OBJ, OWNED, Type
from tracejit.ir.value import Value

_CODE_UNIT: Final = 2
"""Bytes; the last one of a call stands right before where its caller goes on."""


def lower_way_in(select: Selector) -> None:
    """Call the function with what has been unboxed, and return what it gives."""
    function = select.function
    select.emit("budget", select.copy(select.target.budget()))
    select.emit("missb")
    values = [select.registers[param] for param in function.passed()]
    passed = _pass(select, [param.type for param in function.passed()], values)
    select.emit("mov", R15, select.target.initial_fuel)
    select.emit(f"native{len(passed)}", *passed, 0)
    boxed, unboxed = select.new_block(cold=True), select.new_block()
    select.emit("test32", RDX, RDX)
    select.branch("ne", boxed, unboxed)
    select.start(boxed)
    select.emit("return")
    select.start(unboxed)
    if function.result is float:
        select.emit("tailcall_float", select.target.box_float)
    elif function.result is bool:
        value = select.copy(RAX)
        return_bool(select, lambda: _is_true(select, value))
    elif function.result is NoneType:
        return_constant(select, None)
    elif function.result is int:
        select.emit("mov", RDI, RAX)
        select.emit("tailcall", select.target.box_int)
    else:
        _return_parts(select)


def _is_true(select: Selector, value: VirtualRegister) -> str:
    select.emit("test", value, value)
    return "ne"


def _pass(select: Selector, types: Iterable[Type], values: Iterable[Operand]) -> list[Register]:
    passed = argument_registers(types)
    for register, value in zip(passed, values, strict=True):
        select.emit("mov", register, value)
    return passed


def _return_parts(select: Selector) -> None:
    """Return the object that is made of the parts, by the function that `boxing` gives."""
    assert select.function.result is not None
    types = types_of(select.function.result)
    values = [
        select.copy_float(register) if register in XMM else select.copy(register)
        for register in result_registers(types)
    ]
    passed = _pass(select, types, values)
    select.emit(f"native{len(passed)}", *passed, len(select.function.natives))
    select.emit("return")


def boxing(function: Function) -> Iterable[Function]:
    """What makes an object of the parts of what the function gives, where none else does."""
    result = function.result
    if result is not None and not isinstance(result, type):
        boxes = Function("boxing")
        types: list[Type] = [I64 if type == INT else type for type in types_of(result)]
        block = boxes.new_block(types)
        block.insts.append(boxes.new_inst(Op.ret, imm=shape_of(result, iter(block.params))))
        yield boxes


def lower_native_entry(select: Selector, number: int) -> None:
    """The entry of the function of that number, as native calls find it."""
    params = select.function.passed()
    passed = argument_registers([param.type for param in params])
    select.emit(f"enter{len(passed)}", *passed, number)
    for register, param in zip(passed, params, strict=True):
        if param in select.registers:
            select.emit("mov", select.registers[param], register)


@lowers(*CALLS.values())
def lower_call(select: Selector, inst: Inst) -> None:
    assert inst.exit is not None
    assert isinstance(inst.imm, int)
    result = select.function.natives[inst.imm].result
    assert result is not None
    frames = _frames_made(inst.exit.state)
    given = result_registers(types_of(result))
    places = [(given[0], select.place(inst.result))] if inst.result is not None else []
    for part in select.parts:
        assert isinstance(part.imm, int)
        places.append((given[part.imm], select.place(part.value)))
    select.parts = []
    passed = _pass(select, [arg.type for arg in inst.args], map(select.source, inst.args))
    select.emit("sub", R14, frames)
    select.emit(f"native{len(passed)}", *passed, inst.imm)
    select.emit("add", R14, frames)
    boxed, unboxed = select.new_block(cold=True), select.new_block()
    select.emit("test32", RDX, RDX)
    select.branch("ne", boxed, unboxed)
    select.emit_cold(boxed, lambda: _unbox(select, inst.exit, result), unboxed)
    for register, place in places:
        select.emit("mov", place, register)


@lowers(*PARTS.values())
def lower_part(select: Selector, inst: Inst) -> None:
    """The call, which comes right before, puts it in its place."""
    select.parts.append(inst)


@lowers(Op.room)
def lower_room(select: Selector, inst: Inst) -> None:
    assert inst.exit is not None
    assert isinstance(inst.imm, int)
    select.emit("cmp32", R14, inst.imm)
    select.emit_exit("jl", select.exit(inst.exit))


def _frames_made(state: FrameState) -> int:
    """How many frames of Python's the state has above that of the function that is compiled."""
    frames = 0
    while state.call is not None:
        frames += 1
        state = state.call.caller
    return frames


def _unbox(select: Selector, exit: Exit | None, result: Structure) -> None:
    """Take the parts out of the object in rax; leave where it is made of others."""
    assert exit is not None
    assert exit.state.call is not None
    after = exit.state.call.caller
    select.emit("test", RAX, RAX)
    select.emit_exit("je", select.exit(Exit("raise", _during(after)), kind="raise"))
    if select.lir.guards:
        select.emit("recheck")
        select.emit_exit("jne", _with_result(select, after))
    select.emit("take", select.copy(select.target.take_result(result)))
    select.emit_exit("jb", _with_result(select, after))


def _during(after: FrameState) -> FrameState:
    """The state at the call."""
    return FrameState(after.offset - _CODE_UNIT, after.locals, after.stack, after.call)


def _with_result(select: Selector, after: FrameState) -> LirExit:
    """A way out behind the call, with the object in rax as its result."""
    result = Value(select.function.next_value, OBJ)
    state = FrameState(after.offset, after.locals, (*after.stack, result), after.call)
    values = state.values()
    types: list[Type] = [
        OWNED if value is result else type
        for value, type in zip(values, state.types(), strict=True)
    ]
    operands: list[Operand] = [RAX if value is result else select.source(value) for value in values]
    record = ExitRecord("resume", Exit("result", state), frame=select.function.frame)
    return LirExit(-1, record, types, operands, select.give_back())
