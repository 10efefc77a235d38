"""Remainders by a constant, by way of the quotient, so that `//` and `%` share one division."""

from __future__ import annotations

from tracejit.ir.function import Function, Inst, constant_of
from tracejit.ir.ops import Op
from tracejit.ir.types import I64_MAX, I64_MIN
from tracejit.opt.intervals import floordiv, mul


def divide(function: Function) -> None:
    """x % c -> x - (x // c) * c, for machine integers."""
    for block in function.blocks:
        if Op.imod_wrap not in [inst.op for inst in block.insts]:
            continue
        insts: list[Inst] = []
        for inst in block.insts:
            if inst.op is Op.imod_wrap and constant_of(inst.args[1]) not in (None, 0, -1):
                insts.extend(_by_quotient(function, inst))
            insts.append(inst)
        block.insts = insts


def _by_quotient(function: Function, inst: Inst) -> tuple[Inst, Inst]:
    x, c = inst.args
    quotient = function.new_inst(Op.ifloordiv_wrap, (x, c))
    product = function.new_inst(Op.imul_wrap, (quotient.value, c))
    divisor = function.range_of(c)
    found = floordiv(function.range_of(x), divisor)
    function.ranges[quotient.value] = found
    low, high = mul(found, divisor)
    if low >= I64_MIN and high <= I64_MAX:  # Else it may wrap, and the difference wraps back.
        function.ranges[product.value] = (low, high)
    inst.op, inst.args = Op.isub_wrap, [x, product.value]
    return quotient, product
