"""What is compiled together: a function, and those that it calls natively."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Final

from tracejit.frontend.flow import Flow, flow_of
from tracejit.frontend.namespaces import lookup
from tracejit.frontend.unsupported import Unsupported, check_body, check_kind
from tracejit.ir.function import Assumption
from tracejit.ir.types import BOOL, F64, INT, Signature, Type

_LONGEST: Final = 4000
"""Bytes of the code of a function that is compiled along."""
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
        return self.code.co_varnames[: self.code.co_argcount + self.code.co_kwonlyargcount]


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """A function to be called natively, with arguments of these kinds for its parameters."""

    callee: Callee
    kinds: Signature
    number: int
    """Its place among those that are compiled together."""
    result: Type
    """What calls of it expect."""


@dataclass(slots=True, eq=False)
class Program:
    """What is compiled together, and what it assumes."""

    root: FunctionType
    """What is compiled; the others come along."""
    returned_by: Callable[[Program, Callee, Signature], set[Type | None]]
    """The types of the values that a function returns where it calls nothing natively."""
    assumptions: dict[Hashable, Assumption] = field(default_factory=dict)
    natives: dict[tuple[FunctionType, Signature], Native] = field(default_factory=dict)
    copied: int = 0
    """Instructions of functions that have been inlined in themselves."""
    _callees: dict[FunctionType, Callee] = field(default_factory=dict)
    _recursive: dict[FunctionType, bool] = field(default_factory=dict)

    def callee(self, function: FunctionType) -> Callee:
        found = self._callees.get(function)
        if found is None:
            code = function.__code__
            found = self.add(function, code, _flow(function, code))
        return found

    def add(self, function: FunctionType, code: CodeType, flow: Flow | None) -> Callee:
        found = self._callees[function] = Callee(function, code, flow)
        return found

    def native(self, callee: Callee, kinds: Signature) -> Native:
        """The function for arguments of these kinds, which comes along from now on."""
        found = self.natives.get((callee.python, kinds))
        return found or self.add_native(callee, kinds, self.returned_by(self, callee, kinds))

    def add_native(self, callee: Callee, kinds: Signature, returned: set[Type | None]) -> Native:
        result: Type = next((kind for kind in (INT, F64, BOOL) if kind in returned), INT)
        native = Native(callee, kinds, len(self.natives), result)
        self.natives[callee.python, kinds] = native
        return native

    def is_recursive(self, function: FunctionType) -> bool:
        """Whether it may call itself, by way of other functions or not."""
        if function not in self._recursive:
            self._recursive[function] = _leads_to_itself(function)
        return self._recursive[function]


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
