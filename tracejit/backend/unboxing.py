"""The values of objects of known types, in registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tracejit.backend.lir import Memory, VirtualRegister
from tracejit.backend.selection import Selector
from tracejit.backend.x64 import RAX, fits_i32

Leave: TypeAlias = Callable[[str], None]
"""Emits a way out that is taken if the condition holds: the value is none that was expected."""

TYPE, SIZE, DIGITS = 8, 16, 24
"""Offsets in an `int` object: type, size or tag, first digit."""
FLOAT = 16
"""Offset in a `float` object: the number."""
_MANY_DIGITS = 2 << 3
"""The least tag of a number that has more than one digit."""
_SIGN_BITS = 3
"""Of a tag: 0 for positive, 1 for zero, 2 for negative."""


def unbox_bool(select: Selector, value: VirtualRegister, object: VirtualRegister) -> None:
    true = select.target.true
    operand = true if fits_i32(true) else select.copy(true)
    select.emit("zero", value)
    select.emit("cmp", object, operand)
    select.emit("sete", value)


def unbox_digit(
    select: Selector, value: VirtualRegister, object: VirtualRegister, leave: Leave
) -> None:
    """The only digit; 0 has one too, as CPython itself relies on where it takes an index."""
    one = _MANY_DIGITS // 2 if select.target.tagged_ints else 1
    select.emit("cmp", Memory(object, SIZE), one)
    leave("a")
    select.emit("mov32", value, Memory(object, DIGITS))


def unbox_signed_digit(
    select: Selector, value: VirtualRegister, object: VirtualRegister, leave: Leave
) -> None:
    size = select.copy(Memory(object, SIZE))
    if select.target.tagged_ints:
        select.emit("cmp", size, _MANY_DIGITS)
        leave("ae")
    else:
        select.emit("add", size, 1)
        select.emit("cmp", size, 2)
        leave("a")
    _signed_digit(select, value, object, size)


def _signed_digit(
    select: Selector, value: VirtualRegister, object: VirtualRegister, size: VirtualRegister
) -> None:
    """The only digit times its sign; of untagged sizes, 1 has been added."""
    if select.target.tagged_ints:
        select.emit("and32", size, _SIGN_BITS)
        select.emit("neg", size)
        select.emit("add", size, 1)
    else:
        select.emit("sub", size, 1)
    select.emit("mov32", value, Memory(object, DIGITS))
    select.emit("imul", value, size)


def unbox_int(
    select: Selector, value: VirtualRegister, object: VirtualRegister, leave: Leave
) -> None:
    """One digit times its sign; the stub does longer numbers."""
    short, wide, join = select.new_block(), select.new_block(cold=True), select.new_block()
    size = select.copy(Memory(object, SIZE))
    if select.target.tagged_ints:
        select.emit("cmp", size, _MANY_DIGITS)
        select.branch("ae", wide, short)
    else:
        select.emit("add", size, 1)
        select.emit("cmp", size, 2)
        select.branch("a", wide, short)
    select.start(short)
    _signed_digit(select, value, object, size)
    select.emit("jmp", join)
    select.start(wide)
    call_stub(select, select.target.unbox_wide, value, object, leave)
    select.emit("jmp", join)
    select.start(join)


def call_stub(
    select: Selector,
    address: int,
    value: VirtualRegister,
    object: VirtualRegister,
    leave: Leave,
) -> None:
    select.emit("mov", RAX, object)
    stub = select.copy(address)
    select.emit("unbox", stub)
    leave("b")
    select.emit("mov", value, RAX)
