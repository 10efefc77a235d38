"""What a run of a function passes through, for comparing runs before and after a pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tracejit.ir.frame_state import FrameState
from tracejit.ir.function import Function, Inst
from tracejit.ir.interpreter import evaluate
from tracejit.ir.ops import Op, Undefined
from tracejit.ir.types import BOOL, fits_i64
from tracejit.ir.value import Value

_HUGE = 1 << 2000


class TooMuch(Exception):
    """The run takes too long or its numbers grow too large."""


@dataclass
class Observed:
    returned: str | None = None
    """What it returned, if it did; True and 1 are told apart."""
    fits: bool = True
    """Whether every result was defined and within 64 bits."""
    states: set[str] = field(default_factory=set)
    """The states of all exits that were passed, taken or not."""
    left: str | None = None
    """The state in which it left, if it did."""
    negative: bool = False
    """Whether it left because something that was to be unsigned was negative."""
    stray: list[str] = field(default_factory=list)
    """Values outside the range that the function states for them."""


def observe(function: Function, args: Sequence[object], steps: int = 6000) -> Observed:
    """Run the function as the reference interpreter does, taking notes."""
    seen = Observed()
    values: dict[Value, object] = dict(zip(function.entry.params, args, strict=True))
    block = function.entry
    while True:
        for inst in block.insts:
            steps -= 1
            if steps < 0:
                raise TooMuch
            if inst.exit is not None:
                seen.states.add(state_text(inst, values))
            if inst.op is Op.ret:
                seen.returned = repr(evaluate(inst.returned(), values))
                return seen
            if inst.op is Op.leave or (inst.result is not None and not _run(inst, values, seen)):
                seen.left = state_text(inst, values)
                seen.fits &= inst.op is Op.leave
                seen.negative = inst.op is Op.inonneg_ovf or inst.op.name.startswith("u")
                return seen
            if inst.result is not None:
                _check_range(function, inst.result, values, seen)
        last = block.terminator
        target = last.targets[0 if last.op is Op.jump or values[last.args[0]] else 1]
        given = [values[arg] for arg in target.args]
        block = target.block
        values.update(zip(block.params, given, strict=True))
        for param in block.params:
            _check_range(function, param, values, seen)


def _run(inst: Inst, values: dict[Value, object], seen: Observed) -> bool:
    """Execute; False where the instruction leaves."""
    if inst.op.has_imm:
        result = inst.imm
    else:
        assert inst.op.meaning is not None
        try:
            result = inst.op.meaning(*(values[arg] for arg in inst.args))
        except Undefined:
            return False
        if inst.value.type == BOOL:
            result = bool(result)
    if isinstance(result, int):
        seen.fits &= fits_i64(result)
        if abs(result) > _HUGE:
            raise TooMuch
    values[inst.value] = result
    return True


def _check_range(
    function: Function, value: Value, values: dict[Value, object], seen: Observed
) -> None:
    if value in function.ranges:
        low, high = function.ranges[value]
        if not low <= values[value] <= high:  # type: ignore[operator]  # it is an integer
            seen.stray.append(f"{value} = {values[value]} is not in {low}..{high}")


def state_text(inst: Inst, values: dict[Value, object]) -> str:
    """The state of the instruction's exit, evaluated; True and 1 are told apart."""
    assert inst.exit is not None
    return _frame_text(inst.exit.state, values)


def _frame_text(state: FrameState, values: dict[Value, object]) -> str:
    shapes = {name: evaluate(shape, values) for name, shape in sorted(state.locals.items())}
    caller = state.call and _frame_text(state.call.caller, values)
    return repr((state.offset, shapes, [evaluate(shape, values) for shape in state.stack], caller))
