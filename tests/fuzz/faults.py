"""Planted faults: wrong compilers, each of which the fuzzer must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from types import FunctionType
from unittest.mock import patch

from tracejit import compiler, decorator
from tracejit.backend import regalloc
from tracejit.backend.assembler import assemble
from tracejit.backend.lir import MachInst
from tracejit.backend.lir import inst as machine_inst
from tracejit.ir.frame_state import Exit, FrameState
from tracejit.ir.function import Function, Inst
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.shapes import map_values
from tracejit.ir.types import BOOL
from tracejit.ir.value import Value
from tracejit.opt import gvn, narrow
from tracejit.runtime import code_memory, layout, stubs, version
from tracejit.runtime.stubs.divide import floor_divide_text

Fault = Callable[[], AbstractContextManager[object]]


@contextmanager
def after_optimising(change: Callable[[Function], None]) -> Iterator[None]:
    """Every function is changed behind the optimiser's back."""
    optimise = compiler.optimise

    def faulty(function: Function, on_pass: object = None) -> None:
        optimise(function)
        change(function)

    with patch.object(compiler, "optimise", faulty), unchecked():
        yield


def unchecked() -> AbstractContextManager[object]:
    """Without the verifier and the checker of the register allocation, which see some of this."""
    return patch.object(decorator._options, "verify", False)


def each(change: Callable[[Inst], None]) -> Callable[[Function], None]:
    def change_all(function: Function) -> None:
        for inst in function.insts():
            change(inst)

    return change_all


def another_opcode(swaps: dict[Opcode, Opcode]) -> AbstractContextManager[None]:
    def swap(inst: Inst) -> None:
        if inst.op in swaps:
            inst.op = swaps[inst.op]
            if inst.op.exit == "never":
                inst.exit = None

    return after_optimising(each(swap))


def another_state(change: Callable[[FrameState], FrameState]) -> AbstractContextManager[None]:
    def swap(inst: Inst) -> None:
        if inst.exit is not None:
            inst.exit = Exit(inst.exit.reason, change(inst.exit.state))

    return after_optimising(each(swap))


def with_swapped_locals(state: FrameState) -> FrameState:
    """Not without one: the interpreter does not look whether a local is bound that must be."""
    names = [name for name, shape in state.locals.items() if isinstance(shape, Value)]
    swapped = dict(zip(names, [state.locals[name] for name in reversed(names)], strict=True))
    return FrameState(state.offset, {**state.locals, **swapped}, state.stack, state.call)


def with_swapped_locals_of_the_caller(state: FrameState) -> FrameState:
    if state.call is None:
        return state
    call = replace(state.call, caller=with_swapped_locals(state.call.caller))
    return FrameState(state.offset, state.locals, state.stack, call)


def with_swapped_stack(state: FrameState) -> FrameState:
    *below, a, b = state.stack if len(state.stack) > 1 else (None, None)
    if a is None or not isinstance(a, Value) or not isinstance(b, Value):
        return state
    return FrameState(state.offset, state.locals, (*below, b, a), state.call)


def bools_returned_as_integers(function: Function) -> None:
    for block in function.blocks:
        last = block.terminator
        if last.op is Op.ret:
            made: dict[Value, Value] = {}
            for value in list(last.operands()):
                if value.type == BOOL and value not in made:
                    cast = function.new_inst(Op.ifrom_bool, [value], type="i64")
                    block.insts.insert(-1, cast)
                    made[value] = cast.value
            last.imm = map_values(last.returned(), lambda value, made=made: made.get(value, value))


@contextmanager
def remainders_without_a_step_to_the_floor() -> Iterator[None]:
    text = floor_divide_text().replace("sar rcx, 63", "mov ecx, 0")
    block = code_memory.install(assemble(text))
    faulty = replace(stubs.target(), floor_divide=block.address)
    with patch.object(compiler.stubs, "target", lambda: faulty), unchecked():
        yield


@contextmanager
def results_that_always_fit() -> Iterator[None]:
    find = narrow.find_ranges

    def faulty(function: Function) -> object:
        ranges = find(function)
        ranges.unfit.clear()
        return ranges

    with patch.object(narrow, "find_ranges", faulty), unchecked():
        yield


@contextmanager
def constants_taken_for_each_other() -> Iterator[None]:
    key = gvn.key_of

    def faulty(inst: Inst) -> tuple[object, ...]:
        if inst.op is Op.iconst and isinstance(inst.imm, int):
            return (inst.op, inst.imm & 0xFF)
        return key(inst)

    with patch.object(gvn, "key_of", faulty), unchecked():
        yield


@contextmanager
def moves_one_after_the_other() -> Iterator[None]:
    def faulty(moves: list[tuple[object, object]]) -> list[MachInst]:
        return [machine_inst("mov", target, source) for target, source in moves]  # type: ignore[arg-type]

    with patch.object(regalloc, "sequence", faulty), unchecked():
        yield


@contextmanager
def tracebacks_one_line_off() -> Iterator[None]:
    make = version.resume_function

    def faulty(*args: object) -> FunctionType:
        function = make(*args)  # type: ignore[arg-type]
        line = function.__code__.co_firstlineno + 1
        function.__code__ = function.__code__.replace(co_firstlineno=line)
        return function

    with patch.object(version, "resume_function", faulty):
        yield


def globals_that_never_change() -> AbstractContextManager[object]:
    return patch.object(layout, "guards", lambda function, assumptions: [])


FAULTS: dict[str, Fault] = {
    "additions wrap": lambda: another_opcode({Op.iadd_ovf: Op.iadd_wrap}),
    "products wrap": lambda: another_opcode({Op.imul_ovf: Op.imul_wrap}),
    "equal is unequal": lambda: another_opcode({Op.ieq: Op.ine, Op.ine: Op.ieq}),
    "sums of floats are differences": lambda: another_opcode({Op.fadd: Op.fsub}),
    "an exit mixes up locals": lambda: another_state(with_swapped_locals),
    "an exit mixes up a caller's locals": lambda: another_state(with_swapped_locals_of_the_caller),
    "an exit swaps two operands": lambda: another_state(with_swapped_stack),
    "bools are boxed as integers": lambda: after_optimising(bools_returned_as_integers),
    "division truncates": remainders_without_a_step_to_the_floor,
    "every result fits": results_that_always_fit,
    "constants with the same low byte are one": constants_taken_for_each_other,
    "moves overwrite each other": moves_one_after_the_other,
    "tracebacks are one line off": tracebacks_one_line_off,
    "globals never change": globals_that_never_change,
}
