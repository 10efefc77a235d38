"""Instructions that move operands: locals, constants, names."""

from __future__ import annotations

from types import ModuleType

from tracejit.frontend.decode import NULL_AFTER_CALLABLE, Instr
from tracejit.frontend.names import (
    assign_cell,
    assign_global,
    read_attribute,
    read_cell,
    read_global,
)
from tracejit.frontend.tracer import Leave, Tracer
from tracejit.ir.shapes import NULL, Const, ListOf, Null, Shape


def nothing(t: Tracer, instr: Instr) -> None:
    pass


def push_null(t: Tracer, instr: Instr) -> None:
    t.stack.append(NULL)


def pop_top(t: Tracer, instr: Instr) -> None:
    t.stack.pop()


def copy(t: Tracer, instr: Instr) -> None:
    copied = t.stack[-instr.arg]
    if type(copied) is ListOf:
        raise t.wrong_type(copied)
    t.stack.append(copied)


def swap(t: Tracer, instr: Instr) -> None:
    depth = instr.arg
    t.stack[-1], t.stack[-depth] = t.stack[-depth], t.stack[-1]


def load_const(t: Tracer, instr: Instr) -> None:
    t.stack.append(Const(instr.arg))


def load_fast(t: Tracer, instr: Instr) -> None:
    t.stack.append(_bound(t, instr.arg))


def load_fast_load_fast(t: Tracer, instr: Instr) -> None:
    first, second = instr.arg
    t.stack += (_bound(t, first), _bound(t, second))


def load_fast_and_clear(t: Tracer, instr: Instr) -> None:
    t.stack.append(t.locals.pop(instr.arg, NULL))


def store_fast(t: Tracer, instr: Instr) -> None:
    _bind(t, instr.arg, t.stack.pop())


def store_fast_store_fast(t: Tracer, instr: Instr) -> None:
    first, second = instr.arg
    _bind(t, first, t.stack.pop())
    _bind(t, second, t.stack.pop())


def store_fast_load_fast(t: Tracer, instr: Instr) -> None:
    stored, loaded = instr.arg
    if loaded != stored:
        _bound(t, loaded)
    _bind(t, stored, t.stack.pop())
    t.stack.append(_bound(t, loaded))


def delete_fast(t: Tracer, instr: Instr) -> None:
    _bound(t, instr.arg)
    del t.locals[instr.arg]


def _bound(t: Tracer, name: str) -> Shape:
    shape = t.locals.get(name)
    if shape is None:
        raise Leave("unbound-local")
    return shape


def _bind(t: Tracer, name: str, shape: Shape) -> None:
    if isinstance(shape, Null):
        t.locals.pop(name, None)
    elif type(shape) is ListOf:
        raise t.wrong_type(shape)
    else:
        t.locals[name] = shape


def load_global(t: Tracer, instr: Instr) -> None:
    name, with_null = instr.arg
    found = read_global(t, name)
    if with_null:
        push_callable(t, found)
    else:
        t.stack.append(found)


def push_callable(t: Tracer, found: Shape) -> None:
    """With the NULL that stands for the lack of a receiver."""
    t.stack += (found, NULL) if NULL_AFTER_CALLABLE else (NULL, found)


def load_attr(t: Tracer, instr: Instr) -> None:
    owner = t.stack.pop()
    if not (isinstance(owner, Const) and type(owner.value) is ModuleType):
        raise Leave(f"attribute:{instr.arg}")
    t.stack.append(read_attribute(t, owner.value, instr.arg))


def load_deref(t: Tracer, instr: Instr) -> None:
    t.stack.append(read_cell(t, instr.arg))


def store_global(t: Tracer, instr: Instr) -> None:
    assign_global(t, instr.arg, t.stack.pop())


def store_deref(t: Tracer, instr: Instr) -> None:
    assign_cell(t, instr.arg, t.stack.pop())


HANDLERS = {
    "NOP": nothing,
    "COPY_FREE_VARS": nothing,
    "PRECALL": nothing,
    "PUSH_NULL": push_null,
    "POP_TOP": pop_top,
    "COPY": copy,
    "SWAP": swap,
    "LOAD_CONST": load_const,
    "LOAD_FAST": load_fast,
    "LOAD_FAST_LOAD_FAST": load_fast_load_fast,
    "LOAD_FAST_AND_CLEAR": load_fast_and_clear,
    "STORE_FAST": store_fast,
    "STORE_FAST_STORE_FAST": store_fast_store_fast,
    "STORE_FAST_LOAD_FAST": store_fast_load_fast,
    "DELETE_FAST": delete_fast,
    "LOAD_GLOBAL": load_global,
    "LOAD_ATTR": load_attr,
    "LOAD_DEREF": load_deref,
    "STORE_GLOBAL": store_global,
    "STORE_DEREF": store_deref,
}
