"""The entry: guards, unboxing, returning, polls and exits follow the runtime's conventions."""

from __future__ import annotations

import ctypes
import sys

import pytest

from tests.backend.native import ENTRY, MEMORY, POLLED, Missed, compiled, make_target
from tests.backend.random_ir import EDGES
from tracejit.backend.target import MemoryIs
from tracejit.ir.interpreter import Left, Returned
from tracejit.ir.parser import parse
from tracejit.ir.shapes import Const
from tracejit.ir.types import INT_KINDS, Digit, SignedDigit, fits_i64

IDENTITY = "function f:\nblock0(v0: i64):\n    ret v0\n"
FIRST = """function f:
block0(v0: i64, v1: bool, v2: obj):
    ret (v0,v1,v2,)
"""
LOOP = """function f:
block0(v0: i64):
    v1: i64 = iconst 0
    jump block1(v1)
block1(v2: i64):
    v3: i64 = iconst 1
    v4: i64 = iadd_wrap v2, v3
    poll exit[poll] @10 i=v4
    v5: bool = ilt v4, v0
    br_if v5, block1(v4), block2()
block2():
    ret v4
"""


class Number(int):
    pass


@pytest.mark.parametrize("value", EDGES)
def test_every_number_of_64_bits_goes_through_and_no_other(value: int) -> None:
    expected = Returned(value) if fits_i64(value) else Missed()
    assert compiled(parse(IDENTITY))(value) == expected


@pytest.mark.parametrize("value", [*EDGES, 2, -2, 2**30 - 1, 1 - 2**30, 2**30, -(2**30), 2**60])
@pytest.mark.parametrize("kind", [Digit, SignedDigit])
def test_every_number_of_one_digit_goes_through_and_no_other(value: int, kind: type) -> None:
    native = compiled(parse(IDENTITY), (kind,))
    low, high = INT_KINDS[kind]
    assert native(value) == (Returned(value) if low <= value <= high else Missed())
    assert "call" not in native.text


@pytest.mark.parametrize("value", [True, False, 1.0, None, Number(3), Number(0), "3"])
@pytest.mark.parametrize("kind", [Digit, SignedDigit])
def test_another_type_is_no_digit(value: object, kind: type) -> None:
    assert compiled(parse(IDENTITY), (kind,))(value) == Missed()


def test_zeros_of_all_origins_are_digits() -> None:
    native = compiled(parse(IDENTITY), (Digit,))
    long = 2**100
    for zero in (long - long, long >> 200, long * 0, int("0" * 50), int.from_bytes(b"", "big")):
        assert native(zero) == Returned(0)


@pytest.mark.parametrize("kind", [Digit, SignedDigit])
def test_an_unused_digit_is_guarded_too(kind: type) -> None:
    native = compiled(parse("function f:\nblock0(v0: i64, v1: i64):\n    ret v0\n"), (int, kind))
    assert native(2**40, 5) == Returned(2**40)
    assert native(2**40, -5) == (Missed() if kind is Digit else Returned(2**40))
    assert native(2**40, 2**30) == Missed()
    assert native(2**40, True) == Missed()


@pytest.mark.parametrize("value", [True, 1.0, None, Number(3), "3"])
def test_another_type_misses(value: object) -> None:
    assert compiled(parse(IDENTITY))(value) == Missed()


def test_an_unused_argument_is_guarded_too() -> None:
    native = compiled(parse("function f:\nblock0(v0: i64, v1: i64):\n    ret v0\n"))
    assert native(1, 2) == Returned(1)
    assert native(1, "2") == Missed()


def test_an_unused_argument_fits_a_register() -> None:
    """Something that holds for all that do may have been decided by that."""
    native = compiled(parse("function f:\nblock0(v0: i64, v1: i64):\n    ret v0\n"))
    assert native(1, 2**100) == Missed()


def test_bools_and_objects_pass() -> None:
    native = compiled(parse(FIRST), (int, bool, str))
    assert native(7, True, "x") == Returned((7, True, "x"))
    assert native(7, False, "x") == Returned((7, False, "x"))
    assert native(7, 1, "x") == Missed()
    assert native(7, True, b"x") == Missed()


def test_many_arguments_arrive_in_order() -> None:
    names = [f"v{n}" for n in range(14)]
    params = ", ".join(f"{name}: i64" for name in names)
    native = compiled(parse(f"function f:\nblock0({params}):\n    ret ({','.join(names)},)\n"))
    values = [(-1) ** n * 3 ** (2 * n) for n in range(14)]
    assert native(*values) == Returned(tuple(values))
    values[13] = 2**63
    assert native(*values) == Missed()


@pytest.mark.parametrize("value", [None, True, False, 3, 10**30, "text"])
def test_a_constant_is_returned_with_a_reference(value: object) -> None:
    function = parse("function f:\nblock0():\n    ret None\n")
    function.entry.terminator.imm = Const(value)
    native = compiled(function)
    before = sys.getrefcount(value)
    kept = [native() for _ in range(100)]
    assert kept == [Returned(value)] * 100
    gained = sys.getrefcount(value) - before
    # others count None too meanwhile
    assert gained in range(100, 110) or (gained == 0 and sys.version_info >= (3, 12))


def test_an_object_is_returned_with_a_reference() -> None:
    native = compiled(parse("function f:\nblock0(v0: obj):\n    ret v0\n"), (list,))
    value = [1]
    before = sys.getrefcount(value)
    kept = [native(value) for _ in range(50)]
    assert sys.getrefcount(value) == before + 50
    assert all(isinstance(one, Returned) and one.value is value for one in kept)


def test_memory_guards_of_both_widths() -> None:
    block = MEMORY.reserve(64)
    words = (ctypes.c_uint64 * 8).from_address(block)
    words[0], words[1], words[2] = block + 16, 2**63 + 5, 0xFFFFFFFF
    guards = [
        MemoryIs((block, 0), 4, 0xFFFFFFFF),
        MemoryIs((block + 8,), 8, 2**63 + 5),
        MemoryIs((block,), 8, block + 16),
    ]
    native = compiled(parse(IDENTITY), guards=guards)
    assert native(4) == Returned(4)
    for word in (1, 2):
        words[word] -= 1
        assert native(4) == Missed()
        words[word] += 1
    assert native(4) == Returned(4)


def set_poll(pending: int, fuel: int) -> None:
    ctypes.c_int64.from_address(POLLED).value = pending
    ctypes.c_int64.from_address(POLLED + 8).value = fuel
    ctypes.c_int64.from_address(POLLED + 16).value = 0


def polls() -> int:
    return ctypes.c_int64.from_address(POLLED + 16).value


def test_a_poll_spends_fuel_and_goes_on() -> None:
    native = compiled(parse(LOOP), target=make_target(fuel=10))
    set_poll(0, 5)
    assert native(30) == Returned(30)
    # ten, then every five
    assert polls() == 5


def test_a_pending_exception_leaves_through_the_raise_exit() -> None:
    native = compiled(parse(LOOP), target=make_target(fuel=10))
    set_poll(1, 5)
    assert native(30) == Left("poll!", 10, {"i": 10}, ())
    assert native.lir.records()[0].kind == "raise"


def test_a_stale_guard_after_a_poll_leaves_through_the_resume_exit() -> None:
    block = MEMORY.reserve(64)
    word = ctypes.c_int64.from_address(block)
    guards = [MemoryIs((POLLED + 16,), 8, 0), MemoryIs((block,), 8, 1)]
    native = compiled(parse(LOOP), guards=guards, target=make_target(fuel=10))
    set_poll(0, 5)
    word.value = 1
    # the poll counts itself, which makes the first guard stale
    assert native(30) == Left("poll", 10, {"i": 10}, ())
    native = compiled(parse(LOOP), guards=guards[1:], target=make_target(fuel=10))
    assert native(30) == Returned(30)


@pytest.mark.parametrize("values", [1, 5, 12, 30])
def test_the_epilogue_fits_before_the_entry(values: int) -> None:
    capstone = pytest.importorskip("capstone")
    names = [f"v{n}" for n in range(values)]
    params = ", ".join(f"{name}: i64" for name in names)
    native = compiled(parse(f"function f:\nblock0({params}):\n    ret ({','.join(names)},)\n"))
    assert (native.code.entry, native.code.epilogue) == (ENTRY, 0)
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    found = [(i.address, i.mnemonic) for i in decoder.disasm(native.code.code, 0)]
    end = next(address for address, mnemonic in found if mnemonic == "ret")
    assert end < ENTRY
    assert ENTRY in [address for address, _ in found]


def test_a_simple_function_needs_no_frame() -> None:
    native = compiled(
        parse("""function f:
        block0(v0: i64, v1: i64, v2: i64):
            v3: i64 = imul_ovf v0, v1 exit[overflow] @2 | v0 v1
            v4: i64 = iadd_ovf v3, v2 exit[overflow] @4 | v3 v2
            ret v4
        """)
    )
    assert native.lir.slots == 0
    assert native.lir.saved == ()
    assert "rsp," not in native.text
    assert native(3, 4, 5) == Returned(17)
    assert native(2**62, 2, 0) == Left("overflow", 2, {}, (2**62, 2))
    assert native(2**62, 1, 2**62) == Left("overflow", 4, {}, (2**62, 2**62))


def test_the_target_says_whether_popcnt_may_be_used() -> None:
    function = parse("function f:\nblock0(v0: i64):\n    v1: i64 = ibit_count v0\n    ret v1\n")
    for popcnt in (False, True):
        native = compiled(function, target=make_target(popcnt=popcnt))
        assert ("popcnt" in native.text) == popcnt
        for value in (0, 1, -1, 255, 2**62 - 1, -(2**63), 2**63 - 1):
            assert native(value) == Returned(value.bit_count())
