"""Floor division and modulo: the reciprocals are proven, and the code is right at the edges."""

from __future__ import annotations

import random

import pytest

from tests.backend.native import Native, compiled
from tests.backend.random_ir import FITTING
from tracejit.backend.lower_division import is_reciprocal, reciprocal, short_reciprocal
from tracejit.ir.interpreter import Left, Returned
from tracejit.ir.parser import parse
from tracejit.ir.types import fits_i64, wrap_i64

DIVISORS = sorted(
    {3, 5, 6, 7, 9, 10, 11, 12, 13, 25, 60, 97, 100, 125, 641, 1000, 3600, 10**9 + 7, 10**18}
    | {2**k + d for k in (5, 16, 31, 32, 33, 61, 62) for d in (-1, 1)}
    | {2**63 - 1, 2**63 - 2, 2**63 // 3}
)


def test_the_condition_for_a_reciprocal_is_exact_enough_on_every_7_bit_number() -> None:
    for divisor in range(3, 128):
        for shift in range(6, 15):
            multiplier = -(-(1 << shift) // divisor)
            if is_reciprocal(divisor, multiplier, shift, 127):
                assert all(x * multiplier >> shift == x // divisor for x in range(128))


def boundaries(divisor: int, limit: int) -> list[int]:
    """Where a quotient that is off would show first."""
    last = limit // divisor * divisor
    found = [0, 1, divisor - 1, divisor, divisor + 1, last - 1, last, last + 1, limit - 1, limit]
    return [x for x in found if 0 <= x <= limit]


def test_every_divisor_has_a_reciprocal_for_63_bits() -> None:
    source = random.Random(1)
    divisors = [*range(3, 3000), *DIVISORS, *(source.getrandbits(62) | 3 for _ in range(3000))]
    for divisor in divisors:
        if divisor & (divisor - 1):
            multiplier, shift = reciprocal(divisor)
            for x in boundaries(divisor, 2**63 - 1):
                assert x * multiplier >> 64 + shift == x // divisor


@pytest.mark.parametrize("limit", [9, 255, 10**6, 2**31 - 1, 2**32 - 1, 2**40])
def test_short_reciprocals_are_right_up_to_their_limit(limit: int) -> None:
    for divisor in (d for d in range(3, 2000) if d & (d - 1)):
        found = short_reciprocal(divisor, limit)
        if found is not None:
            multiplier, shift = found
            assert multiplier * limit < 2**64
            for x in boundaries(divisor, limit):
                assert x * multiplier >> shift == x // divisor


def agree(native: Native, *args: int) -> None:
    assert native(*args) == native.expected(args), (args, native.text)


def near(divisor: int) -> list[int]:
    found = {k * divisor + d for k in (-3, -2, -1, 0, 1, 2, 3) for d in (-1, 0, 1)}
    return [*FITTING, *(x for x in found if -(2**63) <= x < 2**63)]


@pytest.mark.parametrize("op", ["ifloordiv_wrap", "imod_wrap", "ifloordiv_ovf", "imod_ovf"])
def test_by_a_constant(op: str) -> None:
    exit = "exit[division] @6 x=v0" if op.endswith("ovf") else ""
    for divisor in [*DIVISORS, *(-d for d in DIVISORS), 1, -1, 2, 8, 2**62, -8, -(2**63)]:
        native = compiled(
            parse(f"""function f:
            block0(v0: i64):
                v1: i64 = iconst {divisor}
                v2: i64 = {op} v0, v1 {exit}
                ret v2
            """)
        )
        for x in near(divisor):
            agree(native, x)


@pytest.mark.parametrize("op", ["ifloordiv_ovf", "imod_ovf"])
def test_by_a_variable(op: str) -> None:
    native = compiled(
        parse(f"""function f:
        block0(v0: i64, v1: i64):
            v2: i64 = {op} v0, v1 exit[division] @6 x=v0 y=v1
            ret v2
        """)
    )
    for x in FITTING:
        for y in FITTING:
            agree(native, x, y)
    assert native(1, 0) == Left("division", 6, {"x": 1, "y": 0}, ())


@pytest.mark.parametrize("op", ["ifloordiv", "imod"])
@pytest.mark.parametrize("high", [100, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1])
def test_proven_ranges_choose_a_shorter_division_that_is_still_right(op: str, high: int) -> None:
    function = parse(f"""function f:
        block0(v0: i64, v1: i64):
            v2: i64 = {op}_wrap v0, v1
            v3: i64 = iconst 10
            v4: i64 = {op}_wrap v0, v3
            v5: i64 = iconst 1000003
            v6: i64 = {op}_wrap v0, v5
            ret (v2,v4,v6,)
        """)
    x, y = function.entry.params
    function.ranges = {x: (0, high), y: (1, high)}
    native = compiled(function)
    for a in {0, 1, 9, 10, 11, 99, high // 2, high - 1, high}:
        for b in {1, 2, 3, 7, high // 2, high - 1, high}:
            agree(native, a, b)


def test_a_reciprocal_makes_the_quotient_too_small_by_one_at_most() -> None:
    for m in range(1, 128):
        v = 255 // m
        assert all(0 <= x - (x * v >> 8) * m < 2 * m for x in range(256))


@pytest.mark.parametrize("form", ["ovf", "wrap"])
@pytest.mark.parametrize("least", [None, 0])
def test_by_a_reciprocal(form: str, least: int | None) -> None:
    exit = "exit[division] @6 x=v0 m=v1" if form == "ovf" else ""
    function = parse(f"""function f:
        block0(v0: i64, v1: i64):
            v2: i64 = ireciprocal v1
            v3: i64 = imod_by_{form} v0, v1, v2 {exit}
            ret (v2,v3,)
        """)
    first = -(2**63) if least is None else least
    if least is not None:
        function.ranges = {function.entry.params[0]: (least, 2**63 - 1)}
        if form == "wrap":
            function.ranges[function.entry.params[1]] = (1, 2**63 - 1)
    native = compiled(function)
    for m in FITTING:
        if (m == 0 and form == "wrap") or (least is not None and form == "wrap" and m < 0):
            continue
        for x in {
            *FITTING,
            m - 1,
            m + 1,
            2 * m,
            2 * m - 1,
            -m,
            2**63 - 1 - m,
            2**63 // (m or 1) * m,
        }:
            if fits_i64(x) and x >= first:
                agree(native, x, m)


@pytest.mark.parametrize("form", ["ovf", "wrap"])
def test_a_pair_by_a_reciprocal(form: str) -> None:
    exit = "exit[division] @6 x=v0 m=v2" if form == "ovf" else ""
    native = compiled(
        parse(f"""function f:
        block0(v0: i64, v1: i64, v2: i64):
            v3: i64 = ureciprocal_wide v2
            v4: i64 = umod_wide_by_{form} v0, v1, v2, v3 {exit}
            ret (v3,v4,)
        """)
    )
    rng = random.Random(form)
    large = [2**63, 2**63 + 1, 2**63 + 29, 3 * 2**62, 2**64 - 59, 2**64 - 2, 2**64 - 1]
    for m in (*large, *[2**63 | rng.getrandbits(63) for _ in range(40)], 1, 2, 97, 2**32 + 1, 0):
        if m or form == "ovf":
            highs = {0, 1, m // 2, m - 1, m, 2**64 - 1, rng.getrandbits(64) % (m or 1)}
            for high in highs:
                lows = {0, 1, m - 1, 2**64 - 1, -high * 2**64 % (m or 1), rng.getrandbits(64)}
                for low in lows:
                    agree(native, *map(wrap_i64, (high, low, m)))


SUMS = [("imod", op) for op in ("iadd_wrap", "isub_wrap", "iadd_ovf", "isub_ovf")] + [
    ("umod", op) for op in ("iadd_wrap", "uadd_ovf", "usub_ovf")
]


@pytest.mark.parametrize(("mod", "op"), SUMS)
@pytest.mark.parametrize("digit", [False, True])
def test_sums_of_a_remainder_and_anything_by_the_same_divisor(
    mod: str, op: str, digit: bool
) -> None:
    """One subtraction or addition does where it is enough, and only there."""
    exit = "exit[overflow] @4" if op.endswith("ovf") else ""
    function = parse(f"""function f:
        block0(v0: i64, v1: i64, v2: i64):
            v3: i64 = {mod}_ovf v0, v2 exit[division] @2
            v4: i64 = {op} v3, v1 {exit}
            v5: i64 = {mod}_ovf v4, v2 exit[division] @6 m=v2
            ret v5
        """)
    most = 2**30 - 1
    if digit and not op.startswith("u"):
        function.ranges = dict.fromkeys([*function.entry.params], (-most, most))
        function.ranges |= {function.entry.insts[at].value: (-2 * most, 2 * most) for at in (0, 1)}
    native = compiled(function)
    assert "cmovns" in native.text or "cmovb" in native.text or "cmovae" in native.text
    for m in (-most, -7, -1, 0, 1, 2, 97, most) if digit else FITTING:
        for x in (0, 1, 5, m - 1, m // 2, -1, -m) if m else (0, -3):
            for y in (0, 1, m - x, m - x - 1, m - x + 1, x, x + 1, m, -m, -1):
                if all(-most <= v <= most if digit else fits_i64(v) for v in (x, y)):
                    agree(native, x, y, m)


def test_a_remainder_has_the_sign_of_the_divisor() -> None:
    native = compiled(
        parse("""function f:
        block0(v0: i64, v1: i64):
            v2: i64 = imod_ovf v0, v1 exit[division] @6
            ret v2
        """)
    )
    assert [native(*p) for p in ((7, -3), (-7, 3), (-7, -3))] == [
        Returned(-2),
        Returned(2),
        Returned(-1),
    ]


WIDE_DIVISORS = [
    3,
    7,
    10,
    97,
    2**31 - 1,
    2**32 + 1,
    2**61 - 1,
    2**63 - 25,
    2**63,
    2**64 - 59,
    2**64 - 1,
]


@pytest.mark.parametrize("divisor", WIDE_DIVISORS)
def test_pairs_by_constants(divisor: int) -> None:
    """Every high half below the divisor, at the edges, with every low half at the edges."""
    constant = divisor if divisor < 2**63 else divisor - 2**64
    native = compiled(
        parse(
            f"""function f:
block0(v0: i64, v1: i64):
    v2: i64 = iconst {constant}
    v3: i64 = umod_wide_wrap v0, v1, v2
    v4: i64 = ufloordiv_wide_ovf v0, v1, v2 exit[overflow] @0
    ret (u64(v3),u64(v4),)
"""
        )
    )
    edges = {0, 1, 2, divisor - 2, divisor - 1, divisor // 2, 2**31, 2**32 - 1, 2**62, 2**63 - 1}
    for high in (edge for edge in edges | {2**63, 2**64 - 1} if 0 <= edge < divisor):
        for low in (*edges, divisor, 2**63, 2**64 - 1, 2**64 - divisor):
            signed = [(n + 2**63) % 2**64 - 2**63 for n in (high, low)]
            wide = high << 64 | low
            assert native(*signed) == Returned((wide % divisor, wide // divisor)), (high, low)
