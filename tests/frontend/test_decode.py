"""Bytecode reads the same on every version."""

from __future__ import annotations

import dis
from types import CodeType

from tracejit.frontend.decode import decode, lines
from tracejit.frontend.flow import flow_of


def code_of(source: str) -> CodeType:
    namespace: dict[str, object] = {}
    exec(source, namespace)
    found = namespace["f"].__code__  # type: ignore[attr-defined]
    assert isinstance(found, CodeType)
    return found


LONG = (
    "def f(n):\n    s = 0\n    while n:\n"
    + "        s += n * 3 ^ s\n" * 120
    + "        n -= 1\n    return s"
)
SOURCES = (
    "def f(a, b):\n    for i in range(a):\n        if b: continue\n        a.b(i)\n    return -a",
    "def f(a, b):\n    try:\n        return a // b\n    except ValueError:\n        return b",
    LONG,
)


def test_offsets_and_jump_targets_are_those_of_the_disassembler() -> None:
    for source in SOURCES:
        code = code_of(source)
        instrs = decode(code).instrs
        expected = [row for row in dis.get_instructions(code) if row.opname != "EXTENDED_ARG"]
        assert len(expected) == len(instrs)
        for instr, row in zip(instrs.values(), expected, strict=True):
            assert instr.next in instrs or instr.next == len(code.co_code)
            # An instruction begins with its EXTENDED_ARGs.
            assert instr.offset <= row.offset < instr.next
            if instr.target >= 0 and instr.name != "FOR_ITER":
                assert instr.target == row.argval


def test_operands_are_names_and_constants() -> None:
    code = code_of("def f(a):\n    x = a\n    x **= 1000\n    return x <= abs(a) or a.bit_count()")
    found = [(instr.name, instr.arg) for instr in decode(code).instrs.values()]
    assert ("BINARY_OP", "**") in found
    assert ("COMPARE_OP", "<=") in found
    assert ("LOAD_GLOBAL", ("abs", True)) in found
    assert ("LOAD_METHOD", "bit_count") in found
    assert ("LOAD_CONST", 1000) in found


def test_a_call_with_keywords_is_one_instruction() -> None:
    code = code_of("def f(a, b):\n    a(b, a(x=1), y=b, z=2)\n    return a(b)")
    decoded = decode(code)
    calls = [instr for instr in decoded.instrs.values() if instr.name.startswith("CALL")]
    assert [(call.name, call.arg) for call in calls] == [
        ("CALL_KW", (1, ("x",))),
        ("CALL_KW", (4, ("y", "z"))),
        ("CALL", 1),
    ]
    for call in calls:
        assert call.next in decoded.instrs
        assert not any(call.offset < offset < call.next for offset in decoded.instrs)


def test_a_loop_ends_behind_its_iterator() -> None:
    code = code_of(SOURCES[0])
    instrs = decode(code).instrs
    target = next(instr.target for instr in instrs.values() if instr.name == "FOR_ITER")
    assert instrs[target].name == "LOAD_FAST"


def test_liveness_follows_loops_and_handlers() -> None:
    code = code_of(
        "def f(a, b, c):\n    x = c\n    while a:\n        try:\n            x = a // b\n"
        "        except ValueError:\n            return x\n        a -= 1\n    return 0"
    )
    flow = flow_of(code)
    divisions = [
        instr.offset
        for instr in flow.instrs.values()
        if instr.name == "BINARY_OP" and instr.arg == "//"
    ]
    for offset in divisions:
        assert flow.named(flow.live[offset]) == ("a", "b", "x")
    assert flow.named(flow.live[0]) == ("a", "b", "c")


def test_lines_are_given_for_each_instruction() -> None:
    code = code_of("def f(a):\n    a += 1\n    return a")
    found = lines(code)
    for instr in decode(code).instrs.values():
        assert found[instr.offset] == {"RESUME": 1, "RETURN_VALUE": 3}.get(
            instr.name, found[instr.offset]
        )
    assert set(found.values()) == {1, 2, 3}


def test_a_cell_is_no_local() -> None:
    code = code_of("def g(x):\n    return lambda: lambda: x\nf = g(1)")
    assert "LOAD_CLOSURE" in [instr.name for instr in decode(code).instrs.values()]
    assert flow_of(code)
