"""Resume functions go on in the middle of a function as the interpreter would have."""

import dis
import sys
import traceback

import pytest

from tracejit.ir.frame_state import FrameState, Inlined
from tracejit.ir.shapes import NULL, Const, RangeIter, RangeOf, TupleOf
from tracejit.ir.value import Value
from tracejit.runtime.resume import Unresumable, check_resumable, resume_code, resume_function


def value(number=0):
    return Value(number, "int")


def offset_of(function, name, nth=0, arg=None):
    """The offset of the nth instruction of that name, as a FrameState has it."""
    found = [
        i.offset
        for i in dis.get_instructions(function)
        if i.opname == name and (arg is None or arg in (i.argrepr, i.argval))
    ]
    return found[nth]


def resume(function, name, locals_=None, stack=(), *, nth=0, arg=None, raises=False):
    state = FrameState(offset_of(function, name, nth, arg), locals_ or {}, tuple(stack))
    return resume_function(function, state, raises)


def add(a, b):
    return (a + 1) * b


def test_it_goes_on_with_the_operands_on_the_stack():
    resumed = resume(add, "BINARY_OP", {"b": value(0)}, [value(1), Const(1)])
    b, a = 5, 6
    # `b` arrives first and is loaded as the other operand of the product.
    assert resumed(b, a) == 35


def test_constants_and_null_take_no_argument():
    def call(a):
        return max(a, 7)

    name = "PRECALL" if "PRECALL" in dis.opmap else "CALL"
    stack = [NULL, Const(max)]
    if sys.version_info >= (3, 13):
        stack.reverse()
    resumed = resume(call, name, {}, [*stack, value(), Const(7)])
    assert (resumed(9), resumed(3)) == (9, 7)


def loop(n):
    s = 0
    for i in range(n):
        s = s + i
    return s, i


def iterator(start, stop, step=1):
    return RangeIter(value(start), value(stop), Const(step), step > 0)


def test_a_range_iterator_is_made_of_its_parts():
    resumed = resume(loop, "FOR_ITER", {"s": value(0), "i": value(1)}, [iterator(2, 3)])
    assert resumed(100, 41, 42, 45) == (100 + 42 + 43 + 44, 44)
    assert resumed(100, 41, 45, 45) == (100, 41)


def test_variables_that_are_not_passed_are_unbound():
    resumed = resume(loop, "FOR_ITER", {"s": value(0)}, [iterator(2, 3)])
    with pytest.raises(UnboundLocalError, match="'i'"):
        resumed(100, 45, 45)


def test_more_values_than_variables():
    def one(n):
        for _ in range(n):
            n = n + 1
        return n

    iterators = iterator(0, 1, 2)
    resumed = resume(one, "FOR_ITER", {"n": value(4)}, [iterators])
    assert resumed(10, 0, 6) == 13


def test_locals_may_be_shapes_in_any_order():
    def pair(a, b, c):
        a, b = b, a
        return a, b, c

    shapes = {
        "c": TupleOf((value(0), TupleOf((Const("x"), value(1))))),
        "b": RangeOf(value(2), value(3), Const(1), True),
        "a": value(4),
    }
    resumed = resume(pair, "RETURN_VALUE", shapes, [TupleOf((value(5), value(6), value(7)))])
    assert resumed(*range(8)) == (5, 6, 7)

    def single(a, b, c):
        return (a, b, c)

    resumed = resume_function(
        single, FrameState(offset_of(single, "RESUME") + 2, shapes, ()), False
    )
    assert resumed(*range(5)) == (4, range(2, 3), (0, ("x", 1)))


def test_a_closure_is_kept():
    def outer(k):
        def inner(n):
            t = 0
            for i in range(n):
                t = t + i * k
            return t

        return inner

    resumed = resume(outer(10), "FOR_ITER", {"t": value(0)}, [iterator(1, 2)])
    assert resumed(1, 3, 5) == 71


def test_many_constants_and_far_targets_need_extended_arguments():
    lines = [f"    a = a + {1000 + n}.5" for n in range(400)]
    source = "\n".join(["def f(a):", *lines, "    for i in range(a): a = a + i", "    return a"])
    names = {}
    exec(source, names)
    function = names["f"]
    resumed = resume(function, "FOR_ITER", {"a": value(0)}, [iterator(1, 2)])
    assert resumed(7, 0, 4) == 13
    again = resume(resumed, "BINARY_OP", {}, [value(), Const(1000.5)], nth=399)
    with pytest.raises(TypeError, match="float"):
        again(1)


def test_the_state_may_name_an_instruction_behind_its_extended_arguments():
    lines = [f"    a = a + {1000 + n}.5" for n in range(300)]
    names = {}
    exec("\n".join(["def f(a):", *lines, "    return a"]), names)
    function = names["f"]
    offset = offset_of(function, "LOAD_CONST", 299)
    state = FrameState(offset, {}, (value(),))
    assert resume_function(function, state, False)(1) == 1300.5


def test_metadata_is_the_originals():
    resumed = resume(loop, "FOR_ITER", {"s": value(0)}, [iterator(2, 3)])
    code, original = resumed.__code__, loop.__code__
    assert resumed.__qualname__ == loop.__qualname__
    assert resumed.__module__ == loop.__module__
    assert resumed.__globals__ is loop.__globals__
    for name in ("co_name", "co_qualname", "co_filename", "co_firstlineno"):
        assert getattr(code, name) == getattr(original, name)


def positions(code):
    return list(code.co_positions())


@pytest.mark.parametrize("function", [loop, add, positions])
def test_positions_of_the_original_instructions_are_kept(function):
    code = function.__code__
    for instruction in list(dis.get_instructions(function)):
        if instruction.opname in ("RESUME", "COPY_FREE_VARS"):
            continue
        resumed, _ = resume_code(code, FrameState(instruction.offset, {}, ()), False)
        added = len(resumed.co_code) - len(code.co_code)
        assert resumed.co_code[added:] == code.co_code
        assert positions(resumed)[added // 2 :] == positions(code)
        expected = positions(code)[instruction.offset // 2]
        assert set(positions(resumed)[: added // 2 - 1]) == {expected}


def divides(a, b):
    try:
        c = a // b
    except ZeroDivisionError as error:
        return "caught", error, a
    return c


def test_exceptions_at_the_target_are_caught_by_the_originals_handler():
    resumed = resume(divides, "BINARY_OP", {"a": value(0)}, [value(1), value(2)])
    kind, error, a = resumed(1, 2, 0)
    assert (kind, a) == ("caught", 1)
    assert isinstance(error, ZeroDivisionError)


def test_a_raising_resume_function_raises_where_the_handler_catches():
    resumed = resume(divides, "BINARY_OP", {"a": value(0)}, [value(1), value(2)], raises=True)
    error = ZeroDivisionError("given")
    assert resumed(error, 1, 2, 3) == ("caught", error, 1)


def catches_in_loop(n):
    s = 0
    try:
        for i in range(n):
            s += i
    except KeyboardInterrupt:
        return "stopped", s, n
    return s


@pytest.mark.parametrize("raises", [False, True])
def test_what_a_signal_handler_raises_while_a_range_is_made_is_caught_too(raises):
    made = []

    def interrupted(*parts):
        made.append(parts)
        if len(made) == 1:
            raise KeyboardInterrupt
        return range(*parts)

    locals_ = {"n": value(0), "s": value(1)}
    arguments = (7, 10, 0, 5)
    resumed = resume(catches_in_loop, "FOR_ITER", locals_, [iterator(2, 3)], raises=raises)
    constants = (interrupted if c is range else c for c in resumed.__code__.co_consts)
    resumed.__code__ = resumed.__code__.replace(co_consts=tuple(constants))
    if raises:
        arguments = (ValueError(), *arguments)
    assert resumed(*arguments) == ("stopped", 10, 7)
    assert made == [(0, 5, 1), (0, 5, 1)]


def trace(function, *arguments):
    try:
        function(*arguments)
    except BaseException as error:
        lines = "".join(traceback.format_exception(error))
        return lines[lines.index("in ", lines.index("in trace") + 5) :]


def nested(n):
    total = 0
    for i in range(n):
        for j in range(i):
            total += (100 // (j - 3)) * 2
    return total


@pytest.mark.parametrize("raises", [False, True])
def test_tracebacks_are_the_originals_to_the_caret(raises):
    locals_ = {name: value() for name in ("n", "total", "i", "j")}
    stack = [iterator(0, 1), iterator(2, 3), value(), Const(100), value()]
    resumed = resume(nested, "BINARY_OP", locals_, stack, arg="//", raises=raises)
    arguments = (9, 0, 4, 3, 5, 9, 4, 4, 0, 0)
    if raises:
        arguments = (ZeroDivisionError("integer division or modulo by zero"), *arguments)
    assert trace(resumed, *arguments) == trace(nested, 9)
    assert "100 //" in trace(nested, 9)


def test_a_resume_function_of_a_resume_function():
    first = resume(loop, "FOR_ITER", {"s": value(0), "i": value(1)}, [iterator(2, 3)])
    second = resume(first, "FOR_ITER", {"s": value(0)}, [iterator(2, 3)])
    assert second(100, 42, 45) == (100 + 42 + 43 + 44, 44)


def test_keyword_only_parameters_become_ordinary_ones():
    def function(a, /, b, *, c):
        return a + b * c

    resumed = resume(
        function, "BINARY_OP", {"a": value(), "c": value()}, [value(), value(), value()]
    )
    assert resumed("a", "c", 2, 3, 4) == 2 + 3 * 4


def test_too_many_variables_are_refused():
    def state(values):
        return FrameState(0, {}, (value(),) * values)

    check_resumable(loop.__code__, state(200))
    with pytest.raises(Unresumable):
        check_resumable(loop.__code__, state(254))


def callee(x, y):
    total = 0
    for _ in range(x):
        total += 100 // y
    return total


def caller(a, b):
    try:
        for i in range(1, a):
            return b, i, callee(i, b) * 2
    except ZeroDivisionError as error:
        return "caught", error, a
    return None


def inside(catching, raises=False):
    """A resume function of `caller`, or of one without its handler, from a division in `callee`."""
    function = caller if catching else uncaught
    instructions = list(dis.get_instructions(function))
    calls = [at for at, i in enumerate(instructions) if i.opname == "CALL"]
    behind = instructions[calls[-1] + 1].offset
    stack = (iterator(0, 1), value(2), value(3))
    outer = FrameState(behind, {"a": value(4)}, stack)
    division = offset_of(callee, "BINARY_OP", arg="//")
    own = FrameState(
        division,
        {"y": value(5)},
        (iterator(6, 7), value(8), Const(100), value(9)),
        Inlined(callee, callee.__code__, outer),
    )
    return resume_function(function, own, raises)


def uncaught(a, b):
    for i in range(1, a):
        return b, i, callee(i, b) * 2
    return None


# Of `callee`: y, its iterator, total, the divisor. Of its caller: a, its iterator, b, i.
INSIDE = (7, 3, 5, 1000, 7)
CALLER = (9, 1, 4, "b", "i")


@pytest.mark.parametrize("catching", [False, True])
def test_a_frame_at_a_call_calls_a_resume_function_of_the_callee(catching):
    total = 1000 + 100 // 7 * 3
    assert inside(catching)(*INSIDE, *CALLER) == ("b", "i", total * 2)


@pytest.mark.parametrize("raises", [False, True])
def test_the_caller_catches_what_the_callee_raises(raises):
    first = (ZeroDivisionError(),) if raises else ()
    kind, error, a = inside(True, raises)(*first, 7, 3, 5, 1000, 0, *CALLER)
    assert (kind, a) == ("caught", 9)
    names = [entry.name for entry in traceback.extract_tb(error.__traceback__)]
    assert names == ["caller", "callee"]


@pytest.mark.parametrize("raises", [False, True])
def test_tracebacks_through_a_call_are_the_originals_to_the_caret(raises):
    first = (ZeroDivisionError("integer division or modulo by zero"),) if raises else ()
    found = trace(inside(False, raises), *first, 0, 3, 5, 1000, 0, *CALLER)
    assert found == trace(uncaught, 2, 0)
    assert "callee(i, b)" in found


def test_frames_at_calls_in_a_row_are_all_made():
    def third(x):
        return sys._getframe(), x

    def second(x):
        return third(x), "second"

    def first(x):
        return second(x), "first"

    def behind(function):
        rows = list(dis.get_instructions(function))
        return rows[next(at for at, row in enumerate(rows) if row.opname == "CALL") + 1].offset

    outermost = FrameState(behind(first), {}, ())
    middle = FrameState(behind(second), {}, (), Inlined(second, second.__code__, outermost))
    entry = offset_of(third, "RESUME") + 2
    state = FrameState(entry, {"x": value()}, (), Inlined(third, third.__code__, middle))
    ((frame, x), *rest), last = resume_function(first, state, False)(5)
    assert (x, rest, last) == (5, ["second"], "first")
    assert [f.f_code.co_name for f in (frame, frame.f_back, frame.f_back.f_back)] == [
        "third",
        "second",
        "first",
    ]


def test_functions_in_a_state_are_seen_by_the_garbage_collector():
    def called(x):
        return x

    stack = [NULL, Const(add), value(), value()]
    if sys.version_info >= (3, 13):
        stack[:2] = reversed(stack[:2])
    name = "PRECALL" if "PRECALL" in dis.opmap else "CALL"

    def calls(x):
        return called(x), add(x, 3)

    resumed = resume(calls, name, {}, [value(), *stack], nth=1)
    assert resumed(1, 2, 3) == (1, 9)
    assert add in [cell.cell_contents for cell in resumed.__closure__]
    assert add not in resumed.__code__.co_consts
