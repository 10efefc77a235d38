"""The opcode table: each row means what Python means, and is known wherever opcodes must be."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracejit.ir.ops import NUMBERED, OF_VARIABLES, OVF_FORM, WRAP_FORM, Op, Opcode, Undefined
from tracejit.ir.parser import parse
from tracejit.ir.printer import print_function
from tracejit.ir.types import fits_i64, wrap_i64

FILETESTS = Path(__file__).parent.parent / "filetests"
CONTROL = (
    *NUMBERED,
    *OF_VARIABLES,
    Op.store,
    Op.refund,
    Op.poll,
    Op.jump,
    Op.br_if,
    Op.ret,
    Op.leave,
)
CONSTANT = {Op.iconst: "1", Op.bconst: "True", Op.fconst: "-1.5e-07"}
SUFFIX = {
    **dict.fromkeys(NUMBERED, " 0"),
    **dict.fromkeys(OF_VARIABLES, " global.x"),
    Op.ret: " v0",
    Op.jump: " block1()",
    Op.br_if: " v9, block1(), block1()",
}


def sample(op: Opcode) -> str:
    """A line of text with the opcode in it."""
    integer = "i64" if op.only == "machine" else "int"
    names = {"int": "v0", "bool": "v9", "f64": "v7", None: "v0"}
    text = op.name + SUFFIX.get(op, " " + ", ".join(names[type] for type in op.operands))
    if op.has_imm:
        text = f"{op.name} {CONSTANT[op]}"
    if op.result is not None:
        result = integer if op.result in ("int", "same") else op.result
        text = f"v8: {result} = {text}"
    if op.exit != "never":
        text = f"{text.rstrip():<32} exit[why] @6 a=v0"
    return "    " + text.rstrip()


def round_trips(op: Opcode) -> bool:
    integer = "i64" if op.only == "machine" else "int"
    lines = [
        "function f:",
        f"block0(v0: {integer}, v9: bool, v7: f64):",
        sample(op),
        "block1():",
    ]
    text = "\n".join([*lines, "    ret None", ""])
    return print_function(parse(text)) == text


def has_meaning(op: Opcode) -> bool:
    return op.meaning is not None or op.has_imm or op in CONTROL


def mentioned_in_filetests() -> set[str]:
    return {
        word
        for path in FILETESTS.rglob("*.ir")
        for word in re.findall(r"\w+", path.read_text().partition("# output")[0])
    }


def lowered() -> set[str]:
    """The names of the opcodes that instruction selection has a rule for."""
    rules = importlib.import_module("tracejit.backend.lower").RULES
    return {op.name for op in rules}


def test_every_opcode_is_known_everywhere() -> None:
    mentioned, lowerings = mentioned_in_filetests(), lowered()
    missing = []
    for op in Op.by_name.values():
        if not round_trips(op):
            missing.append(f"{op.name}: does not come back from its text")
        if not has_meaning(op):
            missing.append(f"{op.name}: has no meaning")
        if op.name not in mentioned:
            missing.append(f"{op.name}: is in no filetest")
        if op.only != "exact" and op.name not in lowerings:
            missing.append(f"{op.name}: has no lowering")
    assert not missing, "\n" + "\n".join(missing)


def test_rows_are_distinct_and_named_as_their_attributes() -> None:
    for name, op in Op.by_name.items():
        assert op.name == name
        assert getattr(Op, name) is op
    assert len(set(Op.by_name.values())) == len(Op.by_name)


INTEGERS = st.one_of(
    st.integers(-10, 10),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, -1, 2**31, 2**62, 2**63 - 1, -(2**63), -(2**63) + 1, 63, 64]),
)


@pytest.mark.parametrize("op", OVF_FORM, ids=lambda op: op.name)
def test_machine_forms_follow_the_exact_meaning(op: Opcode) -> None:
    checked, wrapping = OVF_FORM[op].meaning, WRAP_FORM[op].meaning
    assert op.meaning is not None
    assert checked is not None
    assert wrapping is not None
    exact = op.meaning

    @given(INTEGERS, INTEGERS)
    @example(-(2**63), -1)
    def follow(a: int, b: int) -> None:
        operands = (a, min(b, 1000)) if "sh" in op.name else (a, b)
        operands = operands[: len(op.operands)]
        try:
            result = exact(*operands)
        except Undefined:
            with pytest.raises(Undefined):
                checked(*operands)
            with pytest.raises(Undefined):
                wrapping(*operands)
            return
        assert wrapping(*operands) == wrap_i64(result)
        if fits_i64(result):
            assert checked(*operands) == result
        else:
            with pytest.raises(Undefined):
                checked(*operands)

    follow()


@pytest.mark.parametrize(
    "op", [op for op in Op.by_name.values() if op.commutes], ids=lambda o: o.name
)
def test_commuting_rows_commute(op: Opcode) -> None:
    @given(INTEGERS, INTEGERS)
    def commutes(a: int, b: int) -> None:
        assert op.meaning is not None
        if op.operands == ("bool", "bool"):
            a, b = a > 0, b > 0
        try:
            assert op.meaning(a, b) == op.meaning(b, a)
        except Undefined:
            with pytest.raises(Undefined):
                op.meaning(b, a)

    commutes()
