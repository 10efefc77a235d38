"""The text of LIR prints and parses."""

from __future__ import annotations

import pytest

from tests.backend.native import TARGET
from tests.backend.random_ir import random_function
from tracejit.backend.lir import print_lir
from tracejit.backend.lir_parser import LirParseError, parse_lir
from tracejit.backend.lower import lower
from tracejit.backend.regalloc import allocate
from tracejit.backend.regalloc_checker import check
from tracejit.backend.target import MemoryIs
from tracejit.ir.types import BOOL

GUARDS = (MemoryIs((2**40, 12), 4, 7), MemoryIs((2**41,), 8, 2**42))


@pytest.mark.parametrize("seed", range(20))
def test_text_gives_the_same_function_back(seed: int) -> None:
    function = random_function(seed, 40)
    signature = [bool if p.type == BOOL else int for p in function.entry.params]
    lir = lower(function, signature, GUARDS, TARGET)
    text = print_lir(lir)
    again = parse_lir(text)
    assert print_lir(again) == text
    allocate(lir)
    allocate(again)
    check(again)
    assert print_lir(again) == print_lir(lir)
    assert print_lir(parse_lir(print_lir(lir))) == print_lir(lir)


@pytest.mark.parametrize(
    "text",
    ["", "function f:", "lir f:\nblock0:\n    frobnicate v0", "lir f:\nblock0:\n    mov v0, foo"],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(LirParseError):
        parse_lir(text)
