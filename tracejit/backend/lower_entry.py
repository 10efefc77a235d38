"""The entry of a version: guards on memory, on the arguments' types, and unboxing.

Until the last guard has passed, the registers of the vectorcall stay as they are, for the next
version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import NoneType

from tracejit.backend.lir import MachInst, Memory, VirtualRegister
from tracejit.backend.lir import inst as make
from tracejit.backend.selection import Selector
from tracejit.backend.target import MemoryIs
from tracejit.backend.unboxing import (
    FLOAT,
    TYPE,
    call_stub,
    unbox_bool,
    unbox_digit,
    unbox_int,
    unbox_signed_digit,
)
from tracejit.backend.x64 import R11, RAX, RSI, fits_i32
from tracejit.ir.types import (
    BOOL,
    F64,
    I64,
    INT_KINDS,
    OBJ,
    Digit,
    Exactly,
    Kind,
    Signature,
    SignedDigit,
    UInt64,
)
from tracejit.ir.value import Value

_TUPLE_SIZE, _TUPLE_ITEMS = 16, 24
"""Offsets in a `tuple` object."""


def lower_entry(select: Selector, signature: Signature) -> None:
    """Everything that comes before the first instruction of the function."""
    select.emit("entry")
    if select.lir.guards:
        select.emit("guards")
    arguments = _Arguments(select, iter(select.function.entry.params))
    for index, expected in enumerate(signature):
        arguments.take(expected, select.copy(Memory(RSI, 8 * index)))


@dataclass(slots=True)
class _Arguments:
    """Takes what the arguments are made of into the registers of the function's parameters."""

    select: Selector
    params: Iterator[Value]
    addresses: dict[int, VirtualRegister | int] = field(default_factory=dict)

    def take(self, expected: Kind, object: VirtualRegister) -> None:
        if isinstance(expected, tuple):
            self._take_tuple(expected, object)
            return
        self._check(expected, object)
        param = next(self.params)
        # What is known of an integer in a register may have been used, even if the integer is not.
        if param in self.select.registers or param.type == I64:
            _unbox(self.select, param, expected, object)

    def _take_tuple(self, expected: tuple[Kind, ...], object: VirtualRegister) -> None:
        select = self.select
        self._check(tuple, object)
        select.emit("cmp", Memory(object, _TUPLE_SIZE), len(expected))
        select.emit("missne")
        # What is called natively is passed the parts alone.
        if not select.function.natives:
            whole = next(self.params)
            if whole in select.registers:
                select.emit("mov", select.register(whole), object)
        for at, kind in enumerate(expected):
            item = select.copy(Memory(object, _TUPLE_ITEMS + 8 * at))
            if kind is NoneType:
                self._check(kind, item)
            else:
                self.take(kind, item)

    def _check(self, expected: type | Exactly, object: VirtualRegister) -> None:
        address, place = _expected(self.select, expected, object)
        if address not in self.addresses:
            known = address if fits_i32(address) else self.select.copy(address)
            self.addresses[address] = known
        self.select.emit("cmp", place, self.addresses[address])
        self.select.emit("missne")


def _expected(
    select: Selector, expected: type | Exactly, object: VirtualRegister
) -> tuple[int, VirtualRegister | Memory]:
    """What is to be compared for the argument: an address, and where the same one must be."""
    if isinstance(expected, Exactly):
        return id(expected.value), object
    return _type_address(select, expected), Memory(object, TYPE)


def _type_address(select: Selector, expected: type) -> int:
    if expected in INT_KINDS:
        return select.target.int_type
    if expected is bool:
        return select.target.bool_type
    if expected is float:
        return select.target.float_type
    select.lir.constants.append(expected)
    return id(expected)


def memory_checks(guards: Sequence[MemoryIs]) -> list[MachInst]:
    """Compare what each guard's path leads to with its value, on rax and r11."""
    insts: list[MachInst] = []
    held: tuple[int, ...] = ()
    for guard in guards:
        first, *offsets = guard.path
        if not offsets or guard.path[:-1] != held:
            insts.append(make("mov", RAX, first))
            insts += [make("mov", RAX, Memory(RAX, at)) for at in (0, *offsets)[:-1]]
        held = guard.path[:-1]
        place = Memory(RAX, guard.path[-1] if offsets else 0)
        if guard.width == 4:
            insts.append(make("cmp32", place, (guard.value + 2**31) % 2**32 - 2**31))
        elif fits_i32(guard.value):
            insts.append(make("cmp", place, guard.value))
        else:
            insts += [make("mov", R11, guard.value), make("cmp", place, R11)]
    return insts


def _unbox(select: Selector, param: Value, expected: Kind, object: VirtualRegister) -> None:
    def miss(condition: str) -> None:
        select.emit("miss" + condition)

    value = select.register(param)
    if param.type == OBJ:
        select.emit("mov", value, object)
    elif param.type == F64:
        select.emit("mov", value, Memory(object, FLOAT))
    elif param.type == BOOL:
        unbox_bool(select, value, object)
    elif expected is UInt64:
        call_stub(select, select.target.unbox_unsigned, value, object, miss)
    elif expected is Digit:
        unbox_digit(select, value, object, miss)
    elif expected is SignedDigit:
        unbox_signed_digit(select, value, object, miss)
    else:
        unbox_int(select, value, object, miss)
