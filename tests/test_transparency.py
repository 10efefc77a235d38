"""What a program can do to a decorated function, or around it, and must not regret."""

import copyreg
import io
import os
import pickle
import signal
import sys
import threading

import pytest

from tests.eager import strict
from tracejit import explain, stats, tracejit
from tracejit.runtime import dispatcher


@pytest.fixture(autouse=True)
def _strict():
    with strict():
        yield


def make(source: str, **names: object):
    exec(source, names)
    return tracejit(names["f"])


def total_of(step: int):
    return make(f"def f(n):\n s = 0\n for i in range(n): s += i * {step}\n return s")


@tracejit
def double(x):
    return 2 * x


def test_a_running_loop_goes_on_in_its_own_code_after_the_function_gets_another():
    @tracejit
    def f(n, b):
        i = 0
        while i < n:
            i += 1
        return b * b

    def another(n, b):
        return "another"

    assert f(10, 3) == 9
    assert f(10, 2**40) == 2**80  # So that nothing is compiled while the alarm is set.
    own = f.__code__

    def replace(*_):
        f.__code__ = another.__code__

    old = signal.signal(signal.SIGALRM, replace)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        assert f(100_000_000, 2**40) == 2**80
    finally:
        signal.signal(signal.SIGALRM, old)
    assert f.__code__ is not own
    assert f(1, 1) == "another"


def test_more_defaults_than_parameters():
    @tracejit
    def f(a, b):
        return a * 10 + b

    f.__defaults__ = (7, 8, 9)
    assert [f(), f(1), f(1, 2), f(b=3)] == [89, 19, 12, 83]


def test_calls_while_something_else_is_compiled_are_not_held_against_a_function(monkeypatch):
    f, g = total_of(1), total_of(2)
    state = dispatcher.state_of(f)
    assert state is not None
    compile = state.compile

    def slowly(*args):
        for _ in range(100):
            assert g(5) == 20
        return compile(*args)

    monkeypatch.setattr(state, "compile", slowly)
    assert f(5) == g(5) // 2 == 10
    assert (stats(g).versions, stats(g).disarmed) == (1, None), explain(g)


def test_threads_that_all_want_it_compiled():
    f = total_of(3)
    barrier = threading.Barrier(12)
    answers = []

    def run():
        barrier.wait()
        answers.extend(f(100) for _ in range(50))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=run) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert answers == [14850] * 600
    assert (stats(f).versions, stats(f).disarmed) == (1, None)


@pytest.mark.parametrize("kind", [pickle.Pickler, pickle._Pickler])
def test_picklers_with_a_dispatch_table_of_their_own(kind):
    double(1)
    file = io.BytesIO()
    pickler = kind(file)
    pickler.dispatch_table = {}
    pickler.dump(double)
    assert pickle.loads(file.getvalue()) is double
    assert type(double) not in copyreg.dispatch_table


def test_a_child_compiles_though_a_thread_of_its_parent_was_at_it():
    f = total_of(4)
    compiling, forked = threading.Event(), threading.Event()
    other = total_of(5)
    state = dispatcher.state_of(other)
    assert state is not None

    def wait(*_):
        compiling.set()
        forked.wait()
        return "waited"

    state.compile = wait
    thread = threading.Thread(target=other, args=(3,))
    thread.start()
    compiling.wait()
    child = os.fork()
    if not child:
        f(10)
        os._exit(stats(f).versions)
    forked.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
