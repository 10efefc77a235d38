"""What the fuzzer reaches: opcodes in the code that was made, and reasons for which code left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from unittest.mock import patch

from tracejit import compiler, stats, tracejit
from tracejit.decorator import state_of
from tracejit.ir.function import Function
from tracejit.ir.types import Digit, SignedDigit, general


@dataclass(slots=True)
class Reach:
    """Counts over many programs."""

    opcodes: Counter[str] = field(default_factory=Counter)
    """Instructions compiled, in the exact and in the machine stage."""
    exits: Counter[str] = field(default_factory=Counter)
    """Side exits taken, by reason up to a colon."""
    bridges: int = 0
    versions: int = 0
    grown: int = 0
    """Functions that first got integers of one digit, and then longer ones."""
    general: int = 0
    """Functions that got longer integers first."""
    decorated: list[FunctionType] = field(default_factory=list)

    def decorate(self, function: FunctionType) -> FunctionType:
        self.decorated.append(tracejit(function))
        return self.decorated[-1]

    def settle(self) -> None:
        """Add what became of the functions decorated since the last time."""
        for function in self.decorated:
            found = stats(function)
            self.versions += found.versions
            self._count_kinds(function)
            self.bridges += found.bridges
            for reason, count in found.exits.items():
                self.exits[reason.partition(":")[0]] += count
        self.decorated.clear()

    def _count_kinds(self, function: FunctionType) -> None:
        state = state_of(function)
        if isinstance(state, str):
            return
        signatures = list(state.versions)
        if signatures and {Digit, SignedDigit}.isdisjoint(signatures[0]):
            self.general += int in signatures[0]
        else:
            self.grown += any(general(first) in signatures[1:] for first in signatures)

    @contextmanager
    def counting(self) -> Iterator[None]:
        optimise = compiler.optimise

        def counted(function: Function, on_pass: object = None) -> None:
            self.opcodes.update(inst.op.name for inst in function.insts())
            optimise(function, on_pass)  # type: ignore[arg-type]
            self.opcodes.update(inst.op.name for inst in function.insts())

        with patch.object(compiler, "optimise", counted):
            yield
