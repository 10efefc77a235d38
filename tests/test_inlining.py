"""Functions that are compiled in the place of their call: seen from outside, they were called."""

import gc
import signal
import sys
import traceback
import weakref
from types import FunctionType, ModuleType

import pytest

from tests.differential import compare, fresh
from tests.eager import eager, strict
from tests.staying import native
from tracejit import explain, stats, tracejit

SOURCE = """
def names():
    return {"names"}

def inner(x, k=2, *, sign=1):
    if x > 5:
        return names()
    return (x * FACTOR + k) * sign

def outer(x):
    y = inner(x + 1)
    return y

def looping(n):
    s = 0
    for i in range(n):
        s += i & FACTOR
    return s

def f(n):
    t = 0
    for i in range(n):
        t += outer(i)
    return t

def g(n):
    t = 0
    t += looping(n)
    return t

def h(n):
    t = 0
    try:
        t += looping(n)
    except KeyboardInterrupt as error:
        return error
    return t

FACTOR = 3
"""


@pytest.fixture(autouse=True)
def _strict():
    with strict():
        yield


@pytest.fixture
def names() -> dict[str, object]:
    made: dict[str, object] = {}
    exec(compile(SOURCE, __file__, "exec"), made)
    return made


def function(names: dict[str, object], name: str) -> FunctionType:
    found = names[name]
    assert isinstance(found, FunctionType)
    return found


def test_calls_stay_native(names):
    f = tracejit(function(names, "f"))
    assert f(5) == native(f, 5) == 5 * 2 + 3 * 15
    assert "native" in explain(f)


def change_global(names):
    function(names, "inner").__globals__["FACTOR"] = 10


def change_code(names):
    inner = function(names, "inner")
    inner.__code__ = (lambda x, k=2, *, sign=1: x * 10 + 2).__code__


def change_defaults(names):
    inner = function(names, "outer").__globals__["inner"]
    inner.__defaults__ = (100,)


def change_keyword_default(names):
    function(names, "inner").__kwdefaults__["sign"] = -1


def rebind(names):
    names["inner"] = lambda x: -x


def rebind_outer(names):
    names["outer"] = abs


def delete(names):
    del names["outer"]
    names["outer"] = lambda x: 1


CHANGES = (
    change_global,
    change_code,
    change_defaults,
    change_keyword_default,
    rebind,
    rebind_outer,
    delete,
)


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_seen_by_the_next_call(names, change):
    f = tracejit(function(names, "f"))
    plain = fresh(f)
    plain.__globals__["inner"] = fresh(function(names, "inner"))
    expected = f(5)
    for _ in range(3):
        assert f(5) == expected
    change(names)
    again = FunctionType(f.__code__, names)
    assert f(5) == again(5) != expected
    for _ in range(20):
        assert f(5) == again(5)


@pytest.mark.parametrize("change", [change_global, change_code, change_defaults, rebind])
def test_what_changes_while_the_loop_runs_is_seen_by_the_next_iteration(names, change):
    exec(
        """
def f(n):
    t = last = 0
    for i in range(n):
        last = t
        t = outer(3)
        if t != last and last:
            return i
    return -1
""",
        names,
    )
    f = tracejit(function(names, "f"))
    assert f(10) == -1
    f(-(2**31))  # for integers of more than one digit
    assert ring_in(f, 2**40, lambda: change(names)) > 0


def test_a_running_loop_inside_goes_on_in_its_own_code(names):
    exec(
        """
GOES_ON = True
def looping(n):
    i = 0
    while i < n and GOES_ON:
        i += 1
    return i, b"old"[i < n:]
def g(n):
    return looping(n)
""",
        names,
    )
    g = tracejit(function(names, "g"))
    assert g(-(2**31)) == (0, b"old")

    def change():
        names["looping"].__code__ = (lambda n: "new").__code__
        names["GOES_ON"] = False

    count, word = ring_in(g, 2**45, change)
    assert 0 < count < 2**45
    assert word == b"ld"
    assert g(5) == "new"


def ring_in(f, n, action):
    old = signal.signal(signal.SIGALRM, lambda *_: action())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        return f(n)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def test_after_an_exit_every_frame_is_real(names):
    plain, compiled = FunctionType(names["f"].__code__, names), tracejit(function(names, "f"))
    seen = []
    names["names"] = lambda: seen.append(callers("outcome"))

    def outcome(f):
        seen.clear()
        try:
            f(6)
        except TypeError as error:
            return *seen, traceback.format_exception(error)[2:]
        raise AssertionError("an integer and None cannot be added")

    expected = outcome(plain)
    assert [name for name, *_ in expected[0]] == ["<lambda>", "inner", "outer", "f"]
    with eager():
        for _ in range(5):
            assert outcome(compiled) == expected


def callers(end):
    """The functions under way, up to this one, and where they are."""
    frame, found = sys._getframe(1), []
    while frame.f_code.co_name != end:
        found.append((frame.f_code.co_name, frame.f_lineno, frame.f_globals.get("FACTOR")))
        frame = frame.f_back
    return found


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["g", "h"])
def test_an_interrupt_inside_comes_from_both_frames(names, name):
    compiled = tracejit(function(names, name))
    compiled(-(2**31))

    def entries(f):
        old = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            error = f(2**45)
        except KeyboardInterrupt as raised:
            error = raised
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)
        assert isinstance(error, KeyboardInterrupt)
        return [entry.name for entry in traceback.extract_tb(error.__traceback__)]

    expected = entries(FunctionType(compiled.__code__, names))
    assert expected[-3:] == [name, "looping", "interrupt"]
    for _ in range(3):
        assert entries(compiled)[-3:] == expected[-3:]


def test_recursion_is_not_inlined_without_end():
    names = {}
    exec("def f(n): return n if n < 2 else f(n - 1) + f(n - 2)", names)
    plain = FunctionType(names["f"].__code__, dict(names))
    compiled = tracejit(names["f"])
    assert [compiled(n) for n in range(15)] == [plain(n) for n in range(15)]


def test_runaway_recursion_through_inlined_functions_raises():
    names = {}
    exec("def f(n): return g(n + 1) + 1\ndef g(n): return f(n + 1) + 1", names)
    compiled = tracejit(names["f"])
    for _ in range(3):
        with pytest.raises(RecursionError):
            compiled(0)


def test_a_chain_of_many_functions_is_cut():
    source = "".join(f"def f{n}(x): return f{n + 1}(x) + {n}\n" for n in range(30))
    names = {}
    exec(source + "def f30(x): return x\ndef f(x): return f0(x)", names)
    plain = FunctionType(names["f"].__code__, names)
    with eager():
        compare(plain, tracejit(FunctionType(names["f"].__code__, names)), [(1,), (2**70,)])


def test_what_is_inlined_again_and_again_has_an_end():
    body = "".join(f"    x = g(x) ^ {n}\n" for n in range(400))
    names = {}
    head = "def g(x): return x * 3 & 0xFFFF\ndef f(x):\n    for i in range(x): pass\n"
    exec(head + body + "    return x", names)
    plain, compiled = FunctionType(names["f"].__code__, names), tracejit(names["f"])
    assert [compiled(n) for n in range(5)] == [plain(n) for n in range(5)]
    assert stats(compiled).versions == 1


@pytest.mark.parametrize(
    "source",
    [
        "def g(**names): return len(names)",
        "def g(x=1): yield x",
        "async def g(x=1): yield x",
        "def g(x=1): return (lambda: x)()",
        "def g(x=1): return sorted(locals())",
        "def g(x=1, y=1): return x is y",
        "class g:\n    def __init__(self, x=1): pass",
    ],
)
def test_functions_that_are_left_alone_are_called(source):
    names = {}
    exec(f"{source}\ndef f(n):\n    for i in range(n): pass\n    return type(g())", names)
    plain, compiled = FunctionType(names["f"].__code__, names), tracejit(names["f"])
    for n in (0, 3, 5):
        assert compiled(n) is plain(n)


def test_functions_of_modules_are_inlined():
    module = ModuleType("module")
    exec("SCALE = 3.5\ndef scaled(x): return x * SCALE", module.__dict__)
    names = {"module": module}
    exec("def f(n):\n t = 0\n for i in range(n): t += module.scaled(i)\n return t", names)
    f = tracejit(names["f"])
    assert f(5) == native(f, 5) == 35.0
    module.SCALE = 2
    assert f(5) == 20
    assert native(f, 5) == 20
    module.scaled = lambda x: x
    assert f(5) == 10


def test_decorated_functions_are_inlined_too(names):
    inner = tracejit(function(names, "inner"))
    assert inner(1) == 5
    f = tracejit(function(names, "f"))
    assert f(5) == native(f, 5) == 55
    calls = stats(inner).calls
    assert native(f, 5) == 55
    assert stats(inner).calls == calls


def test_explain_names_the_function_that_leaves(names):
    f = tracejit(function(names, "f"))
    with pytest.raises(TypeError):
        f(9)
    assert "in names: opcode:BUILD_SET: once" in explain(f)


def test_what_was_inlined_is_collected_with_all_that_refers_to_it():
    def make():
        names = {}
        exec(
            """
def g(x, y): return x // y
def h(x, f): return g(x, 10 - x)
def f(n):
    total = 0
    for i in range(n):
        try:
            total += h(i, g)
        except ZeroDivisionError:
            total -= 1
    return total
""",
            names,
        )
        compiled = tracejit(names["f"])
        assert compiled(12) == FunctionType(compiled.__code__, names)(12)
        assert stats(compiled).exits
        return [weakref.ref(names[name]) for name in "fgh"]

    with eager():
        references = [make() for _ in range(3)]
    gc.collect()
    assert [[reference() for reference in made] for made in references] == [[None] * 3] * 3


SUMS = """
def sums(f, n):
    t = 0
    for i in range(n):
        t += f(i)
    return t
"""


def summing():
    names = {}
    exec(SUMS, names)
    return tracejit(names["sums"])


def test_a_function_that_is_an_argument_is_called_natively():
    sums = summing()
    for function, total in [(lambda x: x * x, 285), (abs, 45), (lambda x, k=3: x + k, 75)]:
        assert sums(function, 10) == native(sums, function, 10) == total
    assert "sums(abs, 0 <= int < 2**30)" in explain(sums)


def test_its_own_changes_are_seen():
    sums, function = summing(), lambda x, k=3: x + k
    assert sums(function, 10) == 75
    function.__defaults__ = (4,)
    assert sums(function, 10) == 85
    function.__code__ = (lambda x: -x).__code__
    assert sums(function, 10) == native(sums, function, 10) == -45


def test_of_many_functions_a_few_have_versions():
    sums = summing()
    functions = [(lambda x, k=k: x + k) for k in range(20)]
    for k, function in enumerate(functions):
        assert sums(function, 10) == 45 + 10 * k
    assert stats(sums).versions == 5
    assert stats(sums).exits == {"type:function": 16}
    assert sums(functions[0], 2**31 % 10) == 28
    assert native(sums, functions[3], 10) == 75


def test_a_function_given_to_itself_is_collected_with_it():
    def make():
        names = {}
        exec(
            f"{SUMS}\ndef f(g, n): return n if g is None else sums(abs, n) + (n > 3 or n // 0)",
            names,
        )
        compiled = tracejit(names["f"])
        assert [compiled(compiled, n) for n in (4, 5)] == [7, 11]
        with pytest.raises(ZeroDivisionError):
            compiled(compiled, 2)
        return weakref.ref(compiled)

    reference = make()
    gc.collect()
    assert reference() is None


def test_an_exit_in_a_function_that_was_given_makes_both_frames():
    def divide(x):
        return 10 // (3 - x)

    sums = summing()
    plain = FunctionType(sums.__code__, {})
    with eager():
        compare(plain, sums, [(divide, n) for n in (0, 3, 4, 10)])
