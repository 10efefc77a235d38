"""Assigned globals and closure cells, seen from outside: everybody sees what CPython would show."""

import ctypes
import signal
import sys
import threading
import time
import types

import pytest

from tests.eager import strict
from tests.staying import native
from tracejit import stats, tracejit

SOURCE = """
total = 0
seed = 1
level = 1.5
flag = False
nothing = None
text = "text"
calls = 0

def add(n):
    global total
    for i in range(n):
        total += i
    return n

def bump(by=1):
    global total
    total += by

def bumps(n):
    before = total
    for i in range(n):
        bump()
        bump(i)
    return total - before

def spread(x):
    global total, level
    if x & 1:
        total += x
        return total
    level += x
    return level

def spreads(n):
    s = 0
    for i in range(n):
        s = s + spread(i)
    return s

def chance():
    global seed
    seed = (seed * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return seed >> 33

def chances(n):
    heads = 0
    while n:
        heads += chance() & 1
        n -= 1
    return heads

def fib(n):
    global calls
    calls += 1
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def even(n):
    global calls, flag
    flag = not flag
    calls += 1
    return n == 0 or odd(n - 1)

def odd(n):
    global level
    level = level * 0.5 + n
    return n != 0 and even(n - 1)

def drive(n):
    t = 0
    for i in range(n):
        t += fib(i & 7) + calls
    return t

def store(x):
    global level
    level = x

def everything(n):
    global total, level, flag, nothing
    for i in range(n):
        total += 1
        level += 0.5
        flag = i > 5
        nothing = None
    return flag

def endless():
    global total
    while total >= 0:
        total += 1
    return total

def waits():
    while total >= 0:
        pass
    return total

def reads_and_writes():
    global calls
    while total >= 0:
        calls += 1
    return total

def counter():
    count = 0
    spare = 0
    def step(by):
        nonlocal count
        for i in range(3):
            count += by
        return count
    def forever():
        nonlocal count
        while count >= 0:
            count += 1
        return count
    def get():
        return count
    def put(x):
        nonlocal count
        count = x
    def drop():
        nonlocal count
        del count
    def spared():
        nonlocal spare
        spare += 1
        step(1)
        return spare + count
    return step, forever, get, put, drop, spared
step, forever, get, put, drop, spared = counter()
"""


def made(*names):
    """A namespace in which these functions are decorated."""
    found = {}
    exec(SOURCE, found)
    for name in names:
        tracejit(found[name])
    return found


@pytest.fixture(autouse=True)
def errors_are_raised():
    with strict():
        yield


def state(names):
    kinds = (int, float, str, type(None))
    return {name: value for name, value in names.items() if type(value) in kinds}


@pytest.mark.parametrize(
    "name", ["add", "bumps", "spreads", "chances", "fib", "even", "drive", "everything"]
)
def test_calls_assign_what_cpython_assigns(name):
    plain, compiled = made(), made(name)
    for n in (0, 1, 2, 17, 8, 3, 20, 13, 20, 1, 12):
        for _ in range(3):
            assert compiled[name](n) == plain[name](n)
            assert state(compiled) == state(plain)
            assert list(map(type, state(compiled))) == list(map(type, state(plain)))


@pytest.mark.parametrize("name", ["add", "bumps", "chances", "fib", "everything"])
def test_assigning_numbers_stays_native(name):
    names = made(name)
    for n in (10, 10, 12, 5):
        names[name](n)
    names["seed"] = 2**63 + 5
    before = names["seed"]
    for n in (10, 11, 0, 1, 15):
        native(names[name], n)
    assert (names["seed"] == before) is (name != "chances")


@pytest.mark.parametrize(
    "value",
    [2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, True, 2.5, None, "text"],
)
@pytest.mark.parametrize("name", ["add", "chances", "everything", "fib"])
def test_whatever_others_assign_is_what_the_next_call_finds(name, value):
    plain, compiled = made(), made(name)
    for names in (plain, compiled):
        names[name](5), names[name](6)
        names["total"] = names["seed"] = names["level"] = names["calls"] = value
    for _ in range(3):
        outcomes = []
        for names in (plain, compiled):
            try:
                outcomes.append((names[name](4), state(names)))
            except (TypeError, OverflowError) as error:
                outcomes.append((str(error), state(names)))
        assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", ["add", "bumps", "chances", "everything"])
def test_a_global_that_is_deleted_is_missed(name):
    compiled = made(name)
    compiled[name](5), compiled[name](6)
    del compiled["total"], compiled["seed"]
    with pytest.raises(NameError):
        compiled[name](3)
    compiled["total"] = compiled["seed"] = 7
    plain = made()
    plain["total"] = plain["seed"] = 7
    for names in (plain, compiled):
        for key in ("level", "flag", "nothing"):
            names[key] = 1
    assert compiled[name](3) == plain[name](3)
    assert compiled["total"], compiled["seed"] == (plain["total"], plain["seed"])


def test_new_globals_move_the_others():
    compiled, plain = made("add"), made()
    for number in range(60):
        compiled[f"new{number}"] = number
        compiled["add"](4), plain["add"](4)
        assert compiled["total"] == plain["total"]


class Noisy:
    """Notes its end, and what it finds then."""

    def __init__(self, names, log):
        self.names, self.log = names, log

    def __del__(self):
        self.log.append((self.names["level"], self.names["calls"]))


def test_what_ends_as_it_is_replaced_runs_its_code_then():
    logs = []
    for names in (made(), made("store")):
        logs.append([])
        for x in (1, 2.5, 3):
            names["store"](x)
        names["level"] = Noisy(names, logs[-1])
        names["store"](7)
        names["level"] = Noisy(names, logs[-1])
        names["store"](8)
        assert names["level"] == 8
    assert logs == [[(7, 0), (8, 0)]] * 2


def endless(name):
    """A namespace with a function that goes on as long as `total` is not negative, compiled."""
    names = made(name)
    names["total"] = -5
    names[name](), names[name]()
    names["total"] = 0
    return names


def soon(act):
    """Do that in a thread, when a call has been under way for a while."""

    def wait():
        time.sleep(0.05)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("name", ["endless", "waits", "reads_and_writes"])
@pytest.mark.parametrize("value", [-5, -5.5, -(2**70), "text"])
def test_what_another_thread_assigns_is_read_at_once(name, value):
    names = endless(name)
    thread = soon(lambda: names.update(total=value))
    if value == "text":
        with pytest.raises(TypeError):
            names[name]()
    else:
        # It may be assigned before the body or before the test.
        assert names[name]() in (value, value + 1)
    thread.join()
    assert names["total"] in (value, "text" if value == "text" else value + 1)


@pytest.mark.parametrize("name", ["endless", "reads_and_writes"])
def test_a_signal_handler_sees_and_changes_what_is_assigned(name):
    names = endless(name)
    seen = []

    def handler(*_):
        # It may come before there is code.
        if count := max(names["total"], names["calls"]):
            seen.append(count)
        names["total"] = -10 if len(seen) == 3 else names["total"]

    old = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        assert names[name]() in (-10, -9)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert seen[:3] == sorted(set(seen[:3]))


def test_what_a_handler_raises_finds_everything_assigned():
    names = endless("endless")

    def handler(*_):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            names["endless"]()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert names["total"] > 1000


def test_a_name_that_is_unbound_in_the_middle_is_missed():
    names = endless("endless")
    thread = soon(lambda: names.pop("total"))
    with pytest.raises(NameError):
        names["endless"]()
    thread.join()


def test_closures_share_their_cell():
    plain, compiled = made(), made("step", "spared")
    for by in (1, 5, 2**40, -3, 0.5, 1, 2**62, 2**62, -(2**63), 1):
        assert compiled["step"](by) == plain["step"](by)
        assert compiled["spared"]() == plain["spared"]()
        assert compiled["get"]() == plain["get"]()
    for value in (7, 2.5, 2**64, True, 3):
        for names in (plain, compiled):
            names["put"](value)
        assert compiled["step"](2) == plain["step"](2)
        assert compiled["spared"]() == plain["spared"]()
    compiled["drop"]()
    with pytest.raises(NameError):
        compiled["step"](1)
    compiled["put"](1)
    assert compiled["step"](1) == 4


@pytest.mark.parametrize("act", ["put", "drop"])
def test_another_closure_assigns_in_the_middle(act):
    names = made("forever")
    names["put"](0)
    if act == "put":
        thread = soon(lambda: names["put"](-3))
        assert names["forever"]() in (-3, -2)
        assert names["get"]() in (-3, -2)
    else:
        thread = soon(names["drop"])
        with pytest.raises(NameError):
            names["forever"]()
    thread.join()


def test_a_module_sees_what_its_function_assigns():
    module = types.ModuleType("counting")
    exec("count = 0\ndef up(by):\n    global count\n    count += by", vars(module))
    names = {"counting": module}
    exec(
        "def f(n):\n"
        "    s = 0\n"
        "    for i in range(n):\n"
        "        s += counting.count\n"
        "        counting.up(i)\n"
        "    return s, counting.count",
        names,
    )
    f = tracejit(names["f"])
    assert f(10) == (120, 45)
    module.count = 0
    assert native(f, 10) == (120, 45)
    module.count = 100
    assert native(f, 3) == (301, 103)


def test_a_module_that_gets_a_property_shows_that():
    class Other(types.ModuleType):
        count = property(lambda self: -1)

    module = types.ModuleType("counting")
    exec("count = 0\ndef up():\n    global count\n    count += 1", vars(module))
    names = {"counting": module}
    exec("def f():\n    counting.up()\n    return counting.count", names)
    f = tracejit(names["f"])
    assert [f() for _ in range(5)] == [1, 2, 3, 4, 5]
    module.__class__ = Other
    assert f() == -1


def test_a_default_that_is_assigned_as_a_global_is_not_taken_for_constant():
    names = {}
    exec(
        "def callee(*, count): return count\n"
        "def f():\n"
        "    global count\n"
        "    count += 1\n"
        "    return callee()",
        names,
    )
    names["count"] = 0
    names["callee"].__kwdefaults__ = names
    f = tracejit(names["f"])
    assert [f() for _ in range(20)] == list(range(1, 21))


def test_objects_that_others_hold_do_not_change():
    names = made("add", "everything")
    names["total"], names["level"] = 10**9, 0.25
    add, everything = names["add"], names["everything"]
    held = []
    for n in (3, 4, 2, 0, 5, 9):
        add(n), everything(n)
        held.append((names["total"], names["level"], repr(names["total"]), repr(names["level"])))
    for total, level, *text in held:
        assert [repr(total), repr(level)] == text


def test_what_is_not_assigned_stays_the_same_object():
    names = made("spread")
    names["total"] = total = int("123456789012")
    for _ in range(10):
        names["spread"](2)
    assert names["total"] is total


@pytest.mark.parametrize(
    "values",
    [
        (300, 301, -300, 2**29, -(2**29)),
        (2**31, 2**31 + 1, -(2**40), 2**59),
        (2**61, -(2**62), 2**63 - 1, -(2**63), -(2**63) + 1),
        (5, 256, 257, -5, -6, 0, 2**30 - 1, 2**30, 2**60 - 1, 2**60, 2**62),
    ],
)
def test_integers_of_every_length_are_stored(values):
    names = {"x": 1}
    exec("def f(a):\n    global x\n    x = a\ndef g(a):\n    global x\n    x = x ^ a", names)
    f, g = tracejit(names["f"]), tracejit(names["g"])
    f(1), f(2**40), g(3), g(2**40)
    for first in values:
        for second in values:
            f(first)
            assert names["x"] == first
            f(second)
            assert repr(names["x"]) == repr(second)
            assert hash(names["x"]) == hash(second)
            g(first)
            assert names["x"] == second ^ first
    if min(values) == -6:
        small = 256
        f(small)
        assert names["x"] is small


def test_unsigned_integers_of_every_length_are_stored():
    names = {"x": 2**63}
    exec("def f(a):\n    global x\n    x = (x * 0 + a) & 0xFFFFFFFFFFFFFFFF", names)
    f = tracejit(names["f"])
    values = (-1, -5, 2**63 - 1, -(2**63), 3, 300, 2**31, 2**60, -(2**62))
    for first in values:
        for second in values:
            f(first), f(second)
            assert repr(names["x"]) == repr(second % 2**64)


@pytest.mark.parametrize("value", [-0.0, 0.0, float("nan"), float("inf"), 5e-324])
def test_floats_are_stored_bit_by_bit(value):
    names = made("store")
    names["store"](1.5), names["store"](2.5)
    for other in (0.0, value, -0.0, value):
        names["store"](other)
        assert names["level"].hex() == other.hex()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 has no watchers")
def test_who_watches_the_globals_is_told():
    names = made("add", "everything")
    for n in (4, 5, 6):
        names["add"](n), names["everything"](n)
    names["total"] = 10**12
    told = []
    prototype = ctypes.PYFUNCTYPE(
        ctypes.c_int, ctypes.c_int, ctypes.py_object, ctypes.py_object, ctypes.py_object
    )

    def note(_event, _names, key, value):
        told.append((key, value))
        return 0

    callback = prototype(note)
    api = ctypes.pythonapi
    watcher = api.PyDict_AddWatcher(callback)
    assert watcher >= 0
    try:
        assert api.PyDict_Watch(watcher, ctypes.py_object(names)) == 0
        names["add"](3)
        names["everything"](8)
        assert api.PyDict_Unwatch(watcher, ctypes.py_object(names)) == 0
    finally:
        api.PyDict_ClearWatcher(watcher)
    assert [key for key, _ in told] == ["total", "total", "level", "flag"]
    assert told[0][1] == 10**12 + 3


def test_references_are_counted():
    names = made("everything", "store", "step")
    step = names["step"]
    counts = []
    for _ in range(3):
        for n in (20, 3, 20_000) * 40:
            names["everything"](n), names["store"](0.25 * n), step(n * 2**20)
        counts.append([sys.getrefcount(found) for found in (False, True, None)])
    assert max(abs(a - b) for a, b in zip(*counts[1:], strict=True)) < 40


def test_statistics_say_why_it_leaves():
    names = made("add")
    names["add"](5)
    names["total"] = "text"
    with pytest.raises(TypeError):
        names["add"](5)
    assert stats(names["add"]).exits == {"variable": 1}
