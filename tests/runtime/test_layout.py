"""Guards on globals, builtins and cells: they hold, and fail as soon as the lookup would differ."""

import builtins
import sys
from types import FunctionType

import pytest

from tracejit.ir.function import CellIs, FunctionHas, GlobalIs, KeywordDefaultIs
from tracejit.runtime import layout


def function_in(namespace):
    return FunctionType((lambda: name).__code__, namespace)  # noqa: F821


def namespace(**names):
    return {"__builtins__": dict(vars(builtins)), **names}


def hold(guards):
    return all(layout.holds(guard) for guard in guards)


def test_this_process_is_supported():
    assert layout.unavailable_reason() is None


@pytest.mark.parametrize(
    ("offset", "elsewhere", "what"),
    [
        ("INT_DIGITS", 32, "integers"),
        ("FLOAT_VALUE", 8, "floats"),
        ("FUNCTION_CODE", 56, "functions"),
        ("CELL_CONTENTS", 8, "tuples and cells"),
        ("BUILTIN_SELF", 32, "built-in functions"),
        ("THREAD_FRAMES", 16, "the recursion limit"),
        ("TYPE_FLAGS", 160, "types"),
    ],
)
def test_another_layout_is_refused(monkeypatch, offset, elsewhere, what):
    monkeypatch.setattr(layout, offset, elsewhere)
    assert layout._find_reason() == f"this CPython keeps {what} elsewhere"


@pytest.mark.parametrize(
    ("attribute", "value", "reason"),
    [
        ("platform", "darwin", "needs Linux on x86-64"),
        ("version_info", (3, 14, 0), "needs CPython 3.11, 3.12 or 3.13"),
        ("abiflags", "t", "needs a CPython with the GIL"),
    ],
)
def test_other_platforms_are_refused(monkeypatch, attribute, value, reason):
    monkeypatch.setattr(sys, attribute, value)
    assert layout._find_reason() == reason


def test_a_changed_global_fails_the_guard():
    names = namespace(name=1)
    guards = layout.guards(function_in(names), [GlobalIs("name", 1, None)])
    assert hold(guards)
    names["name"] = 2
    assert not hold(guards)
    names["name"] = 1
    assert hold(guards)


def test_a_deleted_global_fails_the_guard():
    names = namespace(name=1)
    guards = layout.guards(function_in(names), [GlobalIs("name", 1, None)])
    del names["name"]
    assert not hold(guards)


def test_a_shadowed_builtin_fails_the_guard():
    names = namespace()
    guards = layout.guards(function_in(names), [GlobalIs("abs", abs, None)])
    assert hold(guards)
    names["abs"] = abs
    assert not hold(guards)


def test_a_changed_builtin_fails_the_guard():
    names = namespace()
    guards = layout.guards(function_in(names), [GlobalIs("abs", abs, None)])
    names["__builtins__"]["abs"] = max
    assert not hold(guards)


def test_replaced_keys_with_the_same_version_are_read_where_they_are():
    names = namespace(name=1, other=2)
    guards = layout.guards(function_in(names), [GlobalIs("name", 1, None)])
    copy = names.copy()
    copy["name"] = 3
    names.clear()
    names.update(copy)
    assert not hold(guards)


def test_many_globals_share_one_guard_of_the_keys():
    names = namespace(**{f"name{index}": index for index in range(40)})
    assumptions = [GlobalIs(f"name{index}", index, None) for index in range(40)]
    guards = layout.guards(function_in(names), assumptions)
    assert [guard.width for guard in guards] == [4] + [8] * 40
    assert hold(guards)


def test_a_changed_cell_fails_the_guard():
    def outer():
        content = "old"

        def function():
            return content

        def change():
            nonlocal content
            content = "new"

        return function, change

    function, change = outer()
    guards = layout.guards(function, [CellIs(0, "old", None)])
    assert hold(guards)
    change()
    assert not hold(guards)


def test_what_an_inlined_function_has_is_guarded():
    def callee(a, b=2, *, c=3):
        pass

    def other():
        pass

    def guards_of(*assumptions):
        return layout.guards(function_in(namespace()), assumptions)

    code = guards_of(FunctionHas("code", callee.__code__, callee))
    defaults = guards_of(FunctionHas("defaults", callee.__defaults__, callee))
    dictionary = guards_of(FunctionHas("kwdefaults", callee.__kwdefaults__, callee))
    default = guards_of(KeywordDefaultIs("c", 3, callee))
    callee.__kwdefaults__["c"] = 4
    assert not hold(default)
    assert hold(dictionary)
    callee.__kwdefaults__ = {"c": 3}
    assert not hold(dictionary)
    assert hold(defaults)
    callee.__defaults__ = (5,)
    assert not hold(defaults)
    assert hold(code)
    callee.__code__ = other.__code__
    assert not hold(code)


@pytest.mark.parametrize("defaults", [None, {}, {"d": 1}])
def test_a_default_that_is_not_there_is_not_guarded(defaults):
    def callee(*, c=3):
        pass

    callee.__kwdefaults__ = defaults
    with pytest.raises(layout.Unguardable, match="no default"):
        layout.guards(function_in(namespace()), [KeywordDefaultIs("c", 3, callee)])


def test_a_deleted_default_fails_the_guard():
    def callee(*, c=3, d=4):
        pass

    guards = layout.guards(function_in(namespace()), [KeywordDefaultIs("c", 3, callee)])
    assert hold(guards)
    del callee.__kwdefaults__["c"]
    assert not hold(guards)


def test_globals_and_cells_of_an_inlined_function_are_its_own():
    def outer(content):
        return lambda: content

    callee, names = outer("there"), namespace(name="here")
    other = function_in(namespace(name="there"))
    function = FunctionType(outer("here").__code__, names, "f", None, outer("here").__closure__)
    guards = layout.guards(
        function,
        [
            GlobalIs("name", "here", None),
            GlobalIs("name", "there", other),
            CellIs(0, "here", None),
            CellIs(0, "there", callee),
        ],
    )
    assert hold(guards)
    other.__globals__["name"] = "changed"
    assert not hold(guards)


def test_keys_that_are_not_all_strings_are_not_guarded():
    names = namespace(name=1)
    names[1] = 2
    with pytest.raises(layout.Unguardable):
        layout.guards(function_in(names), [GlobalIs("name", 1, None)])


def test_a_subclass_of_dict_is_not_guarded():
    class Namespace(dict):
        pass

    with pytest.raises(layout.Unguardable):
        layout.guards(function_in(Namespace(name=1)), [GlobalIs("name", 1, None)])


def test_what_changed_already_is_not_guarded():
    with pytest.raises(layout.Unguardable):
        layout.guards(function_in(namespace(name=1)), [GlobalIs("name", 2, None)])
