"""Sums that go along give what the polynomials gave, and only where they may and where it pays."""

from __future__ import annotations

from itertools import product

import pytest

from tests.ir.translated import translated
from tests.opt.narrow_words import registers_of
from tests.work import calls
from tracejit.ir.function import Function
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.printer import print_function
from tracejit.ir.verifier import verify
from tracejit.opt.induction import MAX_BEFORE, MAX_CARRIED, induction

BITS = 6
LOOP = """
function f:
block0(v0: i64, v1: i64, v2: i64):
    v3: i64 = iconst 0
    v4: i64 = iconst {rounds}
    v5: i64 = iconst 31
    v6: i64 = iconst {start}
    v7: i64 = iconst {step}
    v8: i64 = iconst {factor}
    v9: i64 = iconst -1
{enter}
block1(v10: i64, v11: i64, v12: i64):
{body}
    jump block2()
block2():
    v13: i64 = imul_ovf v11, v5      exit[overflow] @2 x=v10 y={seen} | v11
    v14: i64 = ixor v13, {read}
    v15: i64 = iand v14, v5
    v16: i64 = iadd_wrap v10, {by}
    v17: i64 = iadd_wrap v12, v9
    poll                             exit[interrupt] @4 x=v16 | v15
    v18: bool = ine v17, v3
    br_if v18, block1({next}, v15, v17), block3()
block3():
    ret (v15,{after},)
"""
PARTS = {
    "rounds": "5",
    "start": "0",
    "step": "1",
    "factor": "7",
    "from": "v6",
    "by": "v7",
    "body": "v20 = imul_wrap v10, v8",
    "read": "v20",
    "seen": "v11",
    "after": "v10",
    "next": "v16",
    "enter": "jump block1({from}, v3, v4)",
}
SHAPES = {
    "i * c": ["v20 = imul_wrap v10, v8"],
    "c * i": ["v20 = imul_wrap v8, v10"],
    "i * c + d": ["v19 = imul_wrap v10, v8", "v20 = iadd_wrap v19, v5"],
    "d - i * c": ["v19 = imul_wrap v10, v8", "v20 = isub_wrap v5, v19"],
    "(i + d) * c": ["v19 = iadd_wrap v10, v5", "v20 = imul_wrap v19, v8"],
    "i * i * c": ["v19 = imul_wrap v10, v10", "v20 = imul_wrap v19, v8"],
    "i * c * i": ["v19 = imul_wrap v10, v8", "v20 = imul_wrap v19, v10"],
    "i * i - i * c": [
        "v21 = imul_wrap v10, v10",
        "v19 = imul_wrap v10, v8",
        "v20 = isub_wrap v21, v19",
    ],
    "i * (c - j)": ["v19 = isub_wrap v8, v12", "v20 = imul_wrap v10, v19"],
    "i * c - i * c": [
        "v21 = imul_wrap v10, v8",
        "v19 = imul_wrap v10, v8",
        "v20 = isub_wrap v21, v19",
    ],
}


def text(body: list[str], **parts: str) -> str:
    parts = PARTS | parts
    lines = [f"    {line.replace(' =', ': i64 =', 1)}" for line in body]
    parts["body"] = "\n".join(lines)
    parts["enter"] = "    " + parts["enter"].format(**parts)
    return LOOP.format(**parts)


def multiplications(function: Function) -> int:
    body = function.blocks[1].insts + function.blocks[2].insts
    return sum(inst.op is Op.imul_wrap for inst in body)


def reduced(function: Function) -> Function:
    """What is left once what nobody reads is gone."""
    induction(function)
    verify(function, "machine")
    changes = True
    while changes:
        used = {value for inst in function.insts() for value in inst.uses()}
        changes = False
        for block in function.blocks:
            kept = [i for i in block.insts if i.result is None or i.result in used or i.exit]
            changes |= len(kept) < len(block.insts)
            block.insts = kept
    return function


@pytest.mark.parametrize("seen", ["v11", "v20"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_start_step_and_factor_gives_what_it_gave(shape: str, seen: str) -> None:
    source = text(SHAPES[shape], seen=seen, after="v20", by="v1", **{"from": "v0"})
    source = source.replace("v8", "v2").replace("v2: i64 = iconst 7", "v8: i64 = iconst 7")
    with registers_of(BITS):
        expected, function = parse(source), parse(source)
        # However much it takes before the loop.
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("tracejit.opt.induction.MAX_BEFORE", 100)
            assert multiplications(reduced(function)) == 0
        run, meant = translated(function), translated(expected)
        half = 1 << BITS - 1
        some = (-half, -3, 1, half - 1)
        for args in product(range(-half, half), some, (*some, 0, 7)):
            assert run(args) == meant(args), args


@pytest.mark.parametrize("shape", SHAPES)
def test_constants_are_computed_at_once(shape: str) -> None:
    with registers_of(BITS):
        for start, step, factor in product((-32, -1, 0, 5, 31), (-7, 1, 16), (-1, 6, 7, 25)):
            numbers = {"start": str(start), "step": str(step), "factor": str(factor)}
            source = text(SHAPES[shape], **numbers)
            function = reduced(parse(source))
            before = function.entry.insts
            assert all(inst.op.has_imm for inst in before[:-1])
            args = (0, 0, 0)
            assert translated(function)(args) == translated(parse(source))(args), numbers
            assert multiplications(function) == 0 or factor == 6


def is_reduced(source: str) -> bool:
    """Whether it is; and if so, it still does what it did."""
    function = parse(source)
    before, expected = print_function(function), translated(parse(source))
    induction(function)
    verify(function, "machine")
    for args in product((-5, 1, 2**62), repeat=3):
        assert translated(function)(args) == expected(args)
    return print_function(function) != before


def test_a_product_that_every_iteration_computes_is_reduced() -> None:
    assert is_reduced(text(SHAPES["i * c"]))


@pytest.mark.parametrize("factor", [0, 1, 2, 3, 8, 9, 10, 40])
def test_what_one_addition_or_a_shift_gives_stays(factor: int) -> None:
    assert is_reduced(text(SHAPES["i * c"], factor=str(factor))) == (factor == 0)


def test_a_square_stays_as_it_costs_two_additions() -> None:
    assert not is_reduced(text(["v20 = imul_wrap v10, v10"]))


def test_what_others_read_does_not_vanish_and_so_saves_nothing() -> None:
    square = ["v21 = imul_wrap v10, v10", "v20 = iadd_wrap v21, v8"]
    assert is_reduced(text(square))
    assert not is_reduced(text(square, seen="v21"))
    assert not is_reduced(text([*square, "v22 = ixor v21, v5"]))


def test_polynomials_of_the_third_degree_stay_but_for_what_they_are_made_of() -> None:
    cube = ["v21 = imul_wrap v10, v10", "v20 = imul_wrap v21, v10"]
    assert not is_reduced(text(cube))
    assert is_reduced(
        text(["v22 = iadd_wrap v10, v5", "v23 = imul_wrap v22, v8", *cube], seen="v23")
    )


def test_products_that_are_checked_stay() -> None:
    checked = "v20 = imul_ovf v10, v8 exit[overflow] @2 x=v10 y=v11 | v11"
    assert not is_reduced(text([checked]))


def test_a_variable_that_grows_by_different_numbers_is_no_counter() -> None:
    for by in ("v11", "v12", "v10"):
        assert not is_reduced(text(SHAPES["i * c"], by=by))
    assert is_reduced(text(SHAPES["i * c"], by="v2"))


def test_a_variable_that_gets_something_else_is_no_counter() -> None:
    for following in ("v15", "v17", "v3", "v10"):
        assert not is_reduced(text(SHAPES["i * c"], next=following))


def test_what_only_some_iterations_compute_stays() -> None:
    source = text(SHAPES["i * c"])
    way = "    jump block2()\nblock2():\n"
    assert way in source
    branch = """    v30: bool = ilt v10, v5
    br_if v30, block4(), block5()
block4():
    v31: i64 = imul_wrap v10, v8
    jump block2(v31)
block5():
    jump block2(v5)
block2(v32: i64):
"""
    sometimes = source.replace(way, branch)
    assert is_reduced(sometimes)
    assert not is_reduced(sometimes.replace("ixor v13, v20", "ixor v13, v32"))


def test_loops_with_two_ways_round_or_in_are_left_alone() -> None:
    source = text(SHAPES["i * c"])
    twice = """    v30: bool = ilt v14, v5
    br_if v30, block1(v16, v14, v17), block4()
block4():
    v18: bool = ine v17, v3
"""
    assert not is_reduced(source.replace("    v18: bool = ine v17, v3\n", twice))
    either = """v30: bool = ilt v0, v5
    br_if v30, block1(v6, v3, v4), block5()
block5():
    jump block1(v5, v3, v4)"""
    assert not is_reduced(text(SHAPES["i * c"], enter=either))


def test_a_branch_into_the_loop_gets_a_block_of_its_own() -> None:
    enter = "v30: bool = ilt v0, v5\n    br_if v30, block1(v0, v3, v4), block3(v5, v5)"
    source = text(SHAPES["i * c"], enter=enter)
    source = source.replace("block3()", "block3(v15, v10)")
    source = source.replace(
        "block3(v15, v10):\n    ret (v15,v10,)", "block3(v41: i64, v42: i64):\n    ret (v41,v42,)"
    )
    assert is_reduced(source)


def test_little_is_computed_before_the_loop() -> None:
    for shape, carried in (("i * c + d", 1), ("i * i * c", 0), ("i * i - i * c", 1)):
        function = parse(text(SHAPES[shape], by="v1", **{"from": "v0"}))
        induction(function)
        verify(function, "machine")
        added = [inst for inst in function.entry.insts[:-1] if not inst.op.has_imm]
        assert len(function.blocks[1].params) == 3 + carried
        assert len(added) <= MAX_BEFORE


def test_a_loop_that_needs_the_registers_keeps_them() -> None:
    source = text(SHAPES["i * c"])
    for extra in range(MAX_CARRIED):
        params = "".join(f", v{50 + at}: i64" for at in range(extra))
        names = "".join(f", v{50 + at}" for at in range(extra))
        more = source.replace("v12: i64)", f"v12: i64{params})")
        more = more.replace("v3, v4)\nblock1", f"v3, v4{', v3' * extra})\nblock1")
        more = more.replace("v15, v17)", f"v15, v17{names})")
        assert is_reduced(more) == (3 + extra + 1 <= MAX_CARRIED), extra


def test_the_test_stays_beside_what_it_tests() -> None:
    source = text(SHAPES["i * c"])
    poll = "    poll                             exit[interrupt] @4 x=v16 | v15\n"
    assert poll in source
    function = parse(source.replace(poll, ""))
    induction(function)
    *_, counted, compare, branch = function.blocks[2].insts
    assert compare.args[0] is counted.result
    assert branch.args == [compare.result]


@pytest.mark.parametrize("home", [1, 2])
def test_bounds_hold_where_every_iteration_begins_with_the_polynomial(home: int) -> None:
    source = text(SHAPES["i * c"])
    if home == 2:
        line = "    v20: i64 = imul_wrap v10, v8\n"
        source = source.replace(line, "").replace("block2():\n", f"block2():\n{line}", 1)
    function = parse(source)
    (polynomial,) = (i.value for b in function.blocks for i in b.insts if i.op is Op.imul_wrap)
    function.ranges[polynomial] = (0, 28)
    induction(function)
    carried = function.blocks[1].params[-1]
    assert carried in function.ranges if home == 1 else carried not in function.ranges


LOOPS = """
block{n}1(v{n}1: i64):
    jump block{n}2(v0, v1)
block{n}2(v{n}2: i64, v{n}3: i64):
    v{n}4: i64 = imul_wrap v{n}2, v2
    v{n}5: i64 = ixor v{n}3, v{n}4
    v{n}6: i64 = iadd_wrap v{n}2, v3
    poll                             exit[interrupt] @4 x=v{n}6 | v{n}5
    v{n}7: bool = ilt v{n}6, v1
    br_if v{n}7, block{n}2(v{n}6, v{n}5), block{m}1(v{n}5)
"""


def one_after_the_other(count: int) -> Function:
    first = (
        "function f:\nblock0(v0: i64, v1: i64):\n    v2: i64 = iconst 77\n    v3: i64 = iconst 1\n"
    )
    loops = "".join(LOOPS.format(n=at, m=at + 1) for at in range(10, 10 + count))
    last = f"block{10 + count}1(v4: i64):\n    ret v4\n"
    return parse(first + "    jump block101(v0)" + loops + last)


def test_work_is_in_proportion_to_the_program() -> None:
    small, large = one_after_the_other(5), one_after_the_other(80)
    per_small = calls(lambda: induction(small)) / 5
    per_large = calls(lambda: induction(large)) / 80
    assert per_large < 1.25 * per_small
    carried = sum(len(block.params) == 3 for block in large.blocks)
    assert carried == 80
