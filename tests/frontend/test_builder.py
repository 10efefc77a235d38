"""Where the IR of a function leaves, what it assumes, and what it does not do needlessly."""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, FunctionType

import pytest

from tests.frontend.continuing import beyond, built, exact, run
from tracejit.frontend.builder import build
from tracejit.frontend.unsupported import Unsupported
from tracejit.ir.dominators import dominator_tree, reverse_postorder
from tracejit.ir.function import CellIs, Function, FunctionHas, GlobalIs, rows_of
from tracejit.ir.interpreter import Left, Returned
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.printer import print_function
from tracejit.ir.shapes import NULL
from tracejit.runtime.resume import resume_function

LIMIT = 10
HUGE = 2**64
NOTHING = None
NAMES: dict[str, object] = {"LIMIT": LIMIT, "HUGE": HUGE, "NOTHING": NOTHING, "word": "text"}


def function(source: str, **names: object) -> FunctionType:
    """The function `f` of the source text."""
    namespace: dict[str, object] = {**NAMES, **names}
    exec(source, namespace)
    found = namespace["f"]
    assert isinstance(found, FunctionType)
    return found


def expression(text: str) -> FunctionType:
    return function(f"def f(a, b):\n    return {text}")


def left(source: FunctionType, *args: object) -> Left:
    outcome = run(source, args)
    assert isinstance(outcome, Left), outcome
    return outcome


@pytest.mark.parametrize(
    ("text", "args", "reason"),
    [
        ("a // b", (1, 0), "zero-division"),
        ("a % b", (1, 0), "zero-division"),
        ("divmod(a, b)", (1, 0), "zero-division"),
        ("a << b", (1, -1), "shift"),
        ("a >> b", (1, -1), "shift"),
        ("a ** b", (2, -1), "negative-power"),
        ("2 ** b", (2, -1), "power"),
        ("a ** -1", (0, 0), "zero-division"),
        ("a / b", (1, 2**53 + 1), "inexact"),
        ("a / b", (1, 0), "zero-division"),
        ("a @ b", (1, 2), "type:int"),
        ("a + 1j", (1, 2), "type:complex"),
        ("a << 1.5", (1, 2), "type:float"),
        ("~b", (1, 2.5), "type:float"),
        ("int(b)", (1, 1e300), "big-float"),
        ("b % a", (0, 2.5), "zero-division"),
        ("b < a", (2**53 + 1, 2.5), "inexact"),
        ("b ** 0.5", (1, -2.5), "power"),
        ("b ** a", (400, 10.0), "power"),
        ("b ** a", (-310, 10.0), "power"),
        ("a + 'x'", (1, 2), "type:str"),
        ("a + None", (1, 2), "type:NoneType"),
        ("a + b", (1, 2j), "type:complex"),
        ("a < (b, a)", (1, 2), "type:tuple"),
        ("print(a)", (1, 2), "call:print"),
        ("word", (1, 2), "global:word"),
        ("missing", (1, 2), "unbound-global:missing"),
        ("min(a)", (1, 2), "type:int"),
        ("max(())", (1, 2), "value"),
        ("(a, b)[2]", (1, 2), "index"),
        ("(a, b)[b]", (1, -3), "index"),
        ("range(a)[b]", (1, 1), "index"),
        ("(a, 2.5)[b:]", (1, 1), None),
        ("(a, b)[b]", (1, 1.5), "type:float"),
        ("b[a]", (0, (1, 2)), "type:tuple"),
        ("a in b", (0, (1, 2)), "type:tuple"),
        ("a in 'ab'", (0, 1), "type:str"),
        ("len(range(a, b))", (-(2**63), 5), "overflow"),
        ("sum((a, 1.5))", (1, 2), "type:float"),
        ("reversed((a, b))", (1, 2), "type:tuple"),
        ("min(a, b, key=abs)", (1, 2), None),
        ("int(a, 10)", (1, 2), "call:int"),
        ("a.to_bytes(b)", (1, 2), "call:to_bytes"),
        ("a.real", (1, 2), "attribute:real"),
        ("[a, b]", (1, 2), "type:list"),
        ("reversed(range(a, b))", (1, 2), "type:range_iterator"),
        ("range(a, b, 0)", (1, 2), "zero-step"),
        ("not b", (1, ""), "type:str"),
    ],
)
def test_what_is_not_native_leaves_with_its_reason(
    text: str, args: tuple[object, ...], reason: str | None
) -> None:
    found = left(expression(text), *args).reason
    assert reason is None or found == reason


def test_statements_leave_with_their_reasons() -> None:
    assert left(function("def f(a):\n    assert a > 3"), 1).reason == "assert"
    assert left(function("def f(a):\n    raise a"), 1).reason == "raise"
    assert left(function("def f(a):\n    raise KeyError(a)"), 1).reason == "raise:KeyError"
    assert left(function("def f(a):\n    del a\n    return a"), 1).reason == "unbound-local"
    assert left(function("def f(a):\n    x, y = a, a, a"), 1).reason == "unpack"
    assert left(function("def f(a):\n    for i in a: pass"), (1,)).reason == "type:tuple"


def test_a_state_has_the_live_locals_and_the_stack_before_the_operation() -> None:
    source = "def f(a, b, c):\n    dead = a + b\n    x = a * 2\n    return x + (c, a // b)[0] + x"
    found = left(function(source), 6, 0, 5)
    assert dict(found.locals) == {"x": 12}
    assert found.stack == (12, 5, 6, 0)


def test_a_state_inside_a_call_has_the_stack_of_the_interpreter() -> None:
    found = left(function("def f(a):\n    return max(a, divmod(a, 0), 3)"), 6)
    assert found.stack in (
        (NULL, max, 6, NULL, divmod, 6, 0),
        (max, NULL, 6, divmod, NULL, 6, 0),
    )


def test_a_state_inside_a_loop_has_its_iterator() -> None:
    source = (
        "def f(n, a):\n    s = 0\n    for i in range(n):\n        s += 100 // (i - a)\n    return s"
    )
    found = left(function(source), 5, 2)
    iterator, *operands = found.stack
    assert list(iterator) == [3, 4]  # type: ignore[call-overload]
    assert operands == [-150, 100, 0]
    assert dict(found.locals) == {"a": 2}


def test_a_handler_keeps_what_it_reads_alive() -> None:
    source = (
        "def f(a, b):\n    x = a\n    try:\n        x = a // b\n"
        "    except ZeroDivisionError:\n        return x\n    return 0"
    )
    assert left(function(source), 6, 0).locals == {"x": 6}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(a): yield a", "generator"),
        ("async def f(a): return a", "coroutine"),
        ("async def f(a): yield a", "async-generator"),
        ("def f(*a): return a", "varargs"),
        ("def f(**a): return a", "varkeywords"),
        ("def f(a):\n    return lambda: a", "cell-variables"),
        ("def f(a): return locals()", "own-frame:locals"),
        ("def f(a): return eval('a')", "own-frame:eval"),
        ("def f(a):\n    for i in vars(): return dir", "own-frame"),
        ("def f(a, b): return a is b", "identity"),
        ("def f(a, b): return a is not (b if a else None)", "identity"),
        ("def f(a, b): return a is LIMIT", "identity"),
        ("def __new__(a): return a\nf = __new__", "name:__new__"),
    ],
)
def test_functions_that_are_left_alone(source: str, reason: str) -> None:
    made = function(source)
    with pytest.raises(Unsupported, match=f"^{reason}"):
        build(made, (int,) * made.__code__.co_argcount)


def test_a_name_that_hides_a_builtin_of_the_frame_is_a_name() -> None:
    made = function("def f(a):\n    if a: return 1\n    return locals(a)", locals=abs)
    assert run(made, (3,)) == Returned(1)


@pytest.mark.parametrize(
    "text", ["a is None", "None is a", "a is not True", "a == None", "None != a", "a is ..."]
)
@pytest.mark.parametrize("arg", [None, True, False, 0, 3, 2.5, ...])
def test_identity_with_a_singleton_is_decided_by_types(text: str, arg: object) -> None:
    made = expression(text)
    outcome = run(made, (arg, 0))
    if isinstance(outcome, Left):
        assert "==" in text or "!=" in text
        assert outcome.reason == f"type:{type(arg).__name__}"
    else:
        assert outcome == Returned(made(arg, 0))


def test_globals_and_builtins_are_constants_under_one_assumption_each() -> None:
    made = function("def f(a):\n    return abs(a) + LIMIT + abs(LIMIT)")
    assert built(made, (1,)).assumptions == [
        GlobalIs("abs", abs, None),
        GlobalIs("LIMIT", LIMIT, None),
    ]


def test_a_global_hides_a_builtin() -> None:
    made = function("def f(a):\n    return abs(a)", abs=bool)
    ir = built(made, (1,))
    assert ir.assumptions == [GlobalIs("abs", bool, None)]
    assert run(made, (7,)) == Returned(True)


def test_nothing_is_assumed_of_a_name_where_the_code_leaves() -> None:
    made = function("def f(a):\n    if a: return a\n    return word, print, missing")
    assert built(made, (1,)).assumptions == []


INLINED = """
def double(x): return x + x
def sign(x, of=1):
    if x < 0: return -of
    return of
def f(a, b):
    return double(sign(a)) + sign(b, 5)
"""


def test_calls_of_functions_are_traced_in_their_place() -> None:
    made = function(INLINED)
    names = made.__globals__
    double, sign = names["double"], names["sign"]
    ir = built(made, (1, -1))
    assert ir.assumptions == [
        GlobalIs("double", double, None),
        GlobalIs("sign", sign, None),
        FunctionHas("defaults", sign.__defaults__, sign),
        FunctionHas("code", sign.__code__, sign),
        FunctionHas("code", double.__code__, double),
    ]
    assert all(inst.op is not Op.leave for inst in ir.insts())
    assert run(made, (1, -1)) == Returned(-3)
    outcome = run(made, (2**62, -1), beyond(2))
    assert isinstance(outcome, Left)


def test_an_exit_of_an_inlined_function_has_the_frames_of_its_callers() -> None:
    made = function(
        "def h(x): return x // 0\ndef g(x): return 1 + h(x + 1)\ndef f(a): return 2 * g(a)"
    )
    outcome = left(made, 5)
    assert (outcome.reason, outcome.stack) == ("zero-division", (6, 0))
    assert outcome.call is not None
    callee, code, caller = outcome.call
    assert callee.__code__ is code is made.__globals__["h"].__code__
    assert caller.stack == (1,)
    assert caller.call is not None
    assert caller.call[0] is made.__globals__["g"]
    assert caller.call[2].stack == (2,)
    assert caller.call[2].call is None


@pytest.mark.parametrize(
    "call",
    [
        *("g()", "g(1, 2, 3)", "g(1, 2, z=3)", "g(1, 2, x=1)", "g(y=1)", "g(p=1)"),
        *("g(*(1,))", "g(*(1, a, 2))", "g(*(1, 2), **{})", "g(*a)"),
    ],
)
def test_a_call_that_does_not_bind_leaves(call: str) -> None:
    made = function(f"def g(p, /, x, *, y=1): return 1\ndef f(a): return {call}")
    assert left(made, 1).reason in ("call:g", "type:int", "opcode:BUILD_MAP")


def test_functions_that_call_each_other_are_compiled_together() -> None:
    made = function("def g(n): return f(n - 1) + 1\ndef f(n): return g(n) if n else 0")
    ir = built(made, (5,))
    assert [native.name for native in ir.natives] == ["f", "g"]
    assert run(made, (5,)) == Returned(5)


def closure(source: str) -> FunctionType:
    return function(
        f"def outer():\n    x = 5\n    def f(a):\n        {source}\n    return f\nf = outer()"
    )


def test_a_closure_cell_is_a_constant() -> None:
    made = closure("return a * x")
    assert built(made, (1,)).assumptions == [CellIs(0, 5, None)]
    assert run(made, (3,)) == Returned(15)


def test_an_empty_cell_leaves() -> None:
    made = closure("return a * x")
    made = FunctionType(made.__code__, made.__globals__, "f", None, (CellType(),))
    assert left(made, 3).reason == "unbound-cell:x"
    assert built(made, (1,)).assumptions == []


def ops(ir: Function) -> list[str]:
    return [inst.op.name for inst in ir.insts()]


def test_a_poll_stands_before_every_backward_jump() -> None:
    ir = built(function(NESTED), (3,))
    order = {block: index for index, block in enumerate(reverse_postorder(ir))}
    back = 0
    for block in ir.blocks:
        for successor in block.successors():
            if order[successor] <= order[block]:
                back += 1
                assert any(inst.op is Op.poll for inst in block.insts), block
    assert back >= 3


def polls_of(body: str) -> int:
    return ops(built(function(f"def f(n):\n x = 0\n{body}\n return x"), (3,))).count("poll")


def test_jumps_back_to_one_header_meet_where_the_loop_polls() -> None:
    assert polls_of(" for i in range(n):\n  if i > 1: x += 1") == 1
    assert (
        polls_of(" for i in range(n):\n  if i > 1: continue\n  if i: x += 1\n  else: x -= 1") == 1
    )


def test_jumps_back_with_handlers_of_their_own_do_not_meet() -> None:
    guarded = (
        "  try:\n   while x < n:\n    x += 1\n    if x > 1: continue\n  except OverflowError: pass"
    )
    assert polls_of(f" for i in range(n):\n  if i: x -= 1\n{guarded}") >= 2


@pytest.mark.parametrize("exponent", range(12))
def test_a_power_leaves_only_if_it_does_not_fit(exponent: int) -> None:
    for text in (f"a ** {exponent}", "a ** b"):
        for base in (-7, -2, -1, 0, 1, 2, 3, 10, True, False):
            expected = base**exponent
            width = max(expected.bit_length(), exponent.bit_length(), base.bit_length()) + 1
            found = run(expression(text), (base, exponent), beyond(width))
            assert found == Returned(expected)


def test_small_constant_powers_are_multiplied_out() -> None:
    ir = built(expression("a ** 13"), (2, 0))
    assert ops(ir).count("imul") == 5
    assert len(ir.blocks) == 1


@pytest.mark.parametrize("text", ["min(a, b)", "max(a, b)", "min(b, a, 1)", "max(1, a, b, True)"])
def test_of_equal_operands_the_first_wins(text: str) -> None:
    for a in (0, 1, False, True):
        for b in (0, 1, False, True):
            made = expression(text)
            outcome = run(made, (a, b))
            assert isinstance(outcome, Returned)
            assert (outcome.value, type(outcome.value)) == (made(a, b), type(made(a, b)))


def test_constants_known_at_compile_time_decide_branches() -> None:
    made = function("def f(a):\n    if LIMIT and NOTHING is None: return a\n    return a + 1")
    assert ops(built(made, (1,))) == ["ret"]


def test_too_many_versions_of_a_place_leave() -> None:
    source = "def f(n):\n    t = None\n    while n > 0: t, n = (t, n), n - 1\n    return t"
    found = left(function(source), 100)
    assert found.reason == "too-many-versions"
    assert found.locals["n"] > 80  # type: ignore[operator]
    assert run(function(source), (3,)) == Returned((((None, 3), 2), 1))


MERGING = """
def f(a, b):
    total = 0
    for i in range(a):
        square = i * i
        x, y = square, b
        while y:
            x, y = y, x % y
        if x > 1:
            continue
        if i % 3:
            total += square
        else:
            total -= b
    return total, b
"""


def test_blocks_have_parameters_for_what_is_bound_differently_on_the_ways_there() -> None:
    ir = built(function(MERGING), (5, 7))
    assert len(ir.edges()) > 3
    for block, edges in ir.edges().items():
        for param, given in rows_of(block, edges):
            assert len({*given} - {param}) > 1, block
    assert run(function(MERGING), (20, 7)) == Returned(function(MERGING)(20, 7))


TWO_WAYS = """
def f(a, b):
    x = not a or b
    y = a + b
    if b > a:
        x = 3
    else:
        x = y
    while b > 0:
        b -= y
        y += 1
    return x, y
"""


@pytest.mark.parametrize("args", [(0, 0), (0, 5), (5, 7), (7, 5), (3, 40), (True, 2)])
def test_what_two_versions_bind_meets_where_they_merge(args: tuple[int, int]) -> None:
    made = function(TWO_WAYS)
    assert run(made, args) == Returned(made(*args))
    # What follows is there at most twice.
    assert ops(built(made, args)).count("ret") <= 2


def test_a_local_that_changes_its_type_makes_versions() -> None:
    source = "def f(n):\n    x = True\n    for i in range(n):\n        x = x + i\n    return x"
    for n in (0, 1, 5):
        made = function(source)
        assert run(made, (n,)) == Returned(made(n))
        assert type(made(n)) is (int if n else bool)


def test_the_step_of_a_range_may_have_any_sign() -> None:
    source = "def f(a, b, s):\n    t = 0\n    for i in range(a, b, s): t = t * 3 + i\n    return t"
    for step in (1, 2, 7, -1, -3):
        for a, b in ((0, 10), (10, 0), (5, 5), (False, True)):
            made = function(source)
            assert run(made, (a, b, step)) == Returned(made(a, b, step))
    assert left(function(source), 1, 2, 0).reason == "zero-step"


def reducible(ir: Function) -> bool:
    """Whether every retreating edge goes to a block that dominates its source."""
    tree = dominator_tree(ir)
    order = {block: index for index, block in enumerate(tree.order)}
    return all(
        order[successor] > order[block] or tree.dominates(successor, block)
        for block in tree.order
        for successor in block.successors()
    )


NESTED = """
def f(n):
    s = 0
    for i in range(n):
        j = 0
        while j < i:
            if j & 1:
                s += j
            else:
                s -= 1
            for k in range(j):
                if k == 7:
                    break
                s ^= k
            j += 1
        s += i
    return s
"""


def test_loops_entered_midway_by_a_resume_function_are_reducible() -> None:
    made = function(NESTED)
    ir = built(made, (9,))
    assert reducible(ir)
    exits = {inst.exit.state.offset: inst.exit for inst in ir.insts() if inst.exit is not None}
    for exit in exits.values():
        resumed = resume_function(made, exit.state, False)
        types = {"int": int, "bool": bool}
        again = build(resumed, tuple(types[value.type] for value in exit.state.values()))
        assert reducible(again), exit.state.offset


def chain(count: int) -> FunctionType:
    lines = "".join(f"    if a > {n}: s += a * {n}\n    else: s -= {n}\n" for n in range(count))
    return function(f"def f(a):\n    s = 0\n{lines}    return s")


def test_long_functions_use_extended_arguments() -> None:
    names = "".join(f"    x{n} = a + {n + 1000}\n" for n in range(300))
    total = " + ".join(f"x{n}" for n in range(300))
    source = (
        f"def f(a):\n    for i in range(3):\n        pass\n{names}    return {total} + a // (i - 2)"
    )
    made = function(source)
    outcome = left(made, 4)
    assert outcome.reason == "zero-division"
    assert outcome.stack[1:] == (4, 0)


def test_instructions_grow_linearly_with_the_function() -> None:
    short, long = (len(ops(built(chain(count), (1,)))) for count in (50, 200))
    assert long < 4.2 * short


def test_unused_objects_pass_through() -> None:
    marker = object()
    made: Callable[..., object] = function("def f(a, b):\n    t = (a, b)\n    return b, t")
    assert isinstance(made, FunctionType)
    assert run(made, (marker, 3), exact) == Returned((3, (marker, 3)))


def test_a_lambda_has_a_name_that_the_text_form_can_write() -> None:
    ir = build(function("f = lambda a: -a"), (int,))
    assert print_function(parse(print_function(ir))) == print_function(ir)
