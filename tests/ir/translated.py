"""A function of the IR as Python code: does what `interpret` does, sooner if run many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import CodeType

from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Block, Function, Inst, Target
from tracejit.ir.interpreter import Left, OutOfFuel, Returned, Trap, natively
from tracejit.ir.ops import CALLS, PARTS, Op, Undefined
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
from tracejit.ir.types import BOOL, unsigned
from tracejit.ir.value import Value

Run = Callable[[Sequence[object]], Returned | Left]
NAMES = {thing.__name__: thing for thing in (Left, OutOfFuel, Returned, Undefined, unsigned)}


def translated(function: Function, steps: int = 100_000) -> Run:
    """What `interpret(function, args, steps)` gives for any arguments.

    The function is not to change any more.
    """
    code = _Translation(function, steps)
    exec(compile("\n".join(code.lines), f"<{function.name}>", "exec"), code.objects)
    return code.objects["run"]  # type: ignore[return-value]  # it was defined just now


class _Translation:
    """The code, a line for each instruction, and the objects that it names."""

    def __init__(self, function: Function, steps: int) -> None:
        self.function = function
        self.steps = steps
        self.objects: dict[str, object] = {**NAMES, "leave": self.leave}
        self.leaves_at: dict[int, tuple[Inst, Block]] = {}
        """Instructions that may leave, by the numbers of their lines."""
        self.states: dict[Exit, CodeType] = {}
        self.lines = [
            "def run(args):",
            f" {''.join(f'{v}, ' for v in function.entry.params) or '()'} = args",
            f" at, steps = {function.entry.id}, {steps}",
            " try:",
            "  while True:",
        ]
        for block in function.blocks:
            self.lines.append(f"   if at == {block.id}:")
            self.block(block)
        self.lines.append(" except Undefined as undefined:")
        self.lines.append("  return leave(undefined.__traceback__.tb_lineno, locals())")

    def line(self, text: str) -> None:
        self.lines.append("    " + text)

    def block(self, block: Block) -> None:
        *insts, last = block.insts
        for inst in insts:
            self.leaves_at[len(self.lines) + 1] = inst, block
            if inst.op in CALLS.values():
                self.line(f"parts = {self.call(inst)}")
            if inst.result is not None:
                self.line(f"{inst.result} = {self.result(inst)}")
        self.line(f"steps -= {len(block.insts)}")
        self.line(f"if steps < 0: raise OutOfFuel({self.function.name!r})")
        if last.op is Op.ret:
            self.line(f"return Returned({self.shape(last.returned())})")
        elif last.op is Op.leave:
            self.leaves_at[len(self.lines) + 1] = last, block
            self.line(f"return leave({len(self.lines) + 1}, locals())")
        else:
            *taken, other = map(self.follow, last.targets)
            if taken:
                self.line(f"if {last.args[0]}: {taken[0]}")
            self.line(other)

    def result(self, inst: Inst) -> str:
        if inst.op.has_imm:
            return self.name_of(inst.constant())
        if inst.op in (*CALLS.values(), *PARTS.values()):
            return f"parts[{inst.imm if inst.op in PARTS.values() else 0}]"
        call = f"{self.name_of(inst.op.meaning)}({', '.join(map(str, inst.args))})"
        return f"bool({call})" if inst.value.type == BOOL else call

    def call(self, inst: Inst) -> str:
        """The parts of what a native call gives."""
        assert isinstance(inst.imm, int)
        called = partial(natively, self.function.natives[inst.imm], self.steps, {})
        return f"{self.name_of(called)}({', '.join(map(str, inst.args))})"

    def follow(self, target: Target) -> str:
        params, args = (", ".join(map(str, v)) for v in (target.block.params, target.args))
        return f"{params} = {args}; at = {target.block.id}; continue".removeprefix(" = ; ")

    def name_of(self, thing: object) -> str:
        """What the object is called in the code."""
        if type(thing) in (int, bool):
            return repr(thing)
        name = f"o{len(self.objects)}"
        self.objects[name] = thing
        return name

    def leave(self, line: int, found: dict[str, object]) -> Left:
        """What the code leaves with at the line, where its variables are these."""
        inst, block = self.leaves_at[line]
        if inst.exit is None:
            raise Trap(f"{block}: {inst.op.name}") from None
        if inst.exit not in self.states:
            self.states[inst.exit] = compile(self.left(inst.exit), "<exit>", "eval")
        left = eval(self.states[inst.exit], self.objects, found)
        assert isinstance(left, Left)
        return left

    def left(self, exit: Exit) -> str:
        return self.frame(exit.reason, exit.state)

    def frame(self, reason: str, state: FrameState) -> str:
        bound = ", ".join(f"{name!r}: {self.shape(s)}" for name, s in state.locals.items())
        stack = "".join(f"{self.shape(shape)}, " for shape in state.stack)
        call = "None"
        if state.call is not None:
            function, code = self.name_of(state.call.function), self.name_of(state.call.code)
            call = f"({function}, {code}, {self.frame(reason, state.call.caller)})"
        return f"Left({reason!r}, {state.offset}, {{{bound}}}, ({stack}), {call})"

    def shape(self, shape: Shape) -> str:
        match shape:
            case Value():
                return str(shape)
            case Null():
                return self.name_of(shape)
            case Const(value):
                return self.name_of(value)
            case Unsigned(value):
                return f"unsigned({value})"
            case TupleOf(items):
                return f"({''.join(f'{self.shape(item)}, ' for item in items)})"
            case ListOf(items):
                return f"[{', '.join(map(self.shape, items))}]"
            case TupleIter(items):
                return f"iter({self.shape(TupleOf(items))})"
            case RangeOf(start, stop, step, _) | RangeIter(start, stop, step, _):
                made = f"range({', '.join(self.shape(part) for part in (start, stop, step))})"
                return f"iter({made})" if isinstance(shape, RangeIter) else made
