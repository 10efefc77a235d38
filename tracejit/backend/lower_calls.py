"""Lowering of native calls, of what is called so, and of the way in from Python.

A function that is called natively takes its arguments in registers. It gives its result in rax or
xmm0, with edx = 0; or with edx = 1 an object in rax, whose reference is its caller's, or NULL for
an exception. r14 says in its low half how many more frames of Python's native code may make, in its
high half how many the interpreter may on top of that; a function that is called looks whether these
are enough for all that it makes itself. r15 is the fuel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracejit.backend.exits import ExitRecord
from tracejit.backend.lir import LirExit, Operand, VirtualRegister
from tracejit.backend.lower_control import return_bool
from tracejit.backend.selection import Selector, lowers
from tracejit.backend.x64 import (
    INTEGER_ARGUMENTS,
    R14,
    R15,
    RAX,
    RDI,
    RDX,
    XMM,
    XMM0,
    Register,
)
from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Inst
from tracejit.ir.ops import CALLS, Op
from tracejit.ir.types import F64, OBJ, OWNED, Type
from tracejit.ir.value import Value

_CODE_UNIT: Final = 2
"""Bytes; the last one of a call stands right before where its caller goes on."""


def lower_way_in(select: Selector) -> None:
    """Call the function with what has been unboxed, and return what it gives."""
    params = select.function.passed()
    select.emit("budget", select.copy(select.target.budget()))
    select.emit("missb")
    passed = _argument_registers(params)
    for register, param in zip(passed, params, strict=True):
        select.emit("mov", register, select.registers[param])
    select.emit("mov", R15, select.target.initial_fuel)
    select.emit(f"native{len(passed)}", *passed, 0)
    boxed, unboxed = select.new_block(cold=True), select.new_block()
    select.emit("test32", RDX, RDX)
    select.branch("ne", boxed, unboxed)
    select.start(boxed)
    select.emit("return")
    select.start(unboxed)
    match select.function.result:
        case "f64":
            select.emit("tailcall_float", select.target.box_float)
        case "bool":
            value = select.copy(RAX)
            return_bool(select, lambda: _is_true(select, value))
        case _:
            select.emit("mov", RDI, RAX)
            select.emit("tailcall", select.target.box_int)


def _is_true(select: Selector, value: VirtualRegister) -> str:
    select.emit("test", value, value)
    return "ne"


def lower_native_entry(select: Selector, number: int) -> None:
    """The entry of the function of that number, as native calls find it."""
    params = select.function.passed()
    passed = _argument_registers(params)
    select.emit(f"enter{len(passed)}", *passed, number)
    for register, param in zip(passed, params, strict=True):
        if param in select.registers:
            select.emit("mov", select.registers[param], register)


def _argument_registers(values: Sequence[Value]) -> list[Register]:
    integers, floats = iter(INTEGER_ARGUMENTS), iter(XMM)
    return [next(floats if value.type == F64 else integers) for value in values]


@lowers(*CALLS.values())
def lower_call(select: Selector, inst: Inst) -> None:
    assert inst.exit is not None
    assert isinstance(inst.imm, int)
    frames = _frames_made(inst.exit.state)
    place = select.place(inst.value)
    passed = _argument_registers(inst.args)
    for register, arg in zip(passed, inst.args, strict=True):
        select.emit("mov", register, select.source(arg))
    select.emit("sub", R14, frames)
    select.emit(f"native{len(passed)}", *passed, inst.imm)
    select.emit("add", R14, frames)
    boxed, unboxed = select.new_block(cold=True), select.new_block()
    select.emit("test32", RDX, RDX)
    select.branch("ne", boxed, unboxed)
    select.emit_cold(boxed, lambda: _unbox(select, inst), unboxed)
    select.emit("mov", place, XMM0 if inst.op is Op.fcall else RAX)


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


def _unbox(select: Selector, inst: Inst) -> None:
    """Take the value out of the object in rax; leave where it is not to be had."""
    assert inst.exit is not None
    assert inst.exit.state.call is not None
    after = inst.exit.state.call.caller
    select.emit("test", RAX, RAX)
    select.emit_exit("je", select.exit(Exit("raise", _during(after)), kind="raise"))
    if select.lir.guards:
        select.emit("recheck")
        select.emit_exit("jne", _with_result(select, after))
    select.emit("take", select.copy(select.target.take_result(inst.value.type)))
    select.emit_exit("jb", _with_result(select, after))
    if inst.op is Op.fcall:
        select.emit("movq", XMM0, RAX)


def _during(after: FrameState) -> FrameState:
    """The state at the call."""
    return FrameState(after.offset - _CODE_UNIT, after.locals, after.stack, after.call)


def _with_result(select: Selector, after: FrameState) -> LirExit:
    """A way out behind the call, with the object in rax as its result."""
    result = Value(select.function.next_value, OBJ)
    state = FrameState(after.offset, after.locals, (*after.stack, result), after.call)
    pairs = zip(state.values(), state.types(), strict=True)
    operands: list[tuple[Type, Operand]] = [
        (OWNED, RAX) if value is result else (type, select.source(value)) for value, type in pairs
    ]
    return LirExit(
        -1,
        ExitRecord("resume", Exit("result", state), frame=select.function.frame),
        operands,
        select.give_back(),
    )
