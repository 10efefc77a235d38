"""Functions that must be left alone, whatever their arguments."""

from __future__ import annotations

import builtins
import inspect
from types import CodeType, FunctionType

from tracejit.frontend.decode import Instr
from tracejit.frontend.namespaces import lookup

OWN_FRAME = frozenset(("super", "locals", "vars", "dir", "eval", "exec"))
"""Builtins that look at the frame that calls them."""
EXACT_FUNCTION = frozenset(("__new__", "__init_subclass__", "__class_getitem__"))
"""Names that CPython treats by the exact type of what is bound to them."""
_SINGLETONS = (type(None), bool, type(...))
_FLAGS = (
    (inspect.CO_GENERATOR, "generator"),
    (inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE, "coroutine"),
    (inspect.CO_ASYNC_GENERATOR, "async-generator"),
    (inspect.CO_VARKEYWORDS, "varkeywords"),
)


class Unsupported(Exception):
    """The function must be left to the interpreter. `reason` is a short term without spaces."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_kind(function: FunctionType) -> None:
    """Raise Unsupported for kinds of functions that are never compiled."""
    code = function.__code__
    for flag, reason in _FLAGS:
        if code.co_flags & flag:
            raise Unsupported(reason)
    if not code.co_flags & inspect.CO_OPTIMIZED:
        raise Unsupported("not-a-function-body")
    if code.co_cellvars:
        raise Unsupported("cell-variables")
    if code.co_name in EXACT_FUNCTION or function.__name__ in EXACT_FUNCTION:
        raise Unsupported(f"name:{function.__name__}")


def check_body(function: FunctionType, instrs: dict[int, Instr]) -> None:
    """Raise Unsupported for code that sees its frame, or could tell equal ints apart."""
    for name in OWN_FRAME.intersection(function.__code__.co_names):
        if lookup(function, name) is getattr(builtins, name) and any(
            instr.name == "LOAD_GLOBAL" and instr.arg[0] == name for instr in instrs.values()
        ):
            raise Unsupported(f"own-frame:{name}")
    if "IS_OP" in [instr.name for instr in instrs.values()]:
        _check_identity(function.__code__, instrs)


def _check_identity(code: CodeType, instrs: dict[int, Instr]) -> None:
    """`is` must have a singleton on one side, loaded right there."""
    targets = {instr.target for instr in instrs.values()}
    row = list(instrs.values())
    for position, instr in enumerate(row):
        if instr.name != "IS_OP":
            continue
        right, left = row[position - 1], row[position - 2]
        safe = _loads_singleton(right) or (
            right.name.startswith("LOAD_FAST") and _loads_singleton(left)
        )
        if not safe or instr.offset in targets or right.offset in targets:
            raise Unsupported("identity")


def _loads_singleton(instr: Instr) -> bool:
    return instr.name == "LOAD_CONST" and isinstance(instr.arg, _SINGLETONS)
