"""The pipeline: a Python function and the types of its arguments in, machine code out."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FunctionType
from typing import TypeVar

from tracejit.backend.emit import emit
from tracejit.backend.exits import ExitRecord
from tracejit.backend.linker import link
from tracejit.backend.lir import print_lir
from tracejit.backend.lower import lower
from tracejit.backend.regalloc import allocate
from tracejit.backend.regalloc_checker import check
from tracejit.frontend.builder import build
from tracejit.frontend.unsupported import Unsupported
from tracejit.ir.function import Function
from tracejit.ir.ops import Op
from tracejit.ir.printer import print_exit, print_function
from tracejit.ir.types import Signature
from tracejit.ir.verifier import Stage, verify
from tracejit.opt.pipeline import optimise
from tracejit.opt.wide import NoExit
from tracejit.options import Options
from tracejit.runtime import layout, stubs
from tracejit.runtime.version import DataBlock, NativeCode

T = TypeVar("T")


def compile_version(
    function: FunctionType, signature: Signature, options: Options
) -> NativeCode | str:
    """Machine code for the function and arguments of exactly these types.

    Instead the reason, where the function is better left to the interpreter. Raises
    `layout.Unguardable` where what the code would assume cannot be watched.
    """
    with _uncollected():
        return _compile_version(function, signature, options)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collections: they would look at everything again and again, to find little.

    One may take longer than the compilation, where the program has many objects.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _compile_version(
    function: FunctionType, signature: Signature, options: Options
) -> NativeCode | str:
    stage = _Stages(function.__qualname__, options)
    stage.dump("bytecode", lambda: _listing(function.__code__))
    try:
        ir = stage("build", build, function, signature)
        together = ir.natives or [ir]
        stage.dump("ir", lambda: "\n".join(map(print_function, together)))
        stage("optimise", _optimise, together, stage)
    except (Unsupported, NoExit) as refusal:
        return str(refusal)
    stage.dump("opt", lambda: "\n".join(map(print_function, together)))
    if not ir.has(Op.ret, Op.poll):
        return f"leaves at once: {', '.join(sorted(_exit_reasons(ir)))}"
    guards = stage("guard", layout.guards, function, ir.assumptions, ir.variables)
    variables = layout.addresses(ir.variables)
    target = stubs.target()
    lir = stage("lower", lower, ir, signature, guards, target, variables)
    stage("allocate", allocate, lir)
    stage.check(lambda: check(lir))
    stage.dump("lir", lambda: print_lir(lir))
    records = lir.records()
    data = DataBlock(len(records))
    lines = stage("emit", emit, lir, target, data.address)
    stage.dump("asm", lambda: "\n".join(lines))
    stage.dump("exits", lambda: _print_exits(records))
    machine = stage("assemble", link, lines)
    return NativeCode(
        *(machine.code, machine.entry, machine.epilogue, data, records, guards, ir),
        nanoseconds=stage.nanoseconds,
        calls_natively=bool(ir.natives),
        variables=variables,
    )


def _optimise(together: list[Function], stage: _Stages) -> None:
    for ir in together:
        stage.level = "exact"
        stage.check(partial(verify, ir, "exact"))
        optimise(ir, stage.verify_pass if stage.options.verify else None)


def _exit_reasons(ir: Function) -> set[str]:
    return {inst.exit.reason for inst in ir.insts() if inst.exit is not None}


@dataclass(slots=True)
class _Stages:
    """Calls the stages: times them, prints and checks what they made."""

    function_name: str
    options: Options
    nanoseconds: dict[str, int] = field(default_factory=dict)
    level: Stage = "exact"

    def __call__(self, name: str, stage: Callable[..., T], *args: object) -> T:
        start = time.perf_counter_ns()
        made = stage(*args)
        self.nanoseconds[name] = time.perf_counter_ns() - start
        return made

    def dump(self, name: str, text: Callable[[], str]) -> None:
        if self.options.dumps(name, self.function_name):
            print(f"--- {self.function_name}: {name}\n{text().rstrip()}\n", file=sys.stderr)

    def check(self, check: Callable[[], None]) -> None:
        if self.options.verify:
            check()

    def verify_pass(self, name: str, ir: Function) -> None:
        if name == "narrow":
            self.level = "machine"
        try:
            verify(ir, self.level)
        except AssertionError as error:
            raise AssertionError(f"after {name}: {error}") from None


def _listing(code: CodeType) -> str:
    import dis

    return dis.Bytecode(code).dis()


def _print_exits(exits: list[ExitRecord]) -> str:
    lines = []
    for number, record in enumerate(exits):
        places = " ".join(f"{type}:{place}" for type, place in record.values)
        what = print_exit(record.exit) if record.exit else repr(record.shape)
        lines.append(f"exit {number}: {record.kind} {what}\n    {places}")
    return "\n".join(lines)
