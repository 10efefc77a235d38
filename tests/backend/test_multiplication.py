"""Products by constants, whatever instructions they are made of."""

from __future__ import annotations

import pytest

from tests.backend.native import compiled
from tracejit.ir.interpreter import interpret
from tracejit.ir.parser import parse

CONSTANTS = [*range(-9, 34), 127, 255, 2**31 - 1, 2**32 - 1, 2**62, 2**63 - 1, 3 << 40, 9 << 59]
FACTORS = [0, 1, -1, 5, 123456789012345, 2**62, -(2**63), 2**63 - 1]


@pytest.mark.parametrize("lives_on", [False, True])
def test_products_by_constants_wrap(lives_on: bool) -> None:
    for constant in CONSTANTS:
        function = parse(f"""function f:
            block0(v0: i64):
                v1: i64 = iconst {constant}
                v2: i64 = imul_wrap v0, v1
                ret {"(v2,v0,)" if lives_on else "v2"}
            """)
        native = compiled(function)
        for factor in FACTORS:
            assert native(factor) == interpret(function, [factor]), (constant, native.text)


@pytest.mark.parametrize("constant", [3, 6, 7, 31, 40, 72])
def test_near_powers_of_two_need_no_multiplication(constant: int) -> None:
    native = compiled(
        parse(f"""function f:
        block0(v0: i64):
            v1: i64 = iconst {constant}
            v2: i64 = imul_wrap v0, v1
            ret v2
        """)
    )
    # The entry multiplies by the sign.
    assert native.text.count("imul") == 1
