"""An armed function is the same function: every way to call it, look at it and change it."""

import copy
import dis
import functools
import gc
import inspect
import json
import os
import pickle
import signal
import sys
import traceback
import typing
import weakref
from types import FunctionType

import pytest

from tests.runtime import native
from tracejit.ir.types import Digit
from tracejit.runtime import dispatcher, entry


def multiply_add(a, b=4, c=5):
    """a times b plus c"""
    return a * b + c


OLD = entry.vectorcall(multiply_add)


@pytest.fixture
def function():
    """A fresh armed copy of multiply_add that runs native code for three ints."""
    return armed(FunctionType(multiply_add.__code__, globals(), "fresh", (4, 5)))


def armed(function, compile=native.multiply_add):
    state = dispatcher.attach(function, compile)
    assert isinstance(state, dispatcher.State), state
    return function


def state_of(function):
    state = dispatcher.state_of(function)
    assert state is not None
    return state


def runs_native(function, *arguments, **keywords):
    """Whether the call is taken by a version."""
    state = state_of(function)
    function(*arguments, **keywords)
    calls, misses, looks = state.calls, state.misses, state._words[6]
    function(*arguments, **keywords)
    return (state.calls, state.misses, state._words[6]) == (calls + 1, misses, looks)


def test_it_is_the_same_object_and_still_a_function(function):
    assert isinstance(function, FunctionType)
    assert inspect.isfunction(function)
    assert inspect.signature(function) == inspect.signature(multiply_add)
    assert function.__dict__ == {}
    assert repr(type(function)) == "<class 'function'>"
    if sys.version_info >= (3, 12):
        assert type(function) is FunctionType


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((3, 4, 5), {}),
        ((3,), {}),
        ((3, 7), {}),
        ((3,), {"c": 9}),
        ((3,), {"c": 9, "b": 8}),
        ((), {"c": 9, "b": 8, "a": 7}),
        ((), {"a": 7}),
        ((-3, -(2**31), 2**62), {}),
        ((0, 2**63 - 1, -(2**63)), {}),
    ],
)
def test_positional_default_and_keyword_calls_are_native(function, arguments, keywords):
    assert function(*arguments, **keywords) == multiply_add(*arguments, **keywords)
    assert runs_native(function, *arguments, **keywords)
    assert function(*arguments, **keywords) == multiply_add(*arguments, **keywords)


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((), {}),
        ((1, 2, 3, 4), {}),
        ((1,), {"a": 2}),
        ((1,), {"d": 2}),
        ((), {"b": 2}),
        ((1, 2), {"b": 2, "c": 3}),
    ],
)
def test_wrong_calls_raise_what_they_raised(function, arguments, keywords):
    function(1)
    for _ in range(3):
        with pytest.raises(TypeError) as mine:
            function(*arguments, **keywords)
        with pytest.raises(TypeError) as original:
            multiply_add(*arguments, **keywords)
        assert str(mine.value) == str(original.value)


def test_other_types_and_wide_integers_get_the_interpreters_answer(function):
    class Int(int):
        pass

    function(1)
    for arguments in (
        (1.5,),
        (2**64, 2, 3),
        (Int(3), 4),
        ("ab", 2, "c"),
        (True,),
        (None,) * 0 + (7j,),
    ):
        for _ in range(2):
            assert function(*arguments) == multiply_add(*arguments)
            assert type(function(*arguments)) is type(multiply_add(*arguments))


def keyword_only(a, /, b=2, *, c, d=4):
    return a * b + c


def test_keyword_only_parameters():
    def compile(function, signature):
        return native.multiply_add(function, signature[:3])

    function = armed(FunctionType(keyword_only.__code__, {}, "f", (2,)), compile)
    function.__kwdefaults__ = {"d": 4}
    assert runs_native(function, 3, c=7)
    assert function(3, c=7) == 13
    assert function(3, 5, d=1, c=7) == 22
    assert function(3, c=7, b=9) == 34
    function.__kwdefaults__ = {"c": 100}
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'd'"):
        function(3)
    assert function(3, d=0) == 106
    with pytest.raises(TypeError):
        function(a=3, c=7, d=1)
    with pytest.raises(TypeError):
        function(3, 4, 5)


def test_defaults_are_read_at_each_call(function):
    assert function(3) == 17
    function.__defaults__ = (10, 20)
    assert function(3) == 50
    function.__defaults__ = (20,)
    assert function(3, 2) == 26
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'b'"):
        function(3)
    function.__defaults__ = None
    with pytest.raises(TypeError, match="missing 2 required positional arguments: 'b' and 'c'"):
        function(3)


def test_replaced_code_is_run(function):
    assert function(3) == 17
    function.__code__ = (lambda a, b, c: a - b).__code__
    assert function(3) == -1
    assert function(3) == -1
    assert state_of(function).disarmed == "its code was replaced"


def test_names_that_are_equal_but_not_the_same_string(function):
    name = "".join(["", "c"])
    keywords = {sys.intern("b"): 2, name: 7}
    assert function(3, **keywords) == 13
    keywords = {"".join(list("b")): 2}
    assert function(3, **keywords) == 11


def test_methods_bind():
    class Holder:
        base = 10

        def scale(self, b, c):
            return 100

        plain = staticmethod(armed(FunctionType(multiply_add.__code__, {}, "plain", (4, 5))))

    seen = []

    def compile(function, signature):
        seen.append(signature)
        return "nothing"

    armed(Holder.scale, compile)
    assert Holder().scale(1, c=2) == 100
    assert seen == [(Holder, Digit, Digit)]
    assert Holder().plain(3) == Holder.plain(3) == 17


def module_level(a):
    return a


armed(module_level, lambda *_: native.native("jmp miss\n"))


def test_pickling_by_name_and_copying():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(module_level, protocol)) is module_level
    assert copy.copy(module_level) is module_level
    assert copy.deepcopy([module_level])[0] is module_level


def test_wraps_makes_a_plain_function(function):
    function.mark = 1

    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments) + 1

    assert wrapper(3) == 18
    assert wrapper.mark == 1
    assert dispatcher.state_of(wrapper) is None
    assert vars(function) == {"mark": 1}


def test_attributes_are_the_functions(function):
    function.__doc__ = "text"
    function.__module__ = "somewhere"
    function.mark = 3
    assert (function.__doc__, function.__module__, function.mark) == ("text", "somewhere", 3)
    del function.mark
    assert not hasattr(function, "mark")


def test_annotations_are_the_functions_whatever_is_asked_of_its_type(function):
    function.__annotations__ = {"a": int, "return": "bool"}
    assert not getattr(FunctionType, "__annotations__", None)
    getattr(type(function), "__annotations__", None)
    assert function.__annotations__ == {"a": int, "return": "bool"}
    assert typing.get_type_hints(function) == {"a": int, "return": bool}
    assert inspect.get_annotations(type(function)) == {}
    assert dir(function) == dir(multiply_add)
    assert dir(type(function)) == dir(FunctionType)


def test_a_replaced_dictionary_disarms(function):
    assert function(3) == 17
    function.__dict__ = {"x": 1}
    assert function(3) == 17
    assert entry.vectorcall(function) == OLD
    assert type(function) is FunctionType


def test_attaching_twice_is_attaching_once(function):
    state = state_of(function)
    assert dispatcher.attach(function, native.multiply_add) is state


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(*a): pass", "takes any number of arguments"),
        ("def f(**k): pass", "takes any keywords"),
        ("def f(): yield", "generator"),
        ("async def f(): pass", "coroutine"),
        ("async def f(): yield", "asynchronous generator"),
        ("def f(a): return lambda: a", "has variables that inner functions use"),
        ("def __new__(c): pass\nf = __new__", "CPython looks at the type of __new__"),
        (f"def f({', '.join(f'a{n}' for n in range(65))}): pass", "has too many parameters"),
    ],
)
def test_functions_that_are_left_alone(source, reason):
    names = {}
    exec(source, names)
    assert dispatcher.attach(names["f"], native.multiply_add) == reason
    assert entry.vectorcall(names["f"]) == OLD


def test_disarming_restores_everything(function):
    function(1)
    state_of(function).disarm("test")
    assert entry.vectorcall(function) == OLD
    assert type(function) is FunctionType
    assert function(3) == 17


def test_call_sites_specialise_again_after_disarming():
    def callee(n):
        return n

    def caller(n):
        return callee(n)

    for _ in range(100):
        caller(1)
    armed(callee, lambda *_: "no")
    for _ in range(1000):
        caller(1)
    assert state_of(callee).disarmed == "no"
    names = [i.opname for i in dis.get_instructions(caller, adaptive=True)]
    assert "CALL_PY_EXACT_ARGS" in names


def test_a_refused_signature_leaves_the_others_a_chance(function):
    assert function(1.5) == multiply_add(1.5)
    assert function(3) == 17
    assert runs_native(function, 3)


def test_call_sites_that_were_specialised_see_arming_and_disarming():
    function = FunctionType(multiply_add.__code__, {}, "f", (4, 5))

    def caller():
        return function(3, 4, 5)

    for _ in range(100):
        caller()
    armed(function)
    caller()
    calls = state_of(function).calls
    for _ in range(100):
        assert caller() == 17
    assert state_of(function).calls == calls + 100
    state_of(function).disarm("test")
    for _ in range(100):
        assert caller() == 17
    assert state_of(function).calls == calls + 100


def test_references_are_balanced(function):
    arguments = [2**29 + index for index in range(3)]
    default = 2**31
    function.__defaults__ = (default, default)

    class Object:
        pass

    other = Object()
    function(1)
    gc.collect()  # What it frees refers to None as well.
    watched = [None, True, *arguments, default, function, other, function.__defaults__]
    before = [sys.getrefcount(thing) for thing in watched]
    for _ in range(2000):
        function(*arguments)
        function(arguments[0])
        function(arguments[0], c=arguments[1])
        with pytest.raises(TypeError):
            function(arguments[0], other)
    after = [sys.getrefcount(thing) for thing in watched]
    assert all(abs(a - b) < 500 for a, b in zip(after, before, strict=True)), (before, after)


def test_functions_die_and_give_their_memory_back():
    def make():
        function = armed(FunctionType(multiply_add.__code__, {}, "f", (4, 5)))
        assert function(3) == 17
        return weakref.ref(function), weakref.ref(state_of(function))

    for _ in range(20):
        make()
    before = code_in_use()
    for _ in range(200):
        function, state = make()
        assert function() is None
        assert state() is None
    assert code_in_use() <= before + 5


def code_in_use():
    from tracejit.runtime import code_memory

    code_memory._collect_freed()
    return len(code_memory._owners)


def test_functions_that_refer_to_themselves_are_collected():
    def make():
        names = {}
        function = armed(FunctionType(multiply_add.__code__, names, "f", (4, 5)))
        names["f"] = function
        function(3)
        state_of(function).compile = lambda *_: function
        return weakref.ref(function)

    gc.collect()
    references = [make() for _ in range(10)]
    gc.collect()
    assert [reference() for reference in references] == [None] * 10


def test_an_armed_function_in_garbage_can_still_be_called_by_finalisers():
    results = []

    class Last:
        def __del__(self):
            results.append(self.function(3))

    for _ in range(10):
        last = Last()
        last.function = armed(FunctionType(multiply_add.__code__, {}, "f", (4, 5)))
        last.function.last = last
        assert last.function(3) == 17
    del last
    gc.collect()
    assert results == [17] * 10


def test_keyboard_interrupts_during_a_compilation_reach_the_caller():
    def compile(function, signature):
        raise KeyboardInterrupt

    function = armed(FunctionType(multiply_add.__code__, {}, "f", (4, 5)), compile)
    with pytest.raises(KeyboardInterrupt):
        function(3)
    state = state_of(function)
    assert state.disarmed is None
    state.compile = native.multiply_add
    assert function(3) == 17
    assert runs_native(function, 3)


def test_the_traceback_of_an_interrupted_compilation_shows_nothing_of_it():
    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    def interrupted(function, signature):
        os.kill(os.getpid(), signal.SIGALRM)
        while True:
            pass

    def interrupt(function, signature):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, stop)
    try:
        for compile, error, names in (
            (interrupted, Stop, ["stop"]),
            (interrupt, KeyboardInterrupt, []),
        ):
            function = armed(FunctionType(multiply_add.__code__, {}, "f", (4, 5)), compile)
            with pytest.raises(error) as caught:
                function(3)
            frames = traceback.extract_tb(caught.value.__traceback__)[1:]
            assert [frame.name for frame in frames] == names
            assert caught.value.__context__ is None
    finally:
        signal.signal(signal.SIGALRM, old)


def test_copies_of_its_dictionary_are_plain(function):
    function.mark = [1]
    attributes = function.__dict__
    for copied in (
        copy.copy(attributes),
        copy.deepcopy(attributes),
        attributes.copy(),
        attributes | {},
        *(pickle.loads(pickle.dumps(attributes, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)),
    ):
        assert copied == {"mark": [1]}
        assert type(copied) is dict
    assert copy.deepcopy(attributes)["mark"] is not function.mark
    assert json.dumps(vars(function)) == '{"mark": [1]}'
    assert repr(vars(function)) == "{'mark': [1]}"


def test_errors_of_the_compiler_stay_inside():
    def compile(function, signature):
        raise ZeroDivisionError

    dispatcher.strict.clear()
    function = armed(FunctionType(multiply_add.__code__, {}, "f", (4, 5)), compile)
    assert function(3) == 17
    assert isinstance(state_of(function).failure, ZeroDivisionError)
    assert state_of(function).disarmed == "internal error: ZeroDivisionError()"


def test_a_call_at_the_recursion_limit_compiles_all_the_same(function):
    def deep(n):
        return deep(n - 1) if n else function(3)

    # In the last frame of all, inlined and other calls may differ: 3.13 does.
    for margin in range(2, 30):
        fresh = function = armed(FunctionType(multiply_add.__code__, {}, "f", (4, 5)))
        outcome = plain = None
        depth = sys.getrecursionlimit() - len(inspect.stack(0)) - margin
        try:
            outcome = deep(depth)
        except RecursionError:
            outcome = "error"
        function = multiply_add
        try:
            plain = deep(depth)
        except RecursionError:
            plain = "error"
        assert outcome == plain
        function = fresh
        assert function(3) == 17
    assert plain == 17
