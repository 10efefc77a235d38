"""Leaving in the middle of native code, and coming back to the interpreter with the exact state."""

import ctypes
import inspect
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from types import FunctionType

import pytest

from tests.runtime import native
from tracejit.backend.exits import ExitRecord, InRegister, InSlot, IsConstant
from tracejit.ir.frame_state import FrameState
from tracejit.ir.function import GlobalIs
from tracejit.ir.shapes import NULL, Const, TupleOf
from tracejit.ir.types import general
from tracejit.ir.value import Value
from tracejit.runtime import code_memory, dispatcher, layout
from tracejit.runtime.stubs import words


class Stop(Exception):
    pass


def fresh(function, compile, **names):
    copy = FunctionType(
        function.__code__, {"__builtins__": __builtins__, **names}, function.__name__
    )
    state = dispatcher.attach(copy, compile)
    assert isinstance(state, dispatcher.State), state
    return copy


def state_of(function):
    state = dispatcher.state_of(function)
    assert state is not None
    return state


def version_of(function):
    return next(iter(state_of(function).versions.values()))


def counts(function):
    return [count for _, _, count in version_of(function).counts()]


@pytest.fixture(autouse=True)
def _interrupts():
    """Ctrl-C raises, even where the suite runs in the background of a shell script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def total():
    return fresh(native.total, native.total_version)


def test_a_loop_runs_native_to_its_end(total):
    assert total(100_000, 5) == sum(range(100_000)) + 5
    assert counts(total) == [0, 0, 0]


def test_an_overflow_goes_on_in_the_interpreter(total):
    start = 2**63 - 1 - sum(range(1000))
    for _ in range(5):
        assert total(1500, start) == native.total(1500, start)
    assert counts(total) == [5, 0, 0]


def test_many_exits_leave_no_references_behind(total):
    start = 2**63 - 1 - sum(range(10))
    total(15, start)
    state_of(total).compile = lambda *_: "no"
    watched = [None, range, 15, start, total]
    before = [sys.getrefcount(thing) for thing in watched]
    blocks = sys.getallocatedblocks()
    for _ in range(3000):
        total(15, start)
    assert sys.getallocatedblocks() < blocks + 100
    after = [sys.getrefcount(thing) for thing in watched]
    assert all(abs(a - b) < 500 for a, b in zip(after, before, strict=True)), (before, after)


def test_a_hot_exit_is_compiled_for_what_arrives_there(total):
    start = 2**63 - 1
    compiled = []

    def compile(function, signature):
        compiled.append((function.__name__, signature))
        return "no"

    total(3, start)
    state_of(total).compile = compile
    total(3, start)
    child = version_of(total).children[0]
    assert child.depth == 1
    child.compile = compile
    for _ in range(60):
        total(3, start)
    # s, i, next, stop, s, i: an exact int each, though s needs 64 bits.
    assert compiled == [("total", (int,) * 6)]
    assert child.disarmed == "no"


def test_what_never_pays_is_disarmed(total):
    start = 2**63 - 1
    for _ in range(400):
        assert total(2, start) == 2**63
    assert state_of(total).disarmed == "leaving costs more than it gains"


def test_a_long_loop_before_the_exit_pays(total):
    start = 2**63 - 1 - sum(range(1000))
    dispatcher.state_of(total)
    for _ in range(400):
        total(1001, start)
    assert state_of(total).disarmed is None


def test_ctrl_c_stops_a_native_loop_where_it_is(total):
    total(10, 0)
    asked = []

    def interrupt():
        time.sleep(0.05)
        asked.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        total(10**15, 0)
    late = time.perf_counter() - asked[0]
    thread.join()
    assert late < 0.05
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame.name for frame in frames][-1] == "total"
    assert frames[-1].line == "for i in range(n):" or frames[-1].line == "s += i"
    assert counts(total)[1] == 1


def test_a_signal_handler_runs_and_the_loop_goes_on(total):
    seen = []
    old = signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        n = 200_000_000
        assert total(n, 0) == n * (n - 1) // 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert len(seen) >= 2


def test_a_signal_handler_that_raises_is_caught_around_the_loop(total):
    def stop(*_):
        raise Stop("now")

    total(10, 0)
    old = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(Stop) as caught:
            total(10**15, 0)
    finally:
        signal.signal(signal.SIGALRM, old)
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-2:] == ["total", "stop"]


def test_other_threads_run_beside_a_native_loop(total):
    total(10, 0)
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    total(300_000_000, 0)
    done.set()
    thread.join()
    gaps = [b - a for a, b in itertools.pairwise(ticks)]
    assert len(ticks) > 5
    assert sorted(gaps)[len(gaps) // 2] < 0.05


def set_exception_later(thread, seconds, error):
    """Raise the error in the thread, as debuggers and timeouts do."""

    def work():
        time.sleep(seconds)
        identifier = ctypes.c_ulong(thread.ident)
        assert ctypes.pythonapi.PyThreadState_SetAsyncExc(identifier, ctypes.py_object(error)) == 1

    later = threading.Thread(target=work)
    later.start()
    return later


def test_an_asynchronous_exception_stops_a_native_loop_where_it_is(total):
    total(10, 0)
    later = set_exception_later(threading.current_thread(), 0.05, Stop)
    with pytest.raises(Stop) as caught:
        total(10**15, 0)
    later.join()
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame.name for frame in frames][1:] == ["total"]
    assert counts(total)[1] == 1
    assert caught.value.__context__ is None


def test_an_asynchronous_exception_in_another_thread(total):
    total(10, 0)
    caught = []

    def work():
        try:
            total(10**15, 0)
        except Stop as error:
            caught.extend(traceback.extract_tb(error.__traceback__))

    thread = threading.Thread(target=work)
    thread.start()
    later = set_exception_later(thread, 0.05, Stop)
    thread.join(5)
    later.join()
    assert [frame.name for frame in caught] == ["work", "total"]


def test_pending_calls_are_made_in_a_native_loop(total):
    total(10, 0)
    made = []

    @ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
    def call(_):
        made.append(time.perf_counter())
        return 0

    def add():
        time.sleep(0.02)
        made.append(time.perf_counter())
        assert ctypes.pythonapi.Py_AddPendingCall(call, None) == 0

    thread = threading.Thread(target=add)
    thread.start()
    total(300_000_000, 0)
    done = time.perf_counter()
    thread.join()
    asked, answered = made
    assert asked <= answered < min(asked + 0.05, done)


def test_a_signal_handler_is_given_the_frame_of_the_caller(total):
    total(10, 0)
    seen = []
    old = signal.signal(signal.SIGALRM, lambda _, frame: seen.append(frame.f_code.co_name))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        total(200_000_000, 0)
    finally:
        signal.signal(signal.SIGALRM, old)
    assert seen == ["test_a_signal_handler_is_given_the_frame_of_the_caller"]


def test_polls_in_the_last_frame_there_is_room_for(total):
    """There is none for the call that a poll makes."""
    total(10, 0)

    def deep(n):
        return deep(n - 1) if n else total(1_000_000, 0)

    for margin in range(30):
        try:
            outcome = deep(sys.getrecursionlimit() - len(inspect.stack(0)) - margin)
        except RecursionError:
            continue
        assert outcome == sum(range(1_000_000))
    assert deep(3) == outcome


@pytest.mark.parametrize("suspend", [sys.settrace, sys.setprofile])
def test_debuggers_and_profilers_see_nothing_of_the_runtime(total, suspend):
    seen = set()

    def watch(frame, event, argument):
        if event != "c_call":
            seen.add(frame.f_code.co_name)
        return watch

    original = sys.gettrace() if suspend is sys.settrace else sys.getprofile()
    suspend(watch)
    try:
        total(3, 2**63 - 1)
        total(10_000_000, 0)
    finally:
        suspend(original)
    # The resume function is seen, under the function's name.
    assert seen - {"test_debuggers_and_profilers_see_nothing_of_the_runtime"} == {"total"}


def test_threads_run_native_code_of_one_function(total):
    results = []

    def work():
        results.extend(total(n * 50, 2**62) == native.total(n * 50, 2**62) for n in range(200))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 800


def guarded_version(function, signature):
    """total_version that holds while the global STEP is an object."""
    guards = layout.guards(function, [GlobalIs("STEP", function.__globals__["STEP"], None)])
    return native.total_version(function, signature, guards, kept=function.__globals__["STEP"])


def test_a_changed_global_is_noticed_at_entry():
    function = fresh(native.total, guarded_version, STEP=object())
    assert function(10, 0) == 45
    first = version_of(function)
    function.__globals__["STEP"] = object()
    assert function(10, 0) == 45
    assert version_of(function) is not first
    assert state_of(function).retired == [first]
    assert function(10, 0) == 45
    assert state_of(function).misses == 0


def test_a_global_that_keeps_changing_is_left_alone():
    function = fresh(native.total, guarded_version, STEP=object())
    for _ in range(300):
        function.__globals__["STEP"] = object()
        assert function(10, 0) == 45
    assert state_of(function).recompilations == 4
    assert state_of(function).disarmed == "its arguments keep having other types"


def test_a_global_changed_by_a_signal_handler_leaves_the_loop():
    function = fresh(native.total, guarded_version, STEP=object())

    def change(*_):
        function.__globals__["STEP"] = object()

    old = signal.signal(signal.SIGALRM, change)
    function(10, 0)
    before = version_of(function)
    try:
        # The rest is interpreted: stop it soon.
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(KeyboardInterrupt):
            function(10**15, 0)
    finally:
        signal.signal(signal.SIGALRM, old)
    assert [count for _, _, count in before.counts()] == [0, 0, 1]


def pair(a, b):
    return (a, (b, True, None), ())


def pair_version(function, signature):
    values = Value(0, "i64"), Value(1, "obj"), Value(2, "bool")
    shape = TupleOf((values[0], TupleOf((values[1], values[2], Const(None))), TupleOf(())))
    record = ExitRecord(
        "return",
        shape=shape,
        values=[("i64", InRegister(0)), ("obj", InSlot(8)), ("bool", InRegister(10))],
    )
    text = native.unbox(0, "rcx") + (
        "push qword ptr [rsi + 8]\n sub rsp, 16\n mov rax, qword ptr [rsi+8]\n"
        "mov qword ptr [rsp + 8], rax\n mov rax, rcx\n mov r10d, 1\n jmp x0\n"
    )
    return native.native(text, exits=[record], epilogue="add rsp, 24")


def test_tuples_are_built_on_return():
    function = fresh(pair, pair_version)
    thing = object()
    function(1, thing)
    references = sys.getrefcount(thing)
    for number in (5, -5, 2**40, -(2**63)):
        assert function(number, thing) == (number, (thing, True, None), ())
    assert sys.getrefcount(thing) == references
    assert counts(function)[0] >= 4


def calls(a, b):
    return divmod(a, b)


def calls_version(function, signature):
    at = native.offsets(function)
    stack = [NULL, Const(divmod)]
    if sys.version_info >= (3, 13):
        stack.reverse()
    state = FrameState(
        at.get("PRECALL", at["CALL"]), {}, (*stack, Value(0, "i64"), Value(1, "obj"))
    )
    record = ExitRecord("resume", native.Exit("call:divmod", state), None, [])
    record.values = [("i64", IsConstant(77)), ("obj", InRegister(6))]
    return native.native("mov rsi, qword ptr [rsi + 8]\n jmp x0\n", exits=[record])


def test_constants_and_objects_are_passed_on():
    function = fresh(calls, calls_version)
    for _ in range(10):
        assert function(1, 2.5) == divmod(77, 2.5)
    with pytest.raises(ZeroDivisionError):
        function(1, 0)


def test_an_exception_while_linking_is_raised_in_the_frame_that_leaves(total, monkeypatch):
    import tracejit.runtime.version as module

    original = module.resume_function
    made = []

    def interrupted(*parts):
        made.append(parts)
        if len(made) == 1:
            raise KeyboardInterrupt
        return original(*parts)

    monkeypatch.setattr(module, "resume_function", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        total(3, 2**63 - 1)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].name == "total"
    assert frames[-1].line == "s += i"
    assert total(3, 2**63 - 1) == 2**63 + 2


RECURSION = """
import sys, threading
from tests.runtime import native
from tests.runtime.test_exits import fresh, state_of, recursive, recursive_version
from tracejit.runtime import dispatcher
dispatcher.strict.append(True)

def main():
    sys.setrecursionlimit(100_000)
    function = fresh(recursive, recursive_version)
    function.__globals__["recursive"] = function
    {prepare}
    assert function({argument}) == {expected}
    print(state_of(function).disarmed)

threading.stack_size({stack})
thread = threading.Thread(target=main)
thread.start()
thread.join()
"""


def recursive(n):
    return recursive(n - 1) + 1 if n else n


def recursive_version(function, signature):
    """Leaves at the recursive call; n = 0 returns natively."""
    if general(signature) != (int,):
        return native.native("jmp miss\n")
    at = native.offsets(function)
    state = FrameState(at["RESUME"] + 2, {"n": Value(0, "i64")}, ())
    record = native.leave(state, ("i64", "rcx"), reason="call:recursive")
    text = native.unbox(0, "rcx") + ("xor eax, eax\n test rcx, rcx\n jne x0\n" + native.BOX)
    return native.native(text, exits=[record])


@pytest.mark.parametrize(
    ("prepare", "argument", "expected"),
    [
        ("", "50_000", "50_000"),
        ("function(1.0)", "50_000.0", "50_000.0"),
        ("function.__code__ = recursive.__code__.replace()", "50_000", "50_000"),
        ("[function(3) for _ in range(10)]", "90_000", "90_000"),
    ],
)
def test_deep_recursion_does_not_overflow_the_c_stack(prepare, argument, expected):
    program = RECURSION.format(prepare=prepare, argument=argument, expected=expected, stack=2**23)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() != "None"


def test_recursion_errors_come_at_the_interpreters_depth():
    function = fresh(recursive, recursive_version)
    function.__globals__["recursive"] = function

    def deepest(f):
        low, high = 1, 2000
        while low < high:
            middle = (low + high + 1) // 2
            try:
                f(middle)
                low = middle
            except RecursionError:
                high = middle - 1
        return low

    plain = FunctionType(recursive.__code__, {"__builtins__": __builtins__}, "recursive")
    plain.__globals__["recursive"] = plain
    assert abs(deepest(function) - deepest(plain)) <= 1


def test_exit_counts_and_stubs_agree_on_the_layout():
    assert words.VERSION_WORDS * 8 == -words.NATIVE_CALLS


def test_functions_with_resume_functions_die_too():
    def make():
        function = fresh(native.total, native.total_version)
        for _ in range(60):
            function(3, 2**63 - 1)
        child = version_of(function).children[0]
        return weakref.ref(function), weakref.ref(state_of(function)), weakref.ref(child)

    assert [reference() for _ in range(5) for reference in make()] == [None] * 15
    code_memory._collect_freed()
    before = len(code_memory._owners)
    for _ in range(50):
        make()
    code_memory._collect_freed()
    assert len(code_memory._owners) <= before + 5
