"""Lowering of variables outside of the function: what they contain, and what they get."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tracejit.backend.exits import ExitRecord
from tracejit.backend.lir import LirExit, Memory, Operand, VirtualRegister
from tracejit.backend.selection import Selector, lowers
from tracejit.backend.unboxing import (
    DIGITS,
    FLOAT,
    SIZE,
    TYPE,
    Leave,
    call_stub,
    unbox_bool,
    unbox_int,
)
from tracejit.backend.x64 import RAX, RDI, RSI, XMM0
from tracejit.ir.frame_state import Exit
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.shapes import Const, Shape, Unsigned, types_in, values_in
from tracejit.ir.types import F64, OBJ, U64, Type
from tracejit.ir.value import Value


@lowers(Op.iload)
def lower_iload(select: Selector, inst: Inst) -> None:
    value = select.place(inst.value)
    with _leaving(select, inst.exit) as leave:
        object = _object_of_type(select, inst, select.target.int_type, leave)
        unbox_int(select, value, object, leave)


@lowers(Op.uload)
def lower_uload(select: Selector, inst: Inst) -> None:
    """One digit; the stubs do longer numbers, those of the signed integers first."""
    value = select.place(inst.value)
    with _leaving(select, inst.exit) as leave:
        object = _object_of_type(select, inst, select.target.int_type, leave)
        short, wide, join = select.new_block(), select.new_block(cold=True), select.new_block()
        select.emit("cmp", Memory(object, SIZE), 1 << 3 if select.target.tagged_ints else 1)
        select.branch("a", wide, short)
        select.start(short)
        select.emit("mov32", value, Memory(object, DIGITS))
        select.emit("jmp", join)
        select.emit_cold(wide, lambda: _unbox_unsigned(select, value, object, leave), join)


def _unbox_unsigned(
    select: Selector, value: VirtualRegister, object: VirtualRegister, leave: Leave
) -> None:
    signed, unsigned, join = (select.new_block() for _ in range(3))
    select.emit("mov", RAX, object)
    select.emit("unbox", select.copy(select.target.unbox_wide))
    select.branch("b", unsigned, signed)
    select.start(signed)
    select.emit("mov", value, RAX)
    select.emit("test", value, value)
    leave("s")
    select.emit("jmp", join)
    select.start(unsigned)
    call_stub(select, select.target.unbox_unsigned, value, object, leave)
    select.emit("jmp", join)
    select.start(join)


@lowers(Op.fload)
def lower_fload(select: Selector, inst: Inst) -> None:
    value = select.place(inst.value)
    with _leaving(select, inst.exit) as leave:
        object = _object_of_type(select, inst, select.target.float_type, leave)
        select.emit("mov", value, Memory(object, FLOAT))


@lowers(Op.bload)
def lower_bload(select: Selector, inst: Inst) -> None:
    value = select.place(inst.value)
    with _leaving(select, inst.exit) as leave:
        object = _object_of_type(select, inst, select.target.bool_type, leave)
        unbox_bool(select, value, object)


@lowers(Op.nload)
def lower_nload(select: Selector, inst: Inst) -> None:
    with _leaving(select, inst.exit) as leave:
        object = _object(select, inst, leave)
        select.emit("cmp", object, select.copy(select.target.none))
        leave("ne")


@lowers(Op.plain)
def lower_plain(select: Selector, inst: Inst) -> None:
    target, plain = select.target, select.new_block()
    with _leaving(select, inst.exit) as leave:
        object = _object(select, inst, leave)
        of_type = select.copy(Memory(object, TYPE))
        for type in (target.int_type, target.float_type, target.bool_type):
            other = select.new_block()
            select.emit("cmp", of_type, select.copy(type))
            select.branch("e", plain, other)
            select.start(other)
        select.emit("cmp", object, select.copy(target.none))
        leave("ne")
        select.emit("jmp", plain)
        select.start(plain)


@lowers(Op.store)
def lower_store(select: Selector, inst: Inst) -> None:
    """What is stored already is the same if it is stored again, should memory run out."""
    assert inst.exit is not None
    select.lir.calls = True
    with _leaving(select, inst.exit) as leave:
        for variable, shape in inst.exit.state.stores:
            of_type, operand = _operand(select, shape)
            stub = select.copy(select.target.store(of_type))
            select.emit("mov", RDI, select.lir.variables[variable].words)
            select.emit("mov", XMM0 if of_type == F64 else RSI, operand)
            select.emit("store_float" if of_type == F64 else "store", stub)
            leave("b")


@contextmanager
def _leaving(select: Selector, exit: Exit | None) -> Iterator[Leave]:
    """One way out for several conditions."""
    way_out, join = select.new_block(cold=True), select.new_block()

    def leave(condition: str) -> None:
        otherwise = select.new_block()
        select.branch(condition, way_out, otherwise)
        select.start(otherwise)

    yield leave
    select.emit("jmp", join)
    select.start(way_out)
    select.emit_exit("jmp", select.exit(exit))
    select.start(join)


def _operand(select: Selector, shape: Shape) -> tuple[Type, Operand]:
    """What the stub that stores the shape takes, and how it reads it."""
    match shape:
        case Const(constant):
            return OBJ, select.address_of(constant)
        case Unsigned(value):
            return U64, select.source(value)
        case Value(type="bool"):
            # Not by a comparison's flags: the exit reads the register as well.
            register, chosen = select.register(shape), select.copy(select.target.false)
            true = select.copy(select.target.true)
            select.emit("test32", register, register)
            select.emit("cmovne", chosen, true)
            return OBJ, chosen
        case Value():
            return shape.type, select.source(shape)
    raise AssertionError(f"{type(shape).__name__} is never stored")


def store_at_poll(select: Selector, exit: Exit) -> LirExit:
    """What `poll` stores first, and looks for afterwards."""
    stores = exit.state.stores
    shapes = [shape for _, shape in stores]
    types = [of_type for shape in shapes for of_type in types_in(shape)]
    operands: list[Operand] = [select.source(v) for shape in shapes for v in values_in(shape)]
    return LirExit(-1, ExitRecord("store", stores=stores), types, operands)


def _object_of_type(select: Selector, inst: Inst, type: int, leave: Leave) -> VirtualRegister:
    """What is in the variable; leaves unless it is exactly of the type at that address."""
    object = _object(select, inst, leave)
    select.emit("cmp", Memory(object, TYPE), select.copy(type))
    leave("ne")
    return object


def _object(select: Selector, inst: Inst, leave: Leave) -> VirtualRegister:
    """What is in the variable: a cell may be empty, no entry of a dictionary while guards hold."""
    variable = inst.variable()
    first, *offsets = select.lir.variables[variable].path
    found = select.copy(first)
    for offset in (0, *offsets):
        found = select.copy(Memory(found, offset))
    if variable.kind == "cell":
        select.emit("test", found, found)
        leave("e")
    return found
