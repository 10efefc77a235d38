"""Guards on globals, builtins and cells: they hold, and fail as soon as the lookup would differ."""

import builtins
import sys
from types import FunctionType

import pytest

from tracejit.ir.function import CellIs, GlobalIs
from tracejit.runtime import layout


def function_in(namespace):
    return FunctionType((lambda: name).__code__, namespace)  # noqa: F821


def namespace(**names):
    return {"__builtins__": dict(vars(builtins)), **names}


def hold(guards):
    return all(layout.holds(guard) for guard in guards)


def test_this_process_is_supported():
    assert layout.unavailable_reason() is None


def test_another_layout_is_refused(monkeypatch):
    monkeypatch.setattr(layout, "INT_DIGITS", 32)
    assert layout._find_reason() == "this CPython keeps integers elsewhere"


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
    guards = layout.guards(function_in(names), [GlobalIs("name", 1)])
    assert hold(guards)
    names["name"] = 2
    assert not hold(guards)
    names["name"] = 1
    assert hold(guards)


def test_a_deleted_global_fails_the_guard():
    names = namespace(name=1)
    guards = layout.guards(function_in(names), [GlobalIs("name", 1)])
    del names["name"]
    assert not hold(guards)


def test_a_shadowed_builtin_fails_the_guard():
    names = namespace()
    guards = layout.guards(function_in(names), [GlobalIs("abs", abs)])
    assert hold(guards)
    names["abs"] = abs
    assert not hold(guards)


def test_a_changed_builtin_fails_the_guard():
    names = namespace()
    guards = layout.guards(function_in(names), [GlobalIs("abs", abs)])
    names["__builtins__"]["abs"] = max
    assert not hold(guards)


def test_replaced_keys_with_the_same_version_are_read_where_they_are():
    names = namespace(name=1, other=2)
    guards = layout.guards(function_in(names), [GlobalIs("name", 1)])
    copy = names.copy()
    copy["name"] = 3
    names.clear()
    names.update(copy)
    assert not hold(guards)


def test_many_globals_share_one_guard_of_the_keys():
    names = namespace(**{f"name{index}": index for index in range(40)})
    assumptions = [GlobalIs(f"name{index}", index) for index in range(40)]
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
    guards = layout.guards(function, [CellIs(0, "old")])
    assert hold(guards)
    change()
    assert not hold(guards)


def test_keys_that_are_not_all_strings_are_not_guarded():
    names = namespace(name=1)
    names[1] = 2
    with pytest.raises(layout.Unguardable):
        layout.guards(function_in(names), [GlobalIs("name", 1)])


def test_a_subclass_of_dict_is_not_guarded():
    class Namespace(dict):
        pass

    with pytest.raises(layout.Unguardable):
        layout.guards(function_in(Namespace(name=1)), [GlobalIs("name", 1)])


def test_what_changed_already_is_not_guarded():
    with pytest.raises(layout.Unguardable):
        layout.guards(function_in(namespace(name=1)), [GlobalIs("name", 2)])
