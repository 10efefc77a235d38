"""What the environment variables say."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

DUMP_STAGES: Final = ("bytecode", "ir", "opt", "lir", "asm", "exits")
"""The stages that `TRACEJIT_DUMP` can print, in the order of the pipeline."""


class Options:
    """The settings of this process.

    `enabled`: functions are compiled at all. `dump`: the stages to print, of DUMP_STAGES, for the
    functions named in `dump_functions`, or for all if there are none. `verify`: the IR is checked
    after every pass, and the register allocation.
    """

    __slots__ = ("dump", "dump_functions", "enabled", "verify")

    def __init__(
        self,
        enabled: bool = True,
        dump: frozenset[str] = frozenset(),
        dump_functions: frozenset[str] = frozenset(),
        verify: bool = False,
    ) -> None:
        self.enabled = enabled
        self.dump = dump
        self.dump_functions = dump_functions
        self.verify = verify

    def dumps(self, stage: str, function_name: str) -> bool:
        """Whether the stage of the function of that qualified name is to be printed."""
        if stage not in self.dump:
            return False
        names = (function_name, function_name.rpartition(".")[2])
        return not self.dump_functions or any(name in self.dump_functions for name in names)


def read_options(environment: Mapping[str, str] = os.environ) -> Options:
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
