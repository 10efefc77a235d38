"""Which locals ways through bytecode may bind differently."""

from __future__ import annotations

from types import FunctionType

from tests.frontend.test_decode import code_of
from tracejit.frontend.flow import Flow, flow_of
from tracejit.ir.frame_state import FrameState
from tracejit.ir.types import INT
from tracejit.ir.value import Value
from tracejit.runtime.resume import resume_function


def flow(source: str) -> Flow:
    return flow_of(code_of(source))


def changing(found: Flow) -> list[set[str]]:
    """What changes and is live at each merge, but where it is nothing."""
    live = [found.live[offset] & found.changing[offset] for offset in sorted(found.merges)]
    return [set(found.named(locals)) for locals in live if locals]


def test_what_a_loop_binds_changes_at_its_header() -> None:
    found = flow(
        "def f(n, m):\n    s = 0\n    k = n * m\n    while n < m:\n"
        "        s += k\n        n += 1\n        t = s\n    return s + k"
    )
    assert found.named(found.bound) == ("n", "s", "k", "t")
    assert {frozenset(names) for names in changing(found)} <= {
        frozenset(("s", "n")),
        frozenset(("s",)),
    }
    assert {"s", "n"} in changing(found)
    assert not found.copied


def test_what_one_branch_binds_changes_where_they_meet() -> None:
    found = flow(
        "def f(a, b):\n    x = a + b\n    y = x\n    if a:\n        y = b\n"
        "    else:\n        z = b\n    return x * y + x - y * 3"
    )
    assert changing(found) == [{"y"}]


def test_loops_that_bind_what_is_read_behind_them_have_a_first_iteration() -> None:
    found = flow("def f(n):\n    x = 3\n    for i in range(n):\n        y = i\n    return x, y")
    assert found.named(found.copied) == ("i", "y")


def test_loops_entered_midway_have_a_first_iteration() -> None:
    code = code_of(
        "def f(n):\n    x = 3\n    while n:\n"
        "        n -= x\n        y = n * x\n        n -= y\n    return n"
    )
    assert not flow_of(code).copied
    product = next(
        instr.offset
        for instr in flow_of(code).instrs.values()
        if instr.name == "BINARY_OP" and instr.arg == "*"
    )
    n, x = Value(0, INT), Value(1, INT)
    state = FrameState(product, {"n": n, "x": x}, (n, x))
    resumed = flow_of(resume_function(FunctionType(code, {}), state, False).__code__)
    assert set(resumed.named(resumed.copied)) == {"n", "y"}
