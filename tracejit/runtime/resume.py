"""Resume functions: the rest of a function, from the middle of its code.

The original instructions stay as they are, byte for byte, since all their jumps are relative.
Before them comes a prologue that takes the values of a FrameState as arguments, binds the locals,
pushes the operand stack and jumps to where the frame stood, or raises there. Its instructions have
the source position of that place, so tracebacks look like the original's.
"""

from __future__ import annotations

import opcode
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FunctionType
from typing import Final

from tracejit.ir.frame_state import FrameState
from tracejit.ir.shapes import Const, Null, RangeIter, RangeOf, Shape, TupleOf, Unsigned
from tracejit.ir.value import Value

_VERSION: Final = sys.version_info[:2]
_EXTENDED_ARG: Final = opcode.opmap["EXTENDED_ARG"]
_HAS_FREE: Final = frozenset(opcode.hasfree)
_HAS_LOCAL: Final = frozenset(opcode.haslocal)
_PAIRS: Final = frozenset(
    opcode.opmap[name]
    for name in ("LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST")
    if name in opcode.opmap
)
_NO_EVENTS: Final = 2
"""Argument of RESUME: no signal handler runs here, where nothing of the code could catch."""
_MOST_VARIABLES: Final = 255


class Unresumable(Exception):
    """The code has no room for the values of a FrameState."""


def check_resumable(code: CodeType, values: int) -> None:
    """Raise Unresumable if there is no resume function that takes so many values."""
    if code.co_cellvars:
        raise Unresumable("cell variables")
    # One more for an exception to raise, and one for an exception caught in the prologue.
    slots = max(code.co_nlocals, values + 1) + 1
    if slots + len(code.co_freevars) > _MOST_VARIABLES:
        raise Unresumable("too many variables")


def resume_function(
    function: FunctionType, state: FrameState, raises: bool, code: CodeType | None = None
) -> FunctionType:
    """A function that goes on in `function`'s code, or in the one that it had, from the state.

    It takes `state.values()` in that order; before them, if it `raises`, an exception, which is
    raised at the state's offset.
    """
    found = FunctionType(
        resume_code(code or function.__code__, state, raises),
        function.__globals__,
        function.__name__,
        None,
        function.__closure__,
    )
    found.__qualname__ = function.__qualname__
    found.__module__ = function.__module__
    return found


def resume_code(code: CodeType, state: FrameState, raises: bool) -> CodeType:
    """The code of a resume function."""
    taken = sum(1 for _ in state.values()) + raises
    check_resumable(code, taken)
    target = _first_unit(code.co_code, state.offset // 2)
    ranges = _decode_ranges(code.co_exceptiontable)
    covering = next((row for row in ranges if row.start <= target < row.stop), None)
    catches = covering is not None and any(_makes_range(shape) for shape in state.shapes())
    slots = max(code.co_nlocals, taken) + catches
    writer = _Writer(code, state, taken)

    head = b""
    if code.co_freevars:
        head += _instruction("COPY_FREE_VARS", len(code.co_freevars))
    head += _instruction("RESUME", _NO_EVENTS)
    body = writer.restore(taken, 0 if raises else None)
    # A signal handler may raise while a range is made: that is to be raised at the target as well.
    handler = b""
    if catches:
        handler += _instruction("STORE_FAST", slots - 1)
        handler += writer.restore(taken, slots - 1)
        handler += _instruction("RERAISE", 0)
    if raises:
        leave = _instruction("RAISE_VARARGS", 1)
    else:
        leave = _instruction("JUMP_FORWARD", target + 1 + len(handler) // 2)
    # The last instruction is never reached: the line goes back to where the original table starts.
    prologue = head + body + leave + handler + _instruction("NOP")

    by = len(prologue) // 2
    parts = [len(part) // 2 for part in (head, body, leave, handler)]
    rows = [] if covering is None else _prologue_ranges(parts, covering.shifted(by), catches)
    rows += [row.shifted(by) for row in ranges]
    return code.replace(
        co_argcount=taken,
        co_posonlyargcount=0,
        co_kwonlyargcount=0,
        co_nlocals=slots,
        co_varnames=code.co_varnames + tuple(f".{n}" for n in range(code.co_nlocals, slots)),
        co_consts=code.co_consts + tuple(writer.constants),
        co_code=prologue + _shift_cells(code, slots - code.co_nlocals),
        co_stacksize=max(code.co_stacksize, writer.depth),
        co_linetable=_prologue_lines(code, by, target) + code.co_linetable,
        co_exceptiontable=b"".join(_encode_range(row) for row in rows),
    )


def _prologue_ranges(parts: list[int], covering: _Range, catches: bool) -> list[_Range]:
    """The target's handler for what raises in its place; the prologue's own for what it calls."""
    head, body, leave, handler = parts
    leaving, handling = head + body, head + body + leave
    end = handling + handler
    rows = [_Range(leaving, handling, covering.handler, covering.depth)]
    if catches:
        rows.insert(0, _Range(head, leaving, handling, 0))
        rows.append(_Range(handling, end - 1, handling, 0))
        rows.append(_Range(end - 1, end, covering.handler, covering.depth))
    return rows


def _first_unit(code: bytes, unit: int) -> int:
    """The first EXTENDED_ARG of the instruction that has its opcode at this code unit."""
    while unit and code[2 * unit - 2] == _EXTENDED_ARG:
        unit -= 1
    return unit


def _makes_range(shape: Shape) -> bool:
    match shape:
        case RangeOf() | RangeIter():
            return True
        case TupleOf(items):
            return any(_makes_range(item) for item in items)
    return False


class _Writer:
    """Writes the instructions that make a frame of the arguments."""

    def __init__(self, code: CodeType, state: FrameState, taken: int) -> None:
        self.slot = {name: slot for slot, name in enumerate(code.co_varnames)}
        self.first_constant = len(code.co_consts)
        self.state = state
        self.taken = taken
        self.constants: list[object] = []
        self.depth = 1
        """No fewer than the objects that are ever on the stack."""

    def restore(self, taken: int, exception: int | None) -> bytes:
        """Bind the locals and push the stack, and on it the exception from that slot."""
        offset = self.taken - sum(1 for _ in self.state.values())
        argument = iter(range(offset, taken))
        locals_ = [(self.slot[name], shape) for name, shape in self.state.locals.items()]
        written: list[bytes] = []
        bound: list[int] = []
        kept: set[int] = set()
        for slot, shape in locals_:
            if isinstance(shape, Value | Unsigned):
                number = next(argument)
                if number == slot:
                    kept.add(slot)
                    continue
                written.append(self.load(number))
            else:
                written.append(b"".join(self.make(shape, argument)))
            bound.append(slot)
        stack = [b"".join(self.make(shape, argument)) for shape in self.state.stack]
        if exception is not None:
            stack.append(self.load(exception))
        stores = [_instruction("STORE_FAST", slot) for slot in reversed(bound)]
        unused = set(range(taken)).difference(bound, kept)
        if exception is not None and exception >= taken:
            unused.add(exception)
        clears = [_instruction("DELETE_FAST", slot) for slot in sorted(unused)]
        return b"".join((*stack, *written, *stores, *clears))

    def make(self, shape: Shape, argument: Iterator[int]) -> Iterator[bytes]:
        """Push the object that a shape stands for."""
        match shape:
            case Value() | Unsigned():
                yield self.load(next(argument))
            case Const(value):
                yield self.constant(value)
            case Null():
                self.depth += 1
                yield _instruction("PUSH_NULL")
            case TupleOf(items):
                self.depth += 1
                for item in items:
                    yield from self.make(item, argument)
                yield _instruction("BUILD_TUPLE", len(items))
            case RangeOf(start, stop, step, _) | RangeIter(start, stop, step, _):
                self.depth += 1
                callee = [_instruction("PUSH_NULL"), self.constant(range)]
                yield from callee if _VERSION < (3, 13) else reversed(callee)
                for part in (start, stop, step):
                    yield from self.make(part, argument)
                if _VERSION < (3, 12):
                    yield _instruction("PRECALL", 3)
                yield _instruction("CALL", 3)
                if isinstance(shape, RangeIter):
                    yield _instruction("GET_ITER")

    def load(self, slot: int) -> bytes:
        self.depth += 1
        return _instruction("LOAD_FAST", slot)

    def constant(self, value: object) -> bytes:
        self.depth += 1
        self.constants.append(value)
        return _instruction("LOAD_CONST", self.first_constant + len(self.constants) - 1)


def _instruction(name: str, argument: int = 0) -> bytes:
    number = opcode.opmap[name]
    units = bytes((number, argument & 255))
    while argument := argument >> 8:
        units = bytes((_EXTENDED_ARG, argument & 255)) + units
    return units + bytes(2 * _caches(name, number))


def _caches(name: str, number: int) -> int:
    entries = opcode._inline_cache_entries  # type: ignore[attr-defined]
    found: int = entries.get(name, 0) if isinstance(entries, dict) else entries[number]
    return found


def _shift_cells(code: CodeType, by: int) -> bytes:
    """The instructions, with the closure's cells so many variables further on."""
    if not by or not code.co_freevars:
        return code.co_code
    units = bytearray(code.co_code)
    for at in range(0, len(units), 2):
        number, argument = units[at], units[at + 1]
        if number in _HAS_FREE or (
            number in _HAS_LOCAL and number not in _PAIRS and argument >= code.co_nlocals
        ):
            units[at + 1] = argument + by
    return bytes(units)


# The exception table: https://github.com/python/cpython/blob/3.11/Objects/exception_handling_notes.txt


@dataclass(frozen=True, slots=True)
class _Range:
    """A row: the handler of the instructions from start to stop. Everything in code units."""

    start: int
    stop: int
    handler: int
    depth: int
    """Twice the depth to which the stack is unwound, plus 1 if the offset is pushed."""

    def shifted(self, by: int) -> _Range:
        return _Range(self.start + by, self.stop + by, self.handler + by, self.depth)


def _decode_ranges(table: bytes) -> list[_Range]:
    numbers = _decode_numbers(table)
    return [
        _Range(start, start + length, handler, depth)
        for start, length, handler, depth in zip(numbers, numbers, numbers, numbers, strict=True)
    ]


def _decode_numbers(table: bytes) -> Iterator[int]:
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if not byte & 64:
            yield number
            number = 0


def _encode_range(row: _Range) -> bytes:
    numbers = (row.start, row.stop - row.start, row.handler, row.depth)
    encoded = bytearray(b"".join(_encode_number(number) for number in numbers))
    encoded[0] |= 128
    return bytes(encoded)


def _encode_number(number: int) -> bytes:
    encoded = bytes((number & 63,))
    while number := number >> 6:
        encoded = bytes((number & 63 | 64,)) + encoded
    return encoded


# The line table: https://github.com/python/cpython/blob/3.11/Objects/locations.md

_LONG_ROW, _NO_LOCATION = 14, 15
_MOST_UNITS = 8


def _prologue_lines(code: CodeType, units: int, target: int) -> bytes:
    """Rows that give the prologue the target's position, and its last unit the first line."""
    position = next(islice(code.co_positions(), target, None))
    line, end_line, column, end_column = position
    if line is None:
        return _rows(units, _NO_LOCATION, b"")
    end_line = line if end_line is None else end_line
    columns = [0 if c is None else c + 1 for c in (column, end_column)]
    place = b"".join(_line_number(number) for number in (end_line - line, *columns))
    to, back = line - code.co_firstlineno, code.co_firstlineno - line
    first = min(units - 1, _MOST_UNITS)
    return (
        _rows(first, _LONG_ROW, _line_delta(to) + place)
        + _rows(units - 1 - first, _LONG_ROW, _line_delta(0) + place)
        + _rows(1, _LONG_ROW, _line_delta(back) + bytes(3))
    )


def _rows(units: int, kind: int, place: bytes) -> bytes:
    rows = b""
    while units:
        length = min(units, _MOST_UNITS)
        rows += bytes((128 | kind << 3 | length - 1,)) + place
        units -= length
    return rows


def _line_delta(delta: int) -> bytes:
    return _line_number(-delta << 1 | 1 if delta < 0 else delta << 1)


def _line_number(number: int) -> bytes:
    encoded = bytearray()
    while number > 63:
        encoded.append(number & 63 | 64)
        number >>= 6
    encoded.append(number)
    return bytes(encoded)
