"""Code objects as instructions that read the same on every CPython version."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from opcode import EXTENDED_ARG, opmap
from types import CodeType
from typing import Any, TypeAlias

NULL_AFTER_CALLABLE = sys.version_info >= (3, 13)
"""Whether a call's NULL (or self) lies above the callable on the stack, or below it."""
_LOOP_END_SIZE = {11: 0, 12: 2}.get(sys.version_info.minor, 4)
"""Bytes after a loop that FOR_ITER skips when it ends: END_FOR, and from 3.13 POP_TOP."""
_BINARY = ("+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^")
_COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")
_COMPARE_SHIFT = {11: 0, 12: 4}.get(sys.version_info.minor, 5)
_INTRINSICS = {5: "UNARY_POSITIVE", 6: "LIST_TO_TUPLE"}
_KEYWORD_CALLS = {opmap[name] for name in ("KW_NAMES", "CALL_KW") if name in opmap}
_NO_FALLTHROUGH = frozenset(
    ("JUMP_FORWARD", "JUMP_BACKWARD", "RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE")
)
_RENAMED = {
    "LOAD_FAST_CHECK": "LOAD_FAST",
    "JUMP_BACKWARD_NO_INTERRUPT": "JUMP_BACKWARD",
    **{
        f"POP_JUMP_{way}_IF_{what}": f"POP_JUMP_IF_{what}"
        for way in ("FORWARD", "BACKWARD")
        for what in ("TRUE", "FALSE", "NONE", "NOT_NONE")
    },
}


@dataclass(slots=True, eq=False)
class Instr:
    """One bytecode instruction. Offsets are in bytes and count EXTENDED_ARG as its beginning."""

    offset: int
    next: int
    """The offset of the instruction after it."""
    target: int
    """Where it jumps to, or -1."""
    successors: tuple[int, ...]
    """Where control goes if the instruction raises nothing."""
    name: str
    arg: Any
    """What the argument stands for: a local's name, a constant, an operator; else the number."""
    read: int = 0
    """The locals that are read, as a bit set of their indices."""
    kept: int = ~0
    """The locals that are neither bound nor deleted, likewise."""


@dataclass(frozen=True, slots=True)
class Handler:
    """An exception in `start <= offset < end` goes to `target`."""

    start: int
    end: int
    target: int


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """The instructions of a code object by their offset, in order, and its exception table."""

    instrs: dict[int, Instr]
    handlers: list[Handler]
    starts: set[int]
    """Where control comes from elsewhere, or only from elsewhere: behind jumps and at targets."""


def decode(code: CodeType) -> Decoded:
    """The instructions of a code object."""
    units = code.co_code
    instrs: dict[int, Instr] = {}
    starts = {0}
    offset, end = 0, len(units)
    while offset < end:
        start = offset
        number: int = units[offset]
        arg: Any = units[offset + 1]
        offset += 2
        while number == EXTENDED_ARG:
            number, arg = units[offset], arg << 8 | units[offset + 1]
            offset += 2
        name, caches, direction, falls_through, meaning = _ROWS[number] or _row(number)
        offset += caches
        following = (offset,) if falls_through else ()
        if direction:
            target = offset + direction * arg
            if name == "FOR_ITER":
                target += _LOOP_END_SIZE
            starts |= {offset, target}
            instrs[start] = Instr(start, offset, target, (*following, target), name, arg)
        elif meaning is not None:
            instrs[start] = Instr(start, offset, -1, following, *meaning(name, arg, code))
        else:
            instrs[start] = Instr(start, offset, -1, following, name, arg)
        if not falls_through:
            starts.add(offset)
    if not _KEYWORD_CALLS.isdisjoint(units[::2]):
        _fuse_keyword_calls(code, instrs)
    starts.discard(end)
    return Decoded(instrs, _handlers(code) if code.co_exceptiontable else [], starts)


def _handlers(code: CodeType) -> list[Handler]:
    from bytecode import ConcreteBytecode

    # Without the line table, which costs as much to read as the rest.
    concrete = ConcreteBytecode.from_code(code.replace(co_linetable=b""))
    return [
        Handler(2 * entry.start_offset, 2 * entry.stop_offset + 2, 2 * entry.target)
        for entry in concrete.exception_table
    ]


def _fuse_keyword_calls(code: CodeType, instrs: dict[int, Instr]) -> None:
    """Make each call with keywords one CALL_KW, whose argument has their names too.

    It consists of KW_NAMES, PRECALL, CALL up to 3.12, then of LOAD_CONST, CALL_KW.
    """
    row = list(instrs.values())
    for at, instr in enumerate(row):
        if instr.name == "KW_NAMES":
            names = code.co_consts[instr.arg]
            first, *rest = row[at : at + (3 if row[at + 1].name == "PRECALL" else 2)]
        elif instr.name == "CALL_KW":
            names = row[at - 1].arg
            first, *rest = row[at - 1 : at + 1]
        else:
            continue
        for part in rest:
            del instrs[part.offset]
        arg = rest[-1].arg, names
        following = rest[-1].next
        instrs[first.offset] = Instr(first.offset, following, -1, (following,), "CALL_KW", arg)


def lines(code: CodeType) -> dict[int, int]:
    """The source line of each instruction offset that has one."""
    return {
        offset: line
        for start, end, line in code.co_lines()
        if line is not None
        for offset in range(start, end, 2)
    }


_Meaning: TypeAlias = tuple[Any, ...]
"""The name and what the argument stands for; of locals, which are read and kept as well."""


_READ_AND_BOUND = {
    "LOAD_FAST": (1, 0),
    "STORE_FAST": (0, 1),
    "LOAD_FAST_AND_CLEAR": (1, 1),
    "DELETE_FAST": (1, 1),
}
"""Whether the local is read, and whether it is bound or deleted."""


def _local(name: str, arg: int, code: CodeType) -> _Meaning:
    if arg >= code.co_nlocals:
        # From 3.13 on a cell, not what is in it, is loaded like a local.
        return "LOAD_CLOSURE", arg
    read, bound = _READ_AND_BOUND[name]
    return name, code.co_varnames[arg], read << arg, ~(bound << arg)


def _two(arg: int, code: CodeType) -> tuple[tuple[str, str], int, int]:
    """Two locals, and each as a bit set."""
    first, second = arg >> 4, arg & 15
    return (code.co_varnames[first], code.co_varnames[second]), 1 << first, 1 << second


def _load_two(name: str, arg: int, code: CodeType) -> _Meaning:
    names, first, second = _two(arg, code)
    return name, names, first | second


def _store_two(name: str, arg: int, code: CodeType) -> _Meaning:
    names, first, second = _two(arg, code)
    return name, names, 0, ~(first | second)


def _store_and_load(name: str, arg: int, code: CodeType) -> _Meaning:
    names, stored, loaded = _two(arg, code)
    return name, names, loaded & ~stored, ~stored


def _constant(name: str, arg: int, code: CodeType) -> _Meaning:
    return name, code.co_consts[arg]


def _free(name: str, arg: int, code: CodeType) -> _Meaning:
    return name, arg - len(code.co_varnames) - len(code.co_cellvars)


def _global(name: str, arg: int, code: CodeType) -> _Meaning:
    return name, (code.co_names[arg >> 1], bool(arg & 1))


def _method(name: str, arg: int, code: CodeType) -> _Meaning:
    return name, code.co_names[arg]


def _attribute(name: str, arg: int, code: CodeType) -> _Meaning:
    if sys.version_info < (3, 12):
        return name, code.co_names[arg]
    return ("LOAD_METHOD" if arg & 1 else name), code.co_names[arg >> 1]


def _binary(name: str, arg: int, code: CodeType) -> _Meaning:
    return name, _BINARY[arg % len(_BINARY)]


def _comparison(name: str, arg: int, code: CodeType) -> _Meaning:
    return name, _COMPARISONS[arg >> _COMPARE_SHIFT]


def _intrinsic(name: str, arg: int, code: CodeType) -> _Meaning:
    return _INTRINSICS.get(arg, name), arg


_MEANING: dict[str, Callable[[str, int, CodeType], _Meaning]] = {
    **dict.fromkeys(_READ_AND_BOUND, _local),
    "LOAD_FAST_LOAD_FAST": _load_two,
    "STORE_FAST_STORE_FAST": _store_two,
    "STORE_FAST_LOAD_FAST": _store_and_load,
    **dict.fromkeys(("LOAD_CONST", "RETURN_CONST"), _constant),
    "LOAD_DEREF": _free,
    "STORE_DEREF": _free,
    "STORE_GLOBAL": _method,
    "LOAD_GLOBAL": _global,
    "LOAD_METHOD": _method,
    "LOAD_ATTR": _attribute,
    "BINARY_OP": _binary,
    "COMPARE_OP": _comparison,
    "CALL_INTRINSIC_1": _intrinsic,
}

_Row: TypeAlias = tuple[str, int, int, bool, Callable[[str, Any, CodeType], _Meaning] | None]
"""Of an opcode: its name, how many bytes of caches follow, the direction in bytes if it jumps by
its argument, whether the next instruction may follow, what the argument means."""
_ROWS: list[_Row | None] = [None] * 256
"""The rows of the opcodes seen so far."""


def _row(number: int) -> _Row:
    from bytecode import ConcreteInstr

    instr = ConcreteInstr.disassemble(None, bytes((number, 1)), 0)
    name = _RENAMED.get(instr.name, instr.name)
    caches = instr.use_cache_opcodes()
    target = instr.get_jump_target(0)
    direction = 0 if target is None else 2 * (target - caches - 1)
    row = (name, 2 * caches, direction, name not in _NO_FALLTHROUGH, _MEANING.get(name))
    _ROWS[number] = row
    return row
