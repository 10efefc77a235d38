"""Globals, builtins, closure cells: variables where they are assigned, or else constants.

Constants are assumed to stay what they are.
"""

from __future__ import annotations

from types import CellType, FunctionType, ModuleType
from typing import Final

from tracejit.frontend.builtins import is_compiled
from tracejit.frontend.namespaces import lookup
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.function import AttributeIs, CellIs, GlobalIs, TypeIs
from tracejit.ir.shapes import Const, Shape
from tracejit.ir.variables import ABSENT, Variable

_USEFUL: Final = (int, bool, float, type(None), ModuleType)


def read_global(t: Tracer, name: str) -> Shape:
    """What a global or builtin name stands for; leaves unless it is of use in native code."""
    variable = t.program.variable(t.frame.python.__globals__, name)
    return _global_constant(t, name) if variable is None else t.read(variable)


def assign_global(t: Tracer, name: str, shape: Shape) -> None:
    """Let the global be that; leaves unless it is a number, a bool or None, and was."""
    _assign(t, t.frame.python.__globals__, name, shape)


def read_cell(t: Tracer, index: int) -> Shape:
    """What the closure cell of this index contains; leaves unless that is of use in native code."""
    name, cell = _cell(t, index)
    variable = t.program.variable(cell, name)
    return _closure_constant(t, index) if variable is None else t.read(variable)


def assign_cell(t: Tracer, index: int, shape: Shape) -> None:
    """The same for the closure cell of this index."""
    name, cell = _cell(t, index)
    _assign(t, cell, name, shape)


def read_attribute(t: Tracer, module: ModuleType, name: str) -> Shape:
    """What a module's attribute is; leaves unless it is of use in native code."""
    t.assume(TypeIs(module, ModuleType))
    variable = t.program.variable(vars(module), name)
    return _attribute_constant(t, module, name) if variable is None else t.read(variable)


def _cell(t: Tracer, index: int) -> tuple[str, CellType]:
    closure = t.frame.python.__closure__
    assert closure is not None
    return t.frame.code.co_freevars[index], closure[index]


def _assign(t: Tracer, holder: object, name: str, shape: Shape) -> None:
    variable = t.program.variable(holder, name)
    if variable is None:
        raise Leave(f"assign:{name}")
    t.write(variable, shape)


def _global_constant(t: Tracer, name: str) -> Const:
    value = lookup(t.frame.python, name)
    _check_useful(t, name, value, "global")
    t.assume(GlobalIs(name, value, _owner(t)))
    return Const(value)


def _owner(t: Tracer) -> FunctionType | None:
    """The function whose globals are read here; None for those of the one that is compiled."""
    python, root = t.frame.python, t.program.root
    same = python.__globals__ is root.__globals__ and python.__builtins__ is root.__builtins__
    return None if same else python


def _closure_constant(t: Tracer, index: int) -> Const:
    python = t.frame.python
    name, cell = _cell(t, index)
    value = Variable(name, cell).content
    _check_useful(t, name, value, "cell")
    t.assume(CellIs(index, value, None if python is t.program.root else python))
    return Const(value)


def _attribute_constant(t: Tracer, module: ModuleType, name: str) -> Const:
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
