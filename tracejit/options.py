"""What the environment variables say."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

DUMP_STAGES: Final = ("bytecode", "ir", "opt", "lir", "asm", "exits")
"""The stages that `TRACEJIT_DUMP` can print, in the order of the pipeline."""


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of this process."""

    enabled: bool
    """`TRACEJIT=0` turns the compiler off: the decorator then returns functions untouched."""
    dump: frozenset[str]
    """The stages to print, of DUMP_STAGES."""
    dump_functions: frozenset[str]
    """The qualified or plain names of the functions to print; every function if empty."""
    verify: bool
    """`TRACEJIT_VERIFY=1` checks the IR after every pass and the register allocation."""

    def dumps(self, stage: str, function_name: str) -> bool:
        """Whether the stage of the function of that qualified name is to be printed."""
        if stage not in self.dump:
            return False
        names = (function_name, function_name.rpartition(".")[2])
        return not self.dump_functions or any(name in self.dump_functions for name in names)


def read_options(environment: os._Environ[str] | dict[str, str] = os.environ) -> Options:
    """The options that the environment asks for.

    A word of `TRACEJIT_DUMP` that names no stage names a function: `TRACEJIT_DUMP=ir,asm,gcd`.
    """
    words = {word.strip() for word in environment.get("TRACEJIT_DUMP", "").split(",")} - {""}
    stages = words.intersection(DUMP_STAGES)
    if "all" in words:
        stages.update(DUMP_STAGES)
    return Options(
        enabled=environment.get("TRACEJIT", "1") != "0",
        dump=frozenset(stages),
        dump_functions=frozenset(words.difference(DUMP_STAGES, {"all"})),
        verify=environment.get("TRACEJIT_VERIFY", "0") not in ("", "0"),
    )
