"""With registers of few bits, a converted branch gives and leaves what the branch would have."""

from __future__ import annotations

from itertools import product

import pytest

from tests.ir.translated import translated
from tests.opt.narrow_words import registers_of
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.verifier import verify
from tracejit.opt.if_convert import if_convert

BITS = 5
WORDS = range(-16, 16)
ARM = """
function f:
block0(v0: i64, v1: i64):
    v2: bool = igt v1, v0
    br_if v2, {ways}
block1():
    v3: i64 = {sum}                  exit[overflow] @2 x=v0 | v0 v1
    jump block2({given})
block2(v4: i64, v5: i64):
    ret (v4,v5,)
"""


@pytest.mark.parametrize("ways", ["block1(), block2({kept})", "block2({kept}), block1()"])
@pytest.mark.parametrize(
    ("sum", "kept"),
    [
        *[(f"{op} v0, v1", "v0") for op in ("iadd_ovf", "isub_ovf", "uadd_ovf", "usub_ovf")],
        *[(f"{op} v0, v1", "v1") for op in ("iadd_ovf", "uadd_ovf")],
        *[(f"{op} v1, v1", "v1") for op in ("iadd_ovf", "isub_ovf")],
    ],
)
@pytest.mark.parametrize("other", [("v0", "v0"), ("v1", "v0")])
def test_a_sum_leaves_where_its_arm_would_have(
    ways: str, sum: str, kept: str, other: tuple[str, str]
) -> None:
    in_arm, instead = other
    text = ARM.format(ways=ways.format(kept=f"{kept}, {instead}"), sum=sum, given=f"v3, {in_arm}")
    branching, converted = parse(text), parse(text)
    if_convert(converted)
    verify(converted, "machine")
    assert all(inst.op is not Op.br_if for inst in converted.insts())
    found, expected = translated(converted), translated(branching)
    with registers_of(BITS):
        for args in product(WORDS, WORDS):
            assert found(args) == expected(args), args
