"""Choices of instructions that random programs rarely reach: they are made, and they are right."""

from __future__ import annotations

import pytest

from tests.backend.native import Native, compiled
from tests.backend.random_ir import FITTING
from tracejit.ir.function import Function
from tracejit.ir.interpreter import interpret
from tracejit.ir.parser import parse

U32 = (0, 2**32 - 1)


def with_ranges(text: str, *ranges: tuple[int, int]) -> Function:
    function = parse(text)
    function.ranges = dict(zip(function.entry.params, ranges, strict=False))
    return function


def agrees_everywhere(native: Native) -> None:
    """On every edge number that the parameters' ranges allow."""
    params = native.function.entry.params
    choices = []
    for param in params:
        low, high = native.function.range_of(param)
        choices.append([x for x in FITTING if low <= x <= high])
    for a in choices[0]:
        for b in choices[1] if len(params) > 1 else [None]:
            args = [a] if b is None else [a, b]
            assert native(*args) == native.expected(args), (args, native.text)


@pytest.mark.parametrize("divisor", [1, 2, 8, 2**31, 2**32, 2**40, 2**62])
@pytest.mark.parametrize("op", ["ieq", "ine"])
def test_a_remainder_by_a_power_of_two_compared_with_zero_is_a_test(op: str, divisor: int) -> None:
    native = compiled(
        parse(f"""function f:
        block0(v0: i64):
            v1: i64 = iconst {divisor}
            v2: i64 = imod_wrap v0, v1
            v3: i64 = iconst 0
            v4: bool = {op} v2, v3
            ret v4
        """)
    )
    assert "test" in native.text
    agrees_everywhere(native)


@pytest.mark.parametrize("mask", [1, 8, -2, 2**31, 2**32 - 1, 2**40, 2**40 + 1, -(2**63), -(2**40)])
@pytest.mark.parametrize("op", ["ieq", "ine"])
def test_masks_of_every_size_are_tested(op: str, mask: int) -> None:
    native = compiled(
        parse(f"""function f:
        block0(v0: i64):
            v1: i64 = iconst {mask}
            v2: i64 = iand v1, v0
            v3: i64 = iconst 0
            v4: bool = {op} v3, v2
            ret v4
        """)
    )
    assert "and " not in native.text.split("imul", 1)[1].split("miss:")[0].replace("and rsp", "")
    agrees_everywhere(native)


@pytest.mark.parametrize("op", ["iand", "ior", "ixor"])
@pytest.mark.parametrize("mask", [0xEDB88320, 0xFFFFFFFF, 0x80000000, 0x7FFFFFFF])
def test_unsigned_32_bit_masks_need_no_register(op: str, mask: int) -> None:
    native = compiled(
        with_ranges(
            f"""function f:
            block0(v0: i64):
                v1: i64 = iconst {mask}
                v2: i64 = {op} v0, v1
                ret v2
            """,
            U32,
        )
    )
    agrees_everywhere(native)


@pytest.mark.parametrize("op", ["ishr_ovf", "ishr_wrap", "ishl_wrap"])
def test_shifts_by_counts_in_proven_ranges(op: str) -> None:
    exit = "exit[shift] @2 | v0 v1" if op.endswith("ovf") else ""
    counts = (0, 63) if op == "ishl_wrap" else (0, 2**63 - 1)
    for high in (63, counts[1]):
        native = compiled(
            with_ranges(
                f"""function f:
                block0(v0: i64, v1: i64):
                    v2: i64 = {op} v0, v1 {exit}
                    ret v2
                """,
                (-(2**63), 2**63 - 1),
                (0, high),
            )
        )
        agrees_everywhere(native)


@pytest.mark.parametrize("count", [*range(9), 31, 32, 62, 63])
@pytest.mark.parametrize("op", ["ishl_wrap", "ishl_ovf", "ishr_wrap"])
def test_shifts_by_constants_of_what_lives_on(op: str, count: int) -> None:
    exit = "exit[shift] @2 | v0 v1" if op.endswith("ovf") else ""
    agrees_everywhere(
        compiled(
            parse(f"""function f:
            block0(v0: i64):
                v1: i64 = iconst {count}
                v2: i64 = {op} v0, v1 {exit}
                ret (v0,v2,)
            """)
        )
    )


@pytest.mark.parametrize("factor", [*range(-10, 11), 24, 25, 27, 45, 2**31, 2**33, 2**62])
@pytest.mark.parametrize("op", ["imul_wrap", "imul_ovf"])
def test_products_by_constants_of_what_lives_on(op: str, factor: int) -> None:
    exit = "exit[overflow] @2 | v0 v1" if op.endswith("ovf") else ""
    agrees_everywhere(
        compiled(
            parse(f"""function f:
            block0(v0: i64):
                v1: i64 = iconst {factor}
                v2: i64 = {op} v0, v1 {exit}
                ret (v0,v2,)
            """)
        )
    )


def test_lengths_and_counts_of_numbers_that_are_not_negative() -> None:
    for low in (0, 1):
        native = compiled(
            with_ranges(
                """function f:
                block0(v0: i64):
                    v1: i64 = ibit_length v0
                    v2: i64 = ibit_count v0
                    ret (v1,v2,)
                """,
                (low, 2**63 - 1),
            )
        )
        assert "neg" not in native.text.split("imul", 1)[1]
        agrees_everywhere(native)


def test_a_loop_that_carries_two_values_round_has_no_jump_but_its_branch() -> None:
    native = compiled(
        parse("""function f:
        block0(v0: i64):
            v1: i64 = iconst 1
            jump block1(v0, v1)
        block1(v2: i64, v3: i64):
            v4: i64 = iadd_wrap v2, v3
            v5: i64 = iconst 1000
            v6: bool = ilt v4, v5
            br_if v6, block1(v3, v4), block2(v3, v4)
        block2(v7: i64, v8: i64):
            ret (v7,v8,)
        """)
    )
    loop = native.text.split(".p2align 4\n")[1]
    lines = loop.split("\n")
    assert "jmp" not in " ".join(lines[: next(i for i, x in enumerate(lines) if x[:2] == "jl") + 1])
    assert native(5) == interpret(native.function, [5])
