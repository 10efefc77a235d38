"""Resume functions: the rest of a function, from the middle of its code.

The original instructions stay as they are, byte for byte, since all their jumps are relative.
Before them comes a prologue that takes the values of a FrameState as arguments, binds the locals,
pushes the operand stack and jumps to where the frame stood, or raises there. Its instructions have
the source position of that place, so tracebacks look like the original's.

Where a frame stood at the call of a function that was inlined, the prologue calls a resume function
of that one, which makes the callee's frame in its turn, and goes on behind the call.
"""

from __future__ import annotations

import inspect
import opcode
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import CellType, CodeType, FunctionType
from typing import Final

from tracejit.ir.frame_state import FrameState
from tracejit.ir.shapes import (
    Const,
    ListOf,
    Null,
    RangeIter,
    RangeOf,
    Shape,
    TupleIter,
    TupleOf,
    Unsigned,
    values_in,
)
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


def check_resumable(code: CodeType, state: FrameState) -> None:
    """Raise Unresumable if there is no resume function for such a state of the code."""
    # One more for an exception to raise, and one for an exception caught in the prologue.
    arguments = len(state.values()) + 1
    for frame in (code, *state.inlined_codes()):
        assert frame is not None
        if frame.co_cellvars:
            raise Unresumable("cell variables")
        slots = max(frame.co_nlocals, arguments) + 1
        if slots + len(frame.co_freevars) > _MOST_VARIABLES:
            raise Unresumable("too many variables")


def _own_values(state: FrameState) -> int:
    return sum([len(values_in(shape)) for shape in state.shapes()])


def resume_function(
    function: FunctionType, state: FrameState, raises: bool, code: CodeType | None = None
) -> FunctionType:
    """A function that goes on in `function`'s code, or in the one that it had, from the state.

    It takes `state.values()` in that order; before them, if it `raises`, an exception, which is
    raised at the state's offset.
    """
    callee = None
    while (call := state.call) is not None:
        assert call.code is not None
        callee = _resume_frame(call.function, call.code, state, raises, callee)
        state = call.caller
    return _resume_frame(function, code or function.__code__, state, raises, callee)


def _resume_frame(
    function: FunctionType,
    code: CodeType,
    state: FrameState,
    raises: bool,
    callee: FunctionType | None,
) -> FunctionType:
    resumed, cells = resume_code(code, state, raises, callee)
    closure = (*(function.__closure__ or ()), *map(CellType, cells))
    found = FunctionType(resumed, function.__globals__, function.__name__, None, closure)
    found.__qualname__ = function.__qualname__
    found.__module__ = function.__module__
    return found


def resume_code(
    code: CodeType, state: FrameState, raises: bool, callee: FunctionType | None = None
) -> tuple[CodeType, list[FunctionType]]:
    """The code of a resume function for this frame alone, and what is in its new closure cells.

    If a `callee` is given, the frame stood at a call: the first arguments are those for the callee.
    """
    passed = int(raises) if callee is None else callee.__code__.co_argcount
    taken = passed + _own_values(state)
    target = _first_unit(code.co_code, state.offset // 2)
    # The frame's place: the target, or the call before it.
    place = target if callee is None else target - 1
    ranges = _decode_ranges(code.co_exceptiontable)
    covering = next((row for row in ranges if row.start <= place < row.stop), None)
    catches = covering is not None and any(_makes_range(shape) for shape in state.shapes())
    slots = max(code.co_nlocals, taken) + catches
    writer = _Writer(code, state, passed, slots)

    exception = 0 if raises and callee is None else None
    body = writer.restore(taken, exception, callee)
    # A signal handler may raise while a range is made: that is to be raised at the target as well.
    handler = b""
    if catches:
        handler += _instruction("STORE_FAST", slots - 1)
        handler += writer.restore(taken, slots - 1)
        handler += _instruction("RERAISE", 0)
    if exception is not None:
        leave = _instruction("RAISE_VARARGS", 1)
    else:
        leave = _instruction("JUMP_FORWARD", target + 1 + len(handler) // 2)
        if callee is not None:
            # From 3.13 on, the unit before a call decides which handler it has.
            leave = b"".join((_instruction("NOP"), *_call(passed), leave))
    cells = range(len(code.co_freevars), len(code.co_freevars) + len(writer.cells))
    freevars = code.co_freevars + tuple(f".cell{n}" for n in cells)
    head = _instruction("COPY_FREE_VARS", len(freevars)) if freevars else b""
    head += _instruction("RESUME", _NO_EVENTS)
    # The last instruction is never reached: the line goes back to where the original table starts.
    prologue = head + body + leave + handler + _instruction("NOP")

    by = len(prologue) // 2
    parts = [len(part) // 2 for part in (head, body, leave, handler)]
    rows = [] if covering is None else _prologue_ranges(parts, covering.shifted(by), catches)
    rows += [row.shifted(by) for row in ranges]
    resumed = code.replace(
        co_argcount=taken,
        co_posonlyargcount=0,
        co_kwonlyargcount=0,
        co_nlocals=slots,
        co_flags=code.co_flags & ~inspect.CO_VARARGS,
        co_varnames=code.co_varnames + tuple(f".{n}" for n in range(code.co_nlocals, slots)),
        co_freevars=freevars,
        co_consts=code.co_consts + tuple(writer.constants),
        co_code=prologue + _shift_cells(code, slots - code.co_nlocals),
        co_stacksize=max(code.co_stacksize, writer.depth),
        co_linetable=_prologue_lines(code, by, place) + code.co_linetable,
        co_exceptiontable=b"".join(_encode_range(row) for row in rows),
    )
    return resumed, writer.cells


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
        case TupleOf(items) | TupleIter(items) | ListOf(items):
            return any(_makes_range(item) for item in items)
    return False


class _Writer:
    """Writes the instructions that make a frame of the arguments."""

    def __init__(self, code: CodeType, state: FrameState, passed: int, slots: int) -> None:
        self.slot = {name: slot for slot, name in enumerate(code.co_varnames)}
        self.first_constant = len(code.co_consts)
        self.first_cell = slots + len(code.co_freevars)
        self.state = state
        self.passed = passed
        """The arguments before the state's values."""
        self.constants: list[object] = []
        self.cells: list[FunctionType] = []
        """Functions, among the closure's cells: the garbage collector does not look into code."""
        self.depth = 1
        """No fewer than the objects that are ever on the stack."""

    def restore(
        self, taken: int, exception: int | None, callee: FunctionType | None = None
    ) -> bytes:
        """Bind the locals and push the stack, and on it the exception from that slot.

        Or the callee and its arguments.
        """
        argument = iter(range(self.passed, taken))
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
        if callee is not None:
            stack += self.callable(callee)
            stack += [self.load(number) for number in range(self.passed)]
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
            case TupleOf(items) | TupleIter(items) | ListOf(items):
                self.depth += 1
                for item in items:
                    yield from self.make(item, argument)
                made = "BUILD_LIST" if isinstance(shape, ListOf) else "BUILD_TUPLE"
                yield _instruction(made, len(items))
                if isinstance(shape, TupleIter):
                    yield _instruction("GET_ITER")
            case RangeOf(start, stop, step, _) | RangeIter(start, stop, step, _):
                yield from self.callable(range)
                for part in (start, stop, step):
                    yield from self.make(part, argument)
                yield from _call(3)
                if isinstance(shape, RangeIter):
                    yield _instruction("GET_ITER")

    def callable(self, value: object) -> Iterator[bytes]:
        """Push what is called, as a call wants it."""
        self.depth += 1
        callee = [_instruction("PUSH_NULL"), self.constant(value)]
        yield from callee if _VERSION < (3, 13) else reversed(callee)

    def load(self, slot: int) -> bytes:
        self.depth += 1
        return _instruction("LOAD_FAST", slot)

    def constant(self, value: object) -> bytes:
        self.depth += 1
        if isinstance(value, FunctionType):
            self.cells.append(value)
            return _instruction("LOAD_DEREF", self.first_cell + len(self.cells) - 1)
        self.constants.append(value)
        return _instruction("LOAD_CONST", self.first_constant + len(self.constants) - 1)


def _call(arguments: int) -> Iterator[bytes]:
    if _VERSION < (3, 12):
        yield _instruction("PRECALL", arguments)
    yield _instruction("CALL", arguments)


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


def _prologue_lines(code: CodeType, units: int, at: int) -> bytes:
    """Rows that give the prologue the position of that unit, and its last unit the first line."""
    position = next(islice(code.co_positions(), at, None))
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
