"""Lowering of floor division and modulo.

By a constant: multiplication by a reciprocal (Granlund and Montgomery, "Division by Invariant
Integers using Multiplication", 1994), the floor of a negative x taken as ~((~x) // d). By a
variable: the processor's 32-bit unsigned division where both operands fit it, which is several
times as fast as the 64-bit one on many processors; otherwise, out of line, the 64-bit one where
neither is negative, and else a stub that all code shares. Operands with a proven bound beyond 32
bits are mostly products and as large as that: these take the 64-bit division without being asked.
"""

from __future__ import annotations

from tracejit.backend.lir import LirBlock, LirExit, VirtualRegister
from tracejit.backend.selection import Selector, constant_of, lowers
from tracejit.backend.x64 import RAX, RDX, fits_i32
from tracejit.ir.function import Inst
from tracejit.ir.ops import Op
from tracejit.ir.types import I64_MAX, I64_MIN
from tracejit.ir.value import Value

_U32_MAX = 2**32 - 1
_SUMS = frozenset((Op.iadd_ovf, Op.iadd_wrap, Op.uadd_ovf, Op.isub_ovf, Op.isub_wrap, Op.usub_ovf))
_DIFFERENCES = frozenset((Op.isub_ovf, Op.isub_wrap))
_REMAINDERS = frozenset(op for op in Op.by_name.values() if "mod" in op.name)
_MAX_HOPS = 16
"""How many block parameters a remainder is followed through."""


def reciprocal(divisor: int, limit: int = I64_MAX) -> tuple[int, int]:
    """(multiplier, shift) with x // divisor == x * multiplier >> 64 + shift for 0 <= x <= limit.

    The divisor is from 3 to 2**63 - 1 and no power of two; the multiplier is below 2**64.
    """
    shift = (divisor - 1).bit_length() - 1
    multiplier = -(-(1 << (64 + shift)) // divisor)
    while multiplier % 2 == 0 and shift > 0:
        multiplier, shift = multiplier // 2, shift - 1
    assert multiplier < 2**64
    assert is_reciprocal(divisor, multiplier, 64 + shift, limit)
    return multiplier, shift


def short_reciprocal(divisor: int, limit: int) -> tuple[int, int] | None:
    """(multiplier, shift) with x // divisor == x * multiplier >> shift for 0 <= x <= limit.

    Such that the product fits 64 bits and the multiplier an immediate; None where there is none.
    """
    for shift in range(divisor.bit_length(), 64):
        multiplier = -(-(1 << shift) // divisor)
        if not fits_i32(multiplier) or multiplier * limit >= 2**64:
            return None
        if is_reciprocal(divisor, multiplier, shift, limit):
            return multiplier, shift
    return None


def is_reciprocal(divisor: int, multiplier: int, shift: int, limit: int) -> bool:
    """Whether x // divisor == x * multiplier >> shift for all 0 <= x <= limit.

    The multiplier is 2**shift / divisor plus an error that must not carry the worst x, one below a
    multiple of the divisor, over to the next quotient.
    """
    error = multiplier * divisor - (1 << shift)
    return error >= 0 and error * limit < 1 << shift


@lowers(Op.ifloordiv_ovf, Op.ifloordiv_wrap, Op.imod_ovf, Op.imod_wrap)
def lower_division(select: Selector, inst: Inst) -> None:
    divisor = constant_of(inst.args[1])
    quotient = inst.op in (Op.ifloordiv_ovf, Op.ifloordiv_wrap)
    if divisor is None or divisor == 0 or divisor < -1:
        divide_by_register(select, inst, quotient=quotient)
    elif abs(divisor) == 1:
        _divide_by_one(select, inst, quotient, divisor)
    elif quotient:
        _quotient_by_constant(select, select.register(inst.value), inst.args[0], divisor)
    else:
        _remainder_by_constant(select, select.register(inst.value), inst.args[0], divisor)


def _divide_by_one(select: Selector, inst: Inst, quotient: bool, divisor: int) -> None:
    d = select.register(inst.value)
    if not quotient:
        select.emit("mov", d, 0)
        return
    exits = [select.exit(inst.exit)] if inst.op is Op.ifloordiv_ovf and divisor == -1 else []
    select.emit("mov", d, select.source(inst.args[0]))
    if divisor == -1:
        select.emit("neg", d)
    for exit in exits:
        select.emit_exit("jo", exit)


def _quotient_by_constant(
    select: Selector, d: VirtualRegister, dividend: Value, divisor: int
) -> None:
    x = select.register(dividend)
    low, high = select.bounds(dividend)
    if divisor & (divisor - 1) == 0:
        select.emit("mov", d, x)
        select.emit("sar", d, divisor.bit_length() - 1)
        return
    short = short_reciprocal(divisor, high) if low >= 0 else None
    if short is not None:
        select.emit("imul3", d, x, short[0])
        select.emit("shr", d, short[1])
        return
    multiplier, shift = reciprocal(divisor)
    factor = select.constant(multiplier if multiplier <= I64_MAX else multiplier - 2**64)
    sign = None
    if low < 0:
        sign = select.copy(x)
        select.emit("sar", sign, 63)
    select.emit("mov", RAX, x)
    if sign is not None:
        select.emit("xor", RAX, sign)
    select.emit("mul", factor)
    select.emit("mov", d, RDX)
    if shift:
        select.emit("shr", d, shift)
    if sign is not None:
        select.emit("xor", d, sign)


def _remainder_by_constant(
    select: Selector, d: VirtualRegister, dividend: Value, divisor: int
) -> None:
    x = select.register(dividend)
    if divisor & (divisor - 1) == 0:
        select.emit("mov", d, x)
        mask = divisor - 1
        select.emit("and", d, mask if fits_i32(mask) else select.constant(mask))
        return
    quotient = select.temporary()
    _quotient_by_constant(select, quotient, dividend, divisor)
    product = select.temporary()
    if fits_i32(divisor):
        select.emit("imul3", product, quotient, divisor)
    else:
        select.emit("mov", product, quotient)
        select.emit("imul", product, select.constant(divisor))
    select.emit("mov", d, x)
    select.emit("sub", d, product)


def divide_by_register(
    select: Selector, inst: Inst, *, quotient: bool, signed: bool = True
) -> None:
    """Whichever of quotient and remainder; operands that are not signed are unsigned."""
    if quotient or not _is_near(select, inst):
        _divide(select, inst, quotient, signed)
        return
    far, join = select.new_block(cold=True), select.new_block()
    _subtract_once(select, inst, signed, far, join)
    select.emit_cold(far, lambda: _divide(select, inst, quotient, signed), join)


def _is_near(select: Selector, inst: Inst) -> bool:
    """Whether the dividend is likely to be less than a divisor away from the remainder.

    It is a sum or a difference of what is a remainder by the same divisor already: another one, or
    this one as it comes back from the last iteration.
    """
    total, divisor = inst.args
    origin = total.origin
    if not isinstance(origin, Inst) or origin.op not in _SUMS:
        return False
    if any(
        isinstance(operand.origin, Inst)
        and operand.origin.op in _REMAINDERS
        and operand.origin.args[-1] is divisor
        for operand in origin.args
    ):
        return True
    reached = [inst.value]
    for value in reached:
        if value in origin.args:
            return True
        if len(reached) < _MAX_HOPS:
            reached += [param for param in select.flows.get(value, ()) if param not in reached]
    return False


def _subtract_once(
    select: Selector, inst: Inst, signed: bool, far: LirBlock, join: LirBlock
) -> None:
    """The remainder by one subtraction or addition, and on to `join`; or on to `far`.

    Wherever either operand turns out to be negative or the remainder is none, it is far.
    """
    a, b = inst.args
    x, y, d = select.register(a), select.register(b), select.register(inst.value)
    low = select.bounds(a)[0] if signed else 0
    is_difference = signed and isinstance(a.origin, Inst) and a.origin.op in _DIFFERENCES
    if signed and select.bounds(b)[0] < 0:
        go_on_unless(select, "s", y, far)
    select.emit("mov", d, x)
    if is_difference:
        select.emit("add", d, y)
        select.emit("test", x, x)
        select.emit("cmovns", d, x)
    else:
        select.emit("sub", d, y)
        select.emit("cmovb", d, x)
        if low - select.bounds(b)[1] < I64_MIN:
            go_on_unless(select, "s", x, far)
    near = select.new_block()
    select.emit("cmp", d, y)
    select.branch("ae", far, near)
    select.start(near)
    select.emit("jmp", join)


def go_on_unless(select: Selector, condition: str, number: VirtualRegister, far: LirBlock) -> None:
    near = select.new_block()
    select.emit("test", number, number)
    select.branch(condition, far, near)
    select.start(near)


def _divide(select: Selector, inst: Inst, quotient: bool, signed: bool) -> None:
    a, b = inst.args
    zero, overflow = None, None
    if inst.op.exit == "must":
        low, high = select.bounds(b)
        zero = select.exit(inst.exit) if low <= 0 <= high else None
        overflow = select.exit(inst.exit) if quotient and signed else None
    x, y, d = select.register(a), select.register(b), select.register(inst.value)
    if zero is not None:
        select.emit("test", y, y)
        select.emit_exit("je", zero)
    bounds = (select.bounds(a), select.bounds(b))
    signed = signed and min(bounds[0][0], bounds[1][0]) < 0
    most = max(bounds[0][1], bounds[1][1])
    if min(bounds[0][0], bounds[1][0]) >= 0 and most < I64_MAX:
        _divide_unsigned(select, d, x, y, quotient, "div32" if most <= _U32_MAX else "div")
        return
    fast, slow, join = select.new_block(), select.new_block(cold=True), select.new_block()
    high_bits = select.copy(x)
    select.emit("or", high_bits, y)
    select.emit("shr", high_bits, 32)
    select.branch("ne", slow, fast)
    select.start(fast)
    _divide_unsigned(select, d, x, y, quotient, "div32")
    select.emit("jmp", join)
    select.start(slow)
    if signed:
        below_zero = select.new_block(cold=True)
        _divide_natural(select, d, x, y, quotient, below_zero, join)
        select.start(below_zero)
        overflows = bounds[1][0] <= -1 <= bounds[1][1] and bounds[0][0] == I64_MIN
        _divide_signed(select, d, x, y, quotient, overflow if overflows else None)
    else:
        _divide_unsigned(select, d, x, y, quotient, "div")
    select.emit("jmp", join)
    select.start(join)


@lowers(Op.ireciprocal)
def lower_reciprocal(select: Selector, inst: Inst) -> None:
    (divisor,) = inst.args
    d, y = select.register(inst.value), select.register(divisor)
    positive, join = select.new_block(), select.new_block()
    select.emit("mov", d, 0)
    select.emit("test", y, y)
    select.branch("le", join, positive)
    select.start(positive)
    select.emit("mov", RAX, -1)
    select.emit("zero", RDX)
    select.emit("div", y)
    select.emit("mov", d, RAX)
    select.emit("jmp", join)
    select.start(join)


@lowers(Op.imod_by_ovf, Op.imod_by_wrap)
def lower_remainder_by_reciprocal(select: Selector, inst: Inst) -> None:
    """Of what is not negative by what is positive, the quotient is too small by 1 at most.

    The reciprocal v of m is at least 2**64 / m - 1, so that x * v / 2**64 is above x / m - 1.
    """
    a, b, c = inst.args
    x, y, v, d = (select.register(value) for value in (a, b, c, inst.value))
    far, join = select.new_block(cold=True), select.new_block()
    if select.bounds(b)[0] <= 0:
        go_on_unless(select, "le", y, far)
    if select.bounds(a)[0] < 0:
        go_on_unless(select, "s", x, far)
    select.emit("mov", RAX, x)
    select.emit("mul", v)
    product = select.copy(RDX)
    select.emit("imul", product, y)
    select.emit("mov", d, x)
    select.emit("sub", d, product)
    less = select.copy(d)
    select.emit("sub", less, y)
    select.emit("cmovae", d, less)
    select.emit("jmp", join)
    op = Op.imod_ovf if inst.op is Op.imod_by_ovf else Op.imod_wrap
    division = Inst(op, [a, b], None, inst.result, inst.exit)
    select.emit_cold(far, lambda: _divide(select, division, False, True), join)


def _divide_unsigned(
    select: Selector,
    d: VirtualRegister,
    x: VirtualRegister,
    y: VirtualRegister,
    quotient: bool,
    name: str,
) -> None:
    select.emit("mov", RAX, x)
    select.emit("zero", RDX)
    select.emit(name, y)
    select.emit("mov", d, RAX if quotient else RDX)


def _divide_natural(
    select: Selector,
    d: VirtualRegister,
    x: VirtualRegister,
    y: VirtualRegister,
    quotient: bool,
    below_zero: LirBlock,
    join: LirBlock,
) -> None:
    """By `div` where neither operand is negative, else on to `below_zero`."""
    natural = select.new_block(cold=True)
    signs = select.copy(x)
    select.emit("or", signs, y)
    select.branch("s", below_zero, natural)
    select.start(natural)
    _divide_unsigned(select, d, x, y, quotient, "div")
    select.emit("jmp", join)


def _divide_signed(
    select: Selector,
    d: VirtualRegister,
    x: VirtualRegister,
    y: VirtualRegister,
    quotient: bool,
    overflow: LirExit | None,
) -> None:
    """Floor division by the stub, which knows what to do where `idiv` would stop the process."""
    select.emit("mov", RAX, x)
    select.emit("floordiv", y)
    if overflow is not None:
        select.emit_exit("jo", overflow)
    select.emit("mov", d, RAX if quotient else RDX)
