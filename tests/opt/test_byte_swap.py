"""One instruction swaps the bytes of what had them swapped, and of nothing else."""

from __future__ import annotations

import random

import pytest

from tests.ir.translated import translated
from tests.opt.narrow_words import registers_of
from tracejit.ir.function import Function
from tracejit.ir.interpreter import Returned
from tracejit.ir.ops import Op
from tracejit.ir.parser import parse
from tracejit.ir.printer import print_function
from tracejit.ir.verifier import verify
from tracejit.opt.byte_swap import byte_swap, composed, parts_of


def built(lines: list[str]) -> Function:
    """`x` is the argument, `r` the result; each line may name the results of those before."""
    names = {"x": "v0"}
    text = ["function f:", "block0(v0: i64):"]
    for line in lines:
        name, _, operation = line.partition(" = ")
        op, _, operands = operation.partition(" ")
        args = []
        for operand in operands.split(", "):
            if operand not in names:
                constant = f"v{len(text)}"
                text.append(f"    {constant}: i64 = iconst {operand}")
                args.append(constant)
            else:
                args.append(names[operand])
        names[name] = f"v{len(text)}"
        text.append(f"    {names[name]}: i64 = {op} {', '.join(args)}")
    return parse("\n".join([*text, f"    ret {names['r']}"]))


def groups(bits: int, width: int, name: str, result: str) -> list[str]:
    """Lines that let neighbouring groups of so many bits change places."""
    low = sum((1 << bits) - 1 << at for at in range(0, width, 2 * bits))
    mask = low - (1 << 64) if low >> 63 else low
    return [
        f"a{bits} = ushr_wrap {name}, {bits}",
        f"b{bits} = iand a{bits}, {mask}",
        f"c{bits} = iand {name}, {mask}",
        f"d{bits} = ishl_wrap c{bits}, {bits}",
        f"{result} = ior b{bits}, d{bits}",
    ]


def swaps(function: Function) -> bool:
    expected = translated(built_again(function))
    byte_swap(function)
    verify(function, "machine")
    run = translated(function)
    for number in (0, 1, -1, 0x0102030405060708, -0x0102030405060708, 2**63 - 1, -(2**63), 0x80FF):
        assert run([number]) == expected([number])
    return any(inst.op is Op.ibyte_swap for inst in function.insts())


def built_again(function: Function) -> Function:
    return parse(print_function(function))


def by_bytes(size: int, order: list[int] | None = None, shift: int = 0) -> list[str]:
    """Byte by byte, each to the place that `order` says."""
    lines, terms = [], []
    for at, to in enumerate(order or reversed(range(size))):
        left = 8 * (to - at) + shift
        lines.append(f"m{at} = iand x, {0xFF << 8 * at if at < 7 else -(1 << 56)}")
        lines.append(f"s{at} = {'ishl_wrap' if left >= 0 else 'ushr_wrap'} m{at}, {abs(left)}")
        terms.append(f"s{at}")
    total = terms[0]
    for at, term in enumerate(terms[1:]):
        name = "r" if at == size - 2 else f"t{at}"
        lines.append(f"{name} = ior {total}, {term}")
        total = name
    return lines


@pytest.mark.parametrize("size", [4, 8])
def test_byte_by_byte(size: int) -> None:
    assert swaps(built(by_bytes(size)))


def test_of_all_other_orders_none_is_taken_for_it() -> None:
    chosen = random.Random(5)
    for _ in range(200):
        order = chosen.sample(range(8), 8)
        assert swaps(built(by_bytes(8, order))) == (order == [7, 6, 5, 4, 3, 2, 1, 0])
    assert not swaps(built(by_bytes(4, shift=8)))
    assert not swaps(built(by_bytes(3)))


def test_by_groups_of_bytes_in_any_order() -> None:
    for chosen in ([8, 16, 32], [32, 16, 8], [16, 8, 32]):
        lines, name = [], "x"
        for bits in chosen:
            result = "r" if bits == chosen[-1] else f"r{bits}"
            lines += groups(bits, 64, name, result)
            name = result
        assert swaps(built(lines))


@pytest.mark.parametrize("left_out", [8, 16, 32])
def test_not_if_a_size_is_left_out(left_out: int) -> None:
    lines, name = [], "x"
    sizes = [bits for bits in (8, 16, 32) if bits != left_out]
    for bits in sizes:
        result = "r" if bits == sizes[-1] else f"r{bits}"
        lines += groups(bits, 64, name, result)
        name = result
    assert not swaps(built(lines))


def test_the_last_steps_of_a_reversal_of_all_bits() -> None:
    lines, name = [], "x"
    for bits in (1, 2, 4, 8, 16, 32):
        result = "r" if bits == 32 else f"r{bits}"
        lines += groups(bits, 64, name, result)
        name = result
    function = built(lines)
    assert swaps(function)
    (swap,) = (inst for inst in function.insts() if inst.op is Op.ibyte_swap)
    assert repr(swap.args[0]) in {repr(i.result) for i in function.insts() if i.op is Op.ior}


@pytest.mark.parametrize("at", range(16))
def test_no_line_may_be_a_little_different(at: int) -> None:
    lines = by_bytes(8)
    name, _, operation = lines[at].partition(" = ")
    if "iand" in operation:
        mask = int(operation.split(", ")[1])
        changed = [f"iand x, {mask ^ 1 << 4 * at + 3}", f"ior x, {mask}"]
    else:
        op, operand, count = operation.replace(",", "").split()
        changed = [f"{op} {operand}, {int(count) ^ 8}", f"ishr_wrap {operand}, {count}"]
    for other in changed:
        assert not swaps(built([*lines[:at], f"{name} = {other}", *lines[at + 1 :]]))


def test_parts_of_different_values_are_not_put_together() -> None:
    lines = ["y = ixor x, 7", *by_bytes(8)]
    assert swaps(built(lines))
    assert not swaps(built([line.replace("m3 = iand x", "m3 = iand y") for line in lines]))


def test_where_bits_go_is_exact() -> None:
    chosen = random.Random(3)
    with registers_of(16):
        for _ in range(60):
            lines = []
            for level, (name, result) in enumerate((("x", "y"), ("y", "r"))):
                terms = []
                for at in range(3):
                    op = chosen.choice(("ishl_wrap", "ushr_wrap"))
                    mask = chosen.randrange(-(2**15), 2**15)
                    lines.append(f"m{level}{at} = iand {name}, {mask}")
                    lines.append(f"s{level}{at} = {op} m{level}{at}, {chosen.randrange(16)}")
                    terms.append(f"s{level}{at}")
                lines.append(f"o{level} = ior {terms[0]}, {terms[1]}")
                lines.append(f"{result} = ior o{level}, {terms[2]}")
            function = built(lines)
            outer = parts_of(function.blocks[0].insts[-1].returned())  # type: ignore[arg-type]
            assert outer is not None
            inner = parts_of(outer[0])
            assert inner is not None
            assert inner[0] is function.entry.params[0]
            moves = composed(outer[1], inner[1])
            run = translated(function)
            for bit in range(16):
                expected = sum(1 << bit + by for by, mask in moves.items() if mask >> bit & 1)
                found = run([(1 << bit) - (1 << 16) * (bit == 15)])
                assert isinstance(found, Returned)
                assert found.value % 2**16 == expected  # type: ignore[operator]


def test_every_number_of_sixteen_bits() -> None:
    lines = ["a = ushr_wrap x, 8", "b = ishl_wrap x, 8", "r = ior a, b"]
    with registers_of(16):
        function, expected = built(lines), translated(built(lines))
        byte_swap(function)
        assert any(inst.op is Op.ibyte_swap for inst in function.insts())
        run = translated(function)
        for number in range(-(2**15), 2**15):
            assert run([number]) == expected([number])
