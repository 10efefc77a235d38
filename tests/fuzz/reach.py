"""What the fuzzer reaches: opcodes in the code that was made, and reasons for which code left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from unittest.mock import patch

from tracejit import compiler, stats, tracejit
from tracejit.ir.function import Function


@dataclass(slots=True)
class Reach:
    """Counts over many programs."""

    opcodes: Counter[str] = field(default_factory=Counter)
    """Instructions compiled, in the exact and in the machine stage."""
    exits: Counter[str] = field(default_factory=Counter)
    """Side exits taken, by reason up to a colon."""
    bridges: int = 0
    versions: int = 0
    decorated: list[FunctionType] = field(default_factory=list)

    def decorate(self, function: FunctionType) -> FunctionType:
        self.decorated.append(tracejit(function))
        return self.decorated[-1]

    def settle(self) -> None:
        """Add what became of the functions decorated since the last time."""
        for function in self.decorated:
            found = stats(function)
            self.versions += found.versions
            self.bridges += found.bridges
            for reason, count in found.exits.items():
                self.exits[reason.partition(":")[0]] += count
        self.decorated.clear()

    @contextmanager
    def counting(self) -> Iterator[None]:
        optimise = compiler.optimise

        def counted(function: Function, on_pass: object = None) -> None:
            self.opcodes.update(inst.op.name for inst in function.insts())
            optimise(function, on_pass)  # type: ignore[arg-type]
            self.opcodes.update(inst.op.name for inst in function.insts())

        with patch.object(compiler, "optimise", counted):
            yield
