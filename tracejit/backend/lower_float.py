"""Lowering of arithmetic on floats, and of conversions."""

from __future__ import annotations

from tracejit.backend.lir import VirtualRegister
from tracejit.backend.lower_comparison import flags_of, without_sign
from tracejit.backend.selection import Selector, lowers
from tracejit.backend.x64 import XMM0, XMM1
from tracejit.ir.function import Inst
from tracejit.ir.ops import LIBM, OWN, Op
from tracejit.ir.types import MOST_EXACT, SIGN_BIT, U64_MAX

_OPERATIONS = {
    Op.fadd: "addsd",
    Op.fsub: "subsd",
    Op.fmul: "mulsd",
    Op.fdiv: "divsd",
    Op.fmin: "minsd",
    Op.fmax: "maxsd",
}
_OF_BITS = {
    Op.fneg: ("xorps", SIGN_BIT),
    Op.fabs: ("andps", U64_MAX - SIGN_BIT),
}
_ROUNDINGS = {Op.ffloor: (9, "floor"), Op.fceil: (10, "ceil"), Op.fround: (8, "nearbyint")}
"""How `roundsd` does it, and the function that does it where there is no such instruction."""
_EXPONENT_AT, _GREATEST_EXPONENT = 53, 2047
"""Of a float whose sign has been shifted out: where its exponent is, and that of no number."""


@lowers(Op.fconst)
def lower_fconst(select: Selector, inst: Inst) -> None:
    """Nothing here: what needs the constant reads it from memory."""


@lowers(*_OPERATIONS)
def lower_operation(select: Selector, inst: Inst) -> None:
    a, b = inst.args
    d = select.register(inst.value)
    right = d if a is b else select.operand(b)
    select.emit("mov", d, select.source(a))
    select.emit(_OPERATIONS[inst.op], d, right)


@lowers(*_OF_BITS)
def lower_of_bits(select: Selector, inst: Inst) -> None:
    name, mask = _OF_BITS[inst.op]
    d = select.register(inst.value)
    select.emit("mov", d, select.source(inst.args[0]))
    select.emit(name, d, mask)


@lowers(Op.fcopysign)
def lower_fcopysign(select: Selector, inst: Inst) -> None:
    a, b = inst.args
    d, sign = select.register(inst.value), select.copy_float(select.source(b))
    select.emit("andps", sign, SIGN_BIT)
    select.emit("mov", d, select.source(a))
    select.emit("andps", d, U64_MAX - SIGN_BIT)
    select.emit("orps", d, sign)


@lowers(Op.fsqrt)
def lower_fsqrt(select: Selector, inst: Inst) -> None:
    d = select.register(inst.value)
    select.emit("mov", d, select.source(inst.args[0]))
    select.emit("sqrtsd", d, d)


@lowers(*_ROUNDINGS)
def lower_rounding(select: Selector, inst: Inst) -> None:
    how, name = _ROUNDINGS[inst.op]
    if select.target.sse41:
        d = select.register(inst.value)
        select.emit("mov", d, select.source(inst.args[0]))
        select.emit("roundsd", d, d, how)
    else:
        _call(select, inst, select.target.libm[name])


@lowers(*LIBM)
def lower_libm(select: Selector, inst: Inst) -> None:
    _call(select, inst, select.target.libm[LIBM[inst.op]])


@lowers(*OWN)
def lower_own(select: Selector, inst: Inst) -> None:
    _call(select, inst, select.target.call_math(OWN[inst.op]))


def _call(select: Selector, inst: Inst, address: int) -> None:
    select.lir.calls = True
    for register, arg in zip((XMM0, XMM1), inst.args, strict=False):
        select.emit("mov", register, select.source(arg))
    function = select.copy(address)
    select.emit(f"call{len(inst.args)}", function)
    select.emit("mov", select.register(inst.value), XMM0)


@lowers(Op.ffloordiv, Op.fmod)
def lower_float_division(select: Selector, inst: Inst) -> None:
    a, b = inst.args
    select.emit("mov", XMM0, select.source(a))
    select.emit("mov", XMM1, select.source(b))
    select.emit("float_divmod", select.copy(select.target.float_divmod()))
    d = select.register(inst.value)
    select.emit("mov", d, XMM0 if inst.op is Op.ffloordiv else XMM1)


@lowers(Op.ito_float, Op.ito_float_exact)
def lower_ito_float(select: Selector, inst: Inst) -> None:
    d, a = select.register(inst.value), select.register(inst.args[0])
    if inst.op is Op.ito_float_exact:
        _leave_unless_exact(select, inst, a)
    _convert(select, d, a)


def _leave_unless_exact(select: Selector, inst: Inst, a: VirtualRegister) -> None:
    exit = select.exit(inst.exit)
    shifted = select.copy(a)
    select.emit("add", shifted, select.constant(MOST_EXACT))
    select.emit("cmp", shifted, select.constant(2 * MOST_EXACT))
    select.emit_exit("ja", exit)


def _convert(select: Selector, d: VirtualRegister, a: VirtualRegister) -> None:
    """The conversion keeps half of its register, which would wait for what wrote that before."""
    select.emit("mov", d, 0)
    select.emit("cvtsi2sd", d, a)


@lowers(Op.uto_float)
def lower_uto_float(select: Selector, inst: Inst) -> None:
    """Half of a large one is converted, its last bit standing for all that is lost, and doubled."""
    d, a = select.register(inst.value), select.register(inst.args[0])
    small, large, join = select.new_block(), select.new_block(cold=True), select.new_block()
    select.emit("test", a, a)
    select.branch("s", large, small)
    select.start(small)
    _convert(select, d, a)
    select.emit("jmp", join)

    def halve() -> None:
        half, odd = select.copy(a), select.copy(a)
        select.emit("shr", half, 1)
        select.emit("and32", odd, 1)
        select.emit("or", half, odd)
        _convert(select, d, half)
        select.emit("addsd", d, d)

    select.emit_cold(large, halve, join)


@lowers(Op.fto_int)
def lower_fto_int(select: Selector, inst: Inst) -> None:
    """What no register holds gives the least integer."""
    d, exit = select.register(inst.value), select.exit(inst.exit)
    select.emit("cvttsd2si", d, select.register(inst.args[0]))
    select.emit("cmp", d, 1)
    select.emit_exit("jo", exit)


@lowers(Op.fnonzero)
def lower_fnonzero(select: Selector, inst: Inst) -> None:
    exit = select.exit(inst.exit)
    without_sign(select, inst.args[0])
    select.emit_exit("je", exit)
    select.emit("mov", select.register(inst.value), select.source(inst.args[0]))


@lowers(Op.ffinite)
def lower_ffinite(select: Selector, inst: Inst) -> None:
    exit = select.exit(inst.exit)
    exponent = without_sign(select, inst.args[0])
    select.emit("shr", exponent, _EXPONENT_AT)
    select.emit("cmp32", exponent, _GREATEST_EXPONENT)
    select.emit_exit("je", exit)
    select.emit("mov", select.register(inst.value), select.source(inst.args[0]))


def choose_float(select: Selector, inst: Inst) -> None:
    """A select, for which floats have no instruction."""
    condition, a, b = inst.args
    d, other, join = select.register(inst.value), select.new_block(), select.new_block()
    left, right = select.source(a), select.source(b)
    chosen = select.copy_float(left)
    code = flags_of(select, condition)
    select.branch(code, join, other)
    select.start(other)
    select.emit("mov", chosen, right)
    select.emit("jmp", join)
    select.start(join)
    select.emit("mov", d, chosen)
