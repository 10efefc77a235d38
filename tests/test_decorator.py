"""The public interface: what the decorator takes and gives."""

import inspect
import os
import pickle
import subprocess
import sys
from types import FunctionType

import pytest

import tracejit
from tracejit import explain, jit, stats
from tracejit.runtime import dispatcher

TRIPLE = "def triple(x):\n    'Three times.'\n    return 3 * x\n"


@tracejit.tracejit
def halve(x: int, by: int = 2) -> int:
    """Half of it."""
    return x // by


def test_the_same_function_object_comes_back():
    def function(x):
        return x + 1

    assert tracejit.tracejit(function) is function
    assert tracejit.tracejit()(function) is function
    assert function(1) == 2


def test_the_function_keeps_what_it_was():
    assert halve(9) == 4
    assert halve.__name__ == "halve"
    assert halve.__doc__ == "Half of it."
    assert halve.__module__ == __name__
    assert str(inspect.signature(halve)) == "(x: int, by: int = 2) -> int"
    assert isinstance(halve, FunctionType)
    assert pickle.loads(pickle.dumps(halve)) is halve


def test_static_and_class_methods_have_their_function_compiled():
    class Numbers:
        @tracejit.tracejit
        @staticmethod
        def add(x, y):
            return x + y

        @tracejit.tracejit
        @classmethod
        def kind(cls, x):
            return cls, -x

        @tracejit.tracejit
        def twice(self, x):
            return 2 * x

    assert (Numbers.add(1, 2), Numbers.kind(3), Numbers().twice(4)) == (3, (Numbers, -3), 8)
    assert stats(Numbers.add).versions == stats(Numbers.twice).versions == 1


@pytest.mark.parametrize("wrong", [3, len, int, "f", print])
def test_what_is_no_plain_function_is_refused_with_a_sentence(wrong):
    with pytest.raises(TypeError, match="tracejit decorates plain Python functions"):
        tracejit.tracejit(wrong)


def test_jit_makes_an_exact_function_of_an_expression():
    function = jit("a * b + c")
    assert function(3, 4, 5) == 17
    assert function(10, 20, 30) == 230
    assert stats(function).versions == 1
    assert function(2**40, 2**40, 1) == 2**80 + 1
    assert stats(function).versions == 2


def test_decorating_twice_is_decorating_once():
    function = tracejit.tracejit(tracejit.tracejit(lambda x: x * 5))
    assert function(3) == 15
    assert stats(function).versions == 1


@pytest.mark.parametrize("ask", [explain, stats])
def test_asking_about_a_plain_function_is_an_error(ask):
    with pytest.raises(ValueError, match="is not decorated with tracejit"):
        ask(lambda: 0)
    with pytest.raises(TypeError, match="expected a function decorated with tracejit, not int"):
        ask(3)


def test_unsupported_functions_are_left_alone_and_explained():
    @tracejit.tracejit
    def generate(n):
        yield n

    assert list(generate(2)) == [2]
    assert "plain Python: generator" in explain(generate)
    assert "generator" in (stats(generate).disarmed or "")


def run(program, **environment):
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr


PROGRAM = """
from tracejit import tracejit, explain, stats
@tracejit
def gcd(a, b):
    while b:
        a, b = b, a % b
    return a
@tracejit
def lcm(a, b):
    return a * b
print(gcd(12, 18), lcm(4, 6))
print(explain(gcd))
print(stats(gcd).versions)
"""


def test_tracejit_0_turns_it_off():
    output, _ = run(PROGRAM, TRACEJIT="0")
    assert output.startswith("6 24\ngcd is plain Python: TRACEJIT=0\n")


def test_dump_prints_the_stages_of_the_function_that_is_named():
    stages = "bytecode,ir,opt,lir,asm,exits"
    _, printed = run(PROGRAM, TRACEJIT_DUMP=f"{stages},gcd", TRACEJIT_VERIFY="1")
    headings = [line for line in printed.splitlines() if line.startswith("--- ")]
    assert headings == [f"--- gcd: {stage}" for stage in stages.split(",")]
    assert "imod" in printed
    assert "div" in printed
    _, printed = run(PROGRAM, TRACEJIT_DUMP="asm")
    assert [line for line in printed.splitlines() if line.startswith("---")] == [
        "--- gcd: asm",
        "--- lcm: asm",
    ]


def test_an_error_of_the_compiler_is_no_business_of_the_caller(monkeypatch):
    from tracejit import compiler

    def broken(*_):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(compiler, "optimise", broken)
    function = tracejit.tracejit(lambda x: x * 7)
    assert [function(3) for _ in range(3)] == [21, 21, 21]
    state = dispatcher.state_of(function)
    assert isinstance(state.failure, ZeroDivisionError)
    assert "internal error: ZeroDivisionError('planted')" in explain(function)


def test_what_the_optimiser_cannot_leave_from_is_refused(monkeypatch):
    from tracejit import compiler
    from tracejit.opt.wide import NoExit

    def refuse(*_):
        raise NoExit("a constant beyond 64 bits")

    monkeypatch.setattr(compiler, "optimise", refuse)
    function = tracejit.tracejit(lambda x: x * 7)
    assert function(3) == 21
    assert dispatcher.state_of(function).failure is None
    assert "runs in the interpreter: a constant beyond 64 bits" in explain(function)


ELSEWHERE = """
import sys
{change}
from tracejit import explain, stats, tracejit
@tracejit
def f(x):
    return x + 1
assert f(1) == 2
assert {reason!r} in explain(f), explain(f)
assert stats(f).disarmed
"""


REPLACED = """
import math
from functools import partial
math.sin = partial(lambda ours, x: (ours, x), "ours")
from tracejit import tracejit
@tracejit
def f(x):
    return math.sin(x)
for _ in range(5):
    assert f(1.0) == ("ours", 1.0)
"""


def test_what_was_put_in_the_place_of_a_builtin_before_is_what_is_called():
    run(REPLACED)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("import os; sys.platform = 'win32'; del os.register_at_fork, os.uname", "needs Linux"),
        ("sys.version_info = (3, 14, 0, 'final', 0)", "needs CPython 3.11"),
        ("sys.modules['ctypes'] = None", "ctypes"),
        ("sys.modules['_cffi_backend'] = None", "_cffi_backend"),
    ],
)
def test_elsewhere_the_function_is_left_alone(change, reason):
    program = ELSEWHERE.format(change=change, reason=reason)
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no interpreters with a GIL of their own")
def test_in_an_interpreter_with_its_own_gil_the_function_is_left_alone():
    program = ELSEWHERE.format(change=f"sys.path[:] = {sys.path!r}", reason="subinterpreters")
    if sys.version_info >= (3, 13):
        interpreters = pytest.importorskip("_interpreters")
        interpreter = interpreters.create("isolated")
        assert interpreters.exec(interpreter, program) is None
    else:
        interpreters = pytest.importorskip("_xxsubinterpreters")
        interpreter = interpreters.create(isolated=True)
        interpreters.run_string(interpreter, program)
    interpreters.destroy(interpreter)
