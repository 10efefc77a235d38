"""Calls of functions that are not inlined: seen from outside, the functions were called."""

import math
import signal
import subprocess
import sys
import threading
import time
import traceback

import pytest

from tests.eager import strict
from tests.staying import native
from tracejit import explain, stats, tracejit

SOURCE = """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def deep(n):
    if n == 0:
        return BOTTOM
    return 1 + deep(n - 1)

def pair(m, n):
    if n == 0:
        return m if m < 2 else 0
    return pair(m, n - 1) + (pair(m, 0) if n % 7 == 5 else 1)

def even(n):
    if n == 0:
        return True
    return odd(n - 1)

def odd(n):
    if n == 0:
        return False
    return even(n - 1)

def drive(n):
    t = 0
    for i in range(n):
        t += fib(i & 7)
    return t

def grown(n):
    return 1 if n == 0 else n * grown(n - 1)

def sunk(n):
    if n == 0:
        return 1 // n
    return sunk(n - 1) + 1

def careful(n):
    try:
        return sunk(n)
    except ZeroDivisionError:
        return -n

def bezout(a, b):
    if b == 0:
        return a, 1, 0
    g, x, y = bezout(b, a % b)
    return g, y, x - a // b * y

def extremes(n):
    if n < 2:
        return (n * 7919 % 101, 0.5 * n), None
    (low, x), nothing = extremes(n - 1)
    return (min(low, n * 7919 % 101), x + 1.5), nothing

def turned(n, pair, numbers):
    if n == 0:
        return pair
    (a, b), t = pair
    return turned(n - 1, ((b, a + len(numbers)), not t), range(n, 3 * n, n + 1))

def around(n):
    (a, b), t = turned(n, ((n, 1), True), range(n))
    return a * b if t else a

def several(how, n, *items, by=1):
    if n == 0:
        return items if how(items) == 3 else None
    return several(how, n - by, *items[1:], items[0] + n)

def around_several(n):
    t = (*(1, n), 2)
    a, b, c = several(len, n, *t)
    return (a - b) * c

def down(n):
    if n > 0:
        down(n - 1)

def deep_pair(n):
    if n == 0:
        return BOTTOM, n
    a, b = deep_pair(n - 1)
    return b, a + 1

BOTTOM = 0
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


@pytest.fixture
def plain() -> dict[str, object]:
    made: dict[str, object] = {}
    exec(compile(SOURCE, __file__, "exec"), made)
    return made


def decorated(names, name):
    """The function, which finds itself decorated when it calls itself."""
    names[name] = tracejit(names[name])
    return names[name]


def warmed(names, name, *args):
    compiled = decorated(names, name)
    for _ in range(5):
        compiled(*args)
    return compiled


@pytest.mark.parametrize(
    ("name", "args"),
    [
        *(("fib", (20,)), ("deep", (700,)), ("pair", (1, 600)), ("even", (501,)), ("drive", (50,))),
        *(("bezout", (10**17 + 3, 10**16 + 7)), ("extremes", (60,)), ("down", (30,))),
        *(("around", (25,)), ("around_several", (9,)), ("deep_pair", (500,))),
    ],
)
def test_calls_stay_native(names, plain, name, args):
    compiled = warmed(names, name, *args)
    assert native(compiled, *args) == plain[name](*args)


def entries(function, *args):
    """The kind of error that a call raises, and its traceback from the function on."""
    with pytest.raises((NameError, RecursionError)) as caught:
        function(*args)
    frames = traceback.extract_tb(caught.value.__traceback__)[1:]
    return caught.type, [(frame.name, frame.lineno, frame.colno) for frame in frames]


def most(function, *args):
    """The greatest number that the function can count down from."""
    return next(n for n in range(900, 1100) if refuses(function, *args, n + 1))


def refuses(function, *args):
    try:
        function(*args)
    except RecursionError:
        return True
    return False


@pytest.mark.parametrize(
    ("name", "args"), [("deep", ()), ("pair", (1,)), ("even", ()), ("deep_pair", ())]
)
def test_recursion_ends_where_it_would(names, plain, name, args):
    compiled = warmed(names, name, *args, 20)
    for _ in range(50):
        plain[name](*args, 20)
    expected, found = most(plain[name], *args), most(compiled, *args)
    (_, lines), (kind, found_lines) = (
        entries(function, *args, 2000) for function in (plain[name], compiled)
    )
    assert kind is RecursionError
    if sys.version_info >= (3, 12):
        assert (found, found_lines) == (expected, lines)
    else:
        # Comparisons need a frame as well, until they are specialised.
        assert abs(expected - found) <= 1
        assert abs(len(lines) - len(found_lines)) <= 1
    assert compiled(*args, 500) == plain[name](*args, 500)
    assert sys.getrecursionlimit() == 1000


def test_what_runs_behind_an_exit_has_as_many_frames_as_it_would(names, plain):
    source = "def f(n): return probe(0) if n == 0 else f(n - 1) + 0"
    found = []
    for decorate in (tracejit, lambda function: function):
        made = {"probe": lambda n: next(k for k in range(2000) if refuses(plain["deep"], k))}
        exec(source, made)
        made["f"] = decorate(made["f"])
        found.append([made["f"](300) for _ in range(5)])
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["deep", "deep_pair"])
def test_an_error_at_the_bottom_comes_through_every_frame(names, plain, name):
    compiled = warmed(names, name, 20)
    del names["BOTTOM"], plain["BOTTOM"]
    for depth in (0, 1, 2, 3, 50):
        assert entries(compiled, depth) == entries(plain[name], depth)


class Triple(tuple):
    pass


THINGS = [
    (1, (True, 0.5), None),
    (2**63 - 1, (False, -0.0), None),
    (-(2**63), (True, math.inf), None),
    (2**63, (True, 0.5), None),
    (True, (True, 0.5), None),
    (1, (1, 0.5), None),
    (1, (True, 5), None),
    (1, (True, 0.5), 0),
    (1, (True, 0.5)),
    (1, (True, 0.5), None, None),
    (1, (True, 0.5, 1), None),
    (1, [True, 0.5], None),
    [1, (True, 0.5), None],
    Triple((1, (True, 0.5), None)),
    (1, Triple((True, 0.5)), None),
    None,
    5,
    "abc",
]


@pytest.mark.parametrize("thing", THINGS, ids=repr)
def test_a_tuple_from_the_interpreter_is_taken_apart_if_it_is_what_was_expected(thing):
    source = """
def f(n):
    if n < 0:
        return n, (True, 0.5), None
    if n == 0:
        return THINGS[0]
    a, (t, x), nothing = f(n - 1)
    return a, (t, x), nothing
"""
    things = [thing]
    plain, made = {"THINGS": things}, {"THINGS": things}
    exec(source, plain)
    exec(source, made)
    compiled = warmed(made, "f", -1)
    before = sys.getrefcount(thing), stats(compiled).exits.get("result", 0)
    for n in (0, 1, 2, 9):
        assert outcome(compiled, n) == outcome(plain["f"], n)
    expected = any(thing is other for other in THINGS[:3])
    assert expected == (stats(compiled).exits.get("result", 0) == before[1])
    assert sys.getrefcount(thing) == before[0] or not isinstance(thing, tuple | list)


def outcome(function, *args):
    try:
        return repr(function(*args))
    except (TypeError, ValueError) as error:
        return repr(error), len(traceback.extract_tb(error.__traceback__))


def test_what_a_call_raises_is_caught(names, plain):
    compiled = warmed(names, "careful", 5)
    assert [compiled(n) for n in range(40)] == [plain["careful"](n) for n in range(40)]


def test_results_that_outgrow_a_register_come_back_as_objects(names, plain):
    compiled = warmed(names, "grown", 5)
    assert [compiled(n) for n in range(60)] == [plain["grown"](n) for n in range(60)]


def test_results_of_other_types(names):
    source = "def f(n): return 'text' if n == 0 else f(n - 1) if n < 5 else len(f(n - 5)) + n"
    plain, made = {}, {}
    exec(source, plain)
    exec(source, made)
    compiled = decorated(made, "f")
    for _ in range(3):
        assert [compiled(n) for n in range(9)] == [plain["f"](n) for n in range(9)]


def rebind(names):
    names["fib"] = lambda n: 100


def change_code(names):
    names["fib"].__code__ = (lambda n: 1000).__code__


def change_constant(names):
    names["BOTTOM"] = 50


@pytest.mark.parametrize("change", [rebind, change_code, change_constant])
@pytest.mark.parametrize(("name", "args"), [("drive", (30,)), ("fib", (9,)), ("deep", (9,))])
def test_what_changes_is_seen_by_the_next_call(names, plain, change, name, args):
    compiled, expected = warmed(names, name, *args), plain[name]
    change(names)
    change(plain)
    assert compiled(*args) == expected(*args)


def test_what_an_exit_changes_is_seen_when_it_returns():
    source = """
def f(n):
    if n == 0:
        change()
        return 0
    return f(n - 1) + STEP
def change():
    global STEP
    STEP += 1
STEP = 1
"""
    plain, made = {}, {}
    exec(source, plain)
    exec(source, made)
    compiled = decorated(made, "f")
    assert [compiled(n) for n in range(30)] == [plain["f"](n) for n in range(30)]


def test_what_another_thread_changes_is_seen_in_the_middle(names):
    compiled = warmed(names, "fib", 15)

    def rebind_soon():
        time.sleep(0.05)
        names["fib"] = lambda n: 0

    thread = threading.Thread(target=rebind_soon)
    thread.start()
    compiled(80)
    thread.join()


def test_recursion_can_be_interrupted(names):
    compiled = warmed(names, "fib", 15)

    def interrupt(*_):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt) as caught:
            compiled(80)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    found = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)[1:]]
    assert found[-1] == "interrupt"
    assert set(found[:-1]) == {"fib"}
    assert 30 < len(found) < 85


DEEP = f"""
import sys, threading
from tracejit import tracejit
{SOURCE}
deep = tracejit(deep)
deep(5), deep(6)
sys.setrecursionlimit(10**6)
def count(n):
    assert deep(n) == n
for n in (10**3, 10**4, 10**5, 3 * 10**5):
    count(n)
for size in (1 << 18, 1 << 20, 0):
    threading.stack_size(size)
    for n in (10**3, 10**4, 10**5):
        thread = threading.Thread(target=count, args=(n,))
        thread.start()
        thread.join()
deep(10**3)
"""


def test_deep_recursion_never_runs_out_of_stack():
    subprocess.run([sys.executable, "-W", "error", "-c", DEEP], check=True)


def test_arguments_of_other_types_have_code_of_their_own():
    source = "def f(n, x): return x if n == 0 else f(n - 1, x * 0.5) if n & 1 else f(n - 1, x + 1)"
    plain, made = {}, {}
    exec(source, plain)
    exec(source, made)
    compiled = warmed(made, "f", 9, 5)
    assert native(compiled, 8, 100) == plain["f"](8, 100)


def test_functions_that_are_passed_on_are_known():
    source = "def f(g, n): return g(n) if n == 0 else g(f(g, n - 1))"
    made = {}
    exec(source, made)
    compiled = warmed(made, "f", lambda n: n + 2, 9)
    compiled(abs, 3)
    assert compiled(lambda n: n * 2 + 1, 10) == 2**11 - 1
    assert compiled(abs, 3) == 0


def test_a_long_function_is_called():
    body = "".join(f"    x = x * 3 + {n} & 0xFFFF\n" for n in range(60))
    calls = "".join(f"    x = long(x) ^ {n}\n" for n in range(30))
    source = f"def long(x):\n{body}    return x\ndef f(x):\n{calls}    return x"
    plain, made = {}, {}
    exec(source, plain)
    exec(source, made)
    compiled = warmed(made, "f", 5)
    assert native(compiled, 7) == plain["f"](7)


def test_explain_tells_of_what_is_compiled_along(names):
    compiled = warmed(names, "drive", 30)
    text = explain(compiled)
    first, along = text.split("with fib:")
    assert "native" in first
    assert "native" in along


def test_ranges_are_made_on_return_and_nothing_is_left_behind():
    made = {}
    exec("def f(a, n): return range(a, n, 3) if n > a else f(n, a)", made)
    compiled = warmed(made, "f", 5, 10**9)
    assert native(compiled, 2**40, 7) == range(7, 2**40, 3)
    blocks, references = sys.getallocatedblocks(), sys.getrefcount(range)
    for n in range(2000):
        compiled(n, 2**40)
    assert sys.getallocatedblocks() < blocks + 100
    assert abs(sys.getrefcount(range) - references) < 100
