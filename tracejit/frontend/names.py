"""Globals, builtins and closure cells as constants under assumptions."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Final

from tracejit.frontend.builtins import is_compiled
from tracejit.frontend.namespaces import ABSENT, lookup
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import AttributeIs, CellIs, GlobalIs
from tracejit.ir.shapes import Const

_USEFUL: Final = (int, bool, float, type(None), ModuleType)


def global_constant(t: Tracer, name: str) -> Const:
    """What a global or builtin name stands for; leaves unless it is of use in native code."""
    value = lookup(t.frame.python, name)
    _check_useful(t, name, value, "global")
    t.assume(GlobalIs(name, value, _owner(t)))
    return Const(value)


def _owner(t: Tracer) -> FunctionType | None:
    """The function whose globals are read here; None for those of the one that is compiled."""
    python, root = t.frame.python, t.program.root
    same = python.__globals__ is root.__globals__ and python.__builtins__ is root.__builtins__
    return None if same else python


def closure_constant(t: Tracer, index: int) -> Const:
    """What the closure cell of this index contains; leaves unless it is of use in native code."""
    python = t.frame.python
    name = t.frame.code.co_freevars[index]
    closure = python.__closure__
    assert closure is not None
    try:
        value: object = closure[index].cell_contents
    except ValueError:
        value = ABSENT
    _check_useful(t, name, value, "cell")
    t.assume(CellIs(index, value, None if python is t.program.root else python))
    return Const(value)


def attribute_constant(t: Tracer, module: ModuleType, name: str) -> Const:
    """What a module's attribute is; leaves unless it is of use in native code."""
    value = vars(module).get(name, ABSENT)
    _check_useful(t, name, value, "attribute")
    t.assume(AttributeIs(module, name, value))
    return Const(value)


def _is_data(value: object) -> bool:
    return type(value) in _USEFUL or (type(value) is tuple and all(map(_is_data, value)))


def _check_useful(t: Tracer, name: str, value: object, kind: str) -> None:
    if _is_data(value) or is_compiled(value):
        return
    if isinstance(value, FunctionType) and t.program.callee(value).flow is not None:
        return
    if value is ABSENT:
        raise Leave(f"unbound-{kind}:{name}")
    if isinstance(value, type) and issubclass(value, BaseException):
        raise Leave(f"raise:{name}")
    raise Leave(f"{'call' if callable(value) else kind}:{name}")
