"""Variables outside of functions as the memory of the reference interpreter."""

from __future__ import annotations

from typing import Any

from tracejit.ir.variables import ABSENT, Variable


class Live(dict[Variable, object]):
    """What the variables really contain, and get."""

    def get(self, variable: Variable, default: Any = ABSENT) -> Any:
        found = variable.content
        return default if found is ABSENT else found

    def update(self, stores: Any) -> None:
        for variable, content in stores:
            if isinstance(variable.holder, dict):
                variable.holder[variable.name] = content
            else:
                variable.holder.cell_contents = content
