"""IR as text: `parse(print_function(f))` gives the same function back."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from math import isfinite
from types import FunctionType

from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import (
    Assumption,
    AttributeIs,
    CellIs,
    Function,
    FunctionHas,
    GlobalIs,
    Inst,
    KeywordDefaultIs,
    Target,
    TypeIs,
)
from tracejit.ir.ops import NUMBERED, OF_VARIABLES, Op
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
)
from tracejit.ir.value import Value
from tracejit.ir.variables import Variable


def print_function(function: Function) -> str:
    """The function in the text form of the IR."""
    lines = [f"function {function.name}:"]
    lines += [f"    assume {print_assumption(assumption)}" for assumption in function.assumptions]
    for block in function.blocks:
        bounds = function.ranges if block is function.entry else {}
        params = ", ".join(_print_param(param, bounds.get(param)) for param in block.params)
        lines.append(f"{block}({params}):")
        lines.extend("    " + print_inst(inst) for inst in block.insts)
    return "\n".join(lines) + "\n"


def print_assumption(assumption: Assumption) -> str:
    """What of which function is what: a global, a cell, a default, an attribute."""
    whose: object
    match assumption:
        case GlobalIs(name, _, whose):
            what = f"global {name}"
        case CellIs(index, _, whose):
            what = f"cell {index}"
        case AttributeIs(whose, name):
            what = f"attribute {name}"
        case KeywordDefaultIs(name, _, whose):
            what = f"default {name}"
        case FunctionHas(attribute, _, whose):
            what = attribute
        case TypeIs(whose):
            what = "type"
    of = "" if whose is None else f" of {print_constant(whose)}"
    return f"{what}{of} is {print_constant(assumption.value)}"


def _print_param(param: Value, bounds: tuple[int, int] | None) -> str:
    return f"{param}: {param.type}" + (f"({bounds[0]},{bounds[1]})" if bounds else "")


def print_inst(inst: Inst) -> str:
    """One instruction, on one line."""
    operands: list[str] = [repr(arg) for arg in inst.args]
    if inst.op.has_imm:
        operands.append(_print_float(inst) if inst.op is Op.fconst else repr(inst.imm))
    elif inst.op in NUMBERED:
        operands.insert(0, str(inst.imm))
    elif inst.op in OF_VARIABLES:
        operands.append(_print_variable(inst.variable()))
    elif inst.op is Op.ret:
        operands.append(print_shape(inst.returned()))
    operands.extend(_print_target(target) for target in inst.targets)
    text = f"{inst.op.name} {', '.join(operands)}".rstrip()
    if inst.result is not None:
        text = f"{inst.result}: {inst.result.type} = {text}"
    if inst.exit is not None:
        text = f"{text:<32} {print_exit(inst.exit)}"
    return text


def _print_float(inst: Inst) -> str:
    """The shortest decimal, or the bits of what has none."""
    number = inst.constant()
    return repr(number) if isfinite(number) else f"{inst.imm:#x}"


def _print_target(target: Target) -> str:
    return f"{target.block}({', '.join(map(repr, target.args))})"


def print_exit(exit: Exit) -> str:
    """`exit[reason] @offset local=shape ... | stack ... in callee then @offset ... with ...`."""
    words = [f"exit[{exit.reason}] {_print_state(exit.state)}"]
    if exit.state.stores:
        words.append("with")
    for variable, shape in exit.state.stores:
        words.append(f"{_print_variable(variable)}={print_shape(shape)}")
    return " ".join(words)


def _print_variable(variable: Variable) -> str:
    """`global.name`, or `cell.name`."""
    return f"{variable.kind}.{variable.name}"


def _print_state(state: FrameState) -> str:
    words = [f"@{state.offset}"]
    words.extend(f"{name}={print_shape(shape)}" for name, shape in state.locals.items())
    if state.stack:
        words.append("|")
        words.extend(print_shape(shape) for shape in state.stack)
    if state.call is not None:
        words.append(f"in {print_constant(state.call.function)}")
        words.append(f"then {_print_state(state.call.caller)}")
    return " ".join(words)


def print_shape(shape: Shape) -> str:
    """A shape, without spaces."""
    match shape:
        case Value():
            return repr(shape)
        case Null():
            return "NULL"
        case Const(value):
            return print_constant(value)
        case Unsigned(value):
            return f"u64({value})"
        case TupleOf(items):
            return f"({_print_items(items)})"
        case TupleIter(items):
            return f"items({_print_items(items)})"
        case ListOf(items):
            return f"list({_print_items(items)})"
        case RangeOf(start, stop, step, ascending):
            name = "range"
        case RangeIter(start, stop, step, ascending):
            name = "iter"
    direction = "up" if ascending else "down"
    return f"{name}({print_shape(start)},{print_shape(stop)},{print_shape(step)},{direction})"


def _print_items(items: tuple[Shape, ...]) -> str:
    return "".join(f"{print_shape(item)}," for item in items)


def print_constant(value: object) -> str:
    """A constant: a literal, a dotted name in `builtins`, or else its type and address.

    Of a function, its name and address.
    """
    if type(value) in (int, bool, type(None)) or (type(value) is float and isfinite(value)):
        return repr(value)
    if type(value) is str:
        return (
            "'"
            + value.encode("unicode_escape").decode().replace("'", r"\'").replace(" ", r"\x20")
            + "'"
        )
    if isinstance(value, Opaque):
        return value.text
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str) and builtin(name) is value:
        return f"builtins.{name}"
    named = isinstance(value, FunctionType) and value.__name__.isidentifier()
    word = value.__name__ if named else type(value).__name__  # type: ignore[attr-defined]
    return f"<{word}:{id(value):#x}>"


@dataclass(frozen=True, slots=True)
class Opaque:
    """A constant of which only the text is known, which names its type, or itself, and address."""

    text: str


def builtin(name: str) -> object:
    """The object of that dotted name in `builtins`, or None."""
    found: object = builtins
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
