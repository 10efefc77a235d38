"""What is compiled together: a function, and those that it calls natively."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from opcode import opmap
from types import CodeType, FunctionType
from typing import Final, TypeAlias

from tracejit.frontend.flow import Flow, flow_of
from tracejit.frontend.namespaces import lookup
from tracejit.frontend.unsupported import Unsupported, check_body, check_kind
from tracejit.ir.function import Assumption
from tracejit.ir.structures import MOST_PARTS, Structure, is_made_of_parts, types_of
from tracejit.ir.types import I64_MAX, U64_MAX
from tracejit.ir.variables import CONTENTS, Variable, key_of

Arguments: TypeAlias = tuple[Structure, ...]

_LONGEST: Final = 4000
"""Bytes of the code of a function that is compiled along."""
_ASSIGNING: Final = frozenset((opmap["STORE_GLOBAL"], opmap["STORE_DEREF"]))
_MOST_LOOKED_AT: Final = 50
"""Functions that a function may lead to, when it is asked whether one is the function itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Callee:
    """A function that is called. What it was when it was first asked about is assumed."""

    python: FunctionType
    code: CodeType
    flow: Flow | None
    """None if calls of it leave native code."""

    def parameters(self) -> tuple[str, ...]:
        code = self.code
        takes_more = bool(code.co_flags & inspect.CO_VARARGS)
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + takes_more]


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """A function to be called natively, with arguments of these structures for its parameters."""

    callee: Callee
    arguments: Arguments
    number: int
    """Its place among those that are compiled together."""
    result: Structure
    """What calls of it expect."""


Variables: TypeAlias = dict[Hashable, Variable]
"""By what tells them apart: see `key_of`."""


class Found(Exception):
    """There are more variables than was known: they may have been taken for constant."""

    def __init__(self, variables: Variables) -> None:
        super().__init__()
        self.variables = variables


@dataclass(slots=True, eq=False)
class Program:
    """What is compiled together, and what it assumes."""

    root: FunctionType
    """What is compiled; the others come along."""
    returned_by: Callable[[Program, Callee, Arguments], list[Structure]]
    """What a function returns where it calls nothing natively."""
    variables: Variables = field(default_factory=dict)
    """The variables outside of the functions that these assign, and that contain what can be."""
    assumptions: dict[Hashable, Assumption] = field(default_factory=dict)
    natives: dict[tuple[FunctionType, Arguments], Native] = field(default_factory=dict)
    copied: int = 0
    """Instructions of functions that have been inlined in themselves."""
    _callees: dict[FunctionType, Callee] = field(default_factory=dict)
    _recursive: dict[FunctionType, bool] = field(default_factory=dict)

    def variable(self, holder: object, name: str) -> Variable | None:
        """The variable of that name, if it is assigned."""
        return self.variables.get(key_of(holder, name)) if self.variables else None

    def callee(self, function: FunctionType) -> Callee:
        """The function as it is now. Raises Found."""
        found = self._callees.get(function)
        if found is None:
            code = function.__code__
            found = self.add(function, code, _flow(function, code))
        return found

    def add(self, function: FunctionType, code: CodeType, flow: Flow | None) -> Callee:
        found = self._callees[function] = Callee(function, code, flow)
        if flow is not None and not _ASSIGNING.isdisjoint(code.co_code[::2]):
            self._find_variables(function, flow)
        return found

    def _find_variables(self, function: FunctionType, flow: Flow) -> None:
        variables = dict(self.variables)
        for variable in _assigned(function, flow):
            key = key_of(variable.holder, variable.name)
            known = variables.get(key)
            if known is None or variable.is_unsigned > known.is_unsigned:
                variables[key] = variable
        if variables != self.variables:
            raise Found(variables)

    def native(self, callee: Callee, arguments: Arguments) -> Native:
        """The function for such arguments, which comes along from now on."""
        found = self.natives.get((callee.python, arguments))
        if found is not None:
            return found
        return self.add_native(callee, arguments, self.returned_by(self, callee, arguments))

    def add_native(
        self, callee: Callee, arguments: Arguments, returned: Sequence[Structure]
    ) -> Native:
        native = Native(callee, arguments, len(self.natives), _expected(returned))
        self.natives[callee.python, arguments] = native
        return native

    def is_recursive(self, function: FunctionType) -> bool:
        """Whether it may call itself, by way of other functions or not."""
        if function not in self._recursive:
            self._recursive[function] = _leads_to_itself(function)
        return self._recursive[function]


def _expected(returned: Sequence[Structure]) -> Structure:
    """What calls expect of a function that may return these: a number, or else most parts."""
    for kind in (int, float, bool):
        if kind in returned:
            return kind
    passed = [
        structure
        for structure in returned
        if is_made_of_parts(structure) and len(types_of(structure)) <= MOST_PARTS
    ]
    return max(passed, key=lambda structure: len(types_of(structure)), default=int)


def _assigned(function: FunctionType, flow: Flow) -> Iterator[Variable]:
    """The variables that the function assigns and that contain what it may keep in registers."""
    code, holder = function.__code__, function.__globals__
    masks = any(type(c) is int and I64_MAX < c <= U64_MAX for c in code.co_consts)
    for instr in flow.instrs.values():
        variable = None
        if instr.name == "STORE_GLOBAL" and type(holder) is dict:
            variable = Variable(instr.arg, holder, masks)
        elif instr.name == "STORE_DEREF" and function.__closure__ is not None:
            cell = function.__closure__[instr.arg]
            variable = Variable(code.co_freevars[instr.arg], cell, masks)
        if variable is not None and type(variable.content) in CONTENTS:
            yield variable


def _flow(function: FunctionType, code: CodeType) -> Flow | None:
    try:
        check_kind(function)
        if len(code.co_code) > _LONGEST:
            return None
        flow = flow_of(code)
        check_body(function, flow.instrs)
    except Unsupported:
        return None
    return flow


def _leads_to_itself(function: FunctionType) -> bool:
    """By the functions that its names stand for now; that is a guess, for which nothing is amiss.

    Where it is wrong, a function is inlined until it is found to be under way.
    """
    seen: set[FunctionType] = set()
    work = [function]
    while work and len(seen) < _MOST_LOOKED_AT:
        for called in _named(work.pop()):
            if called is function:
                return True
            if called not in seen:
                seen.add(called)
                work.append(called)
    return False


def _named(function: FunctionType) -> Iterator[FunctionType]:
    for name in function.__code__.co_names:
        found = lookup(function, name)
        if isinstance(found, FunctionType):
            yield found
    for cell in function.__closure__ or ():
        try:
            content = cell.cell_contents
        except ValueError:
            continue
        if isinstance(content, FunctionType):
            yield content
