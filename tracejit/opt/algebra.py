"""The algebra of exact and machine opcodes: rules that only shrink or cheapen, by opcode.

A rule sees the operands and which of them are constants, and answers what the result equals: a
value, a constant, an opcode with operands (constants and such answers among them), or None. A rule
may drop an exit that the result makes needless (a sum that is not computed cannot overflow), never
one that is part of the meaning (division by what may be zero).
"""

from __future__ import annotations

from collections.abc import Callable
from math import frexp
from typing import Any, Final, TypeAlias

from tracejit.ir.function import Inst, constant_of
from tracejit.ir.ops import OVF_FORM, WRAP_FORM, Op, Opcode
from tracejit.ir.types import BOOL, F64, WORD, fits_i64
from tracejit.ir.value import Value

Operands: TypeAlias = list[Value]
Known: TypeAlias = list[Any]
"""The constants among the operands, None for the others. A `bool` constant is 0 or 1."""
Computed: TypeAlias = tuple[Opcode, "list[Value | float | Computed]"]
Answer: TypeAlias = Value | float | Computed | None
Rule: TypeAlias = Callable[[Operands, Known], Answer]
Forms: TypeAlias = dict[Opcode, Opcode]

SWAPPED: Final = {Op.ilt: Op.igt, Op.igt: Op.ilt, Op.ile: Op.ige, Op.ige: Op.ile}
"""a < b is b > a."""
INVERSE: Final = {
    Op.ieq: Op.ine,
    Op.ine: Op.ieq,
    Op.ilt: Op.ige,
    Op.ige: Op.ilt,
    Op.ile: Op.igt,
    Op.igt: Op.ile,
}
"""not (a < b) is a >= b."""
_EXTREMES: Final = {Op.flt: (Op.fmin, Op.fmax), Op.fgt: (Op.fmax, Op.fmin)}
"""What `x if x op y else y` is, and what `x if y op x else y` is."""
_LEAST: Final = 2.0**-1022
"""The least positive float with a full mantissa."""
_SHIFTS_RIGHT: Final = (Op.ishr, Op.ishr_wrap, Op.ushr_wrap)


def _operands(value: Value, op: Opcode) -> Operands:
    """The operands of the instruction with that opcode that computes the value; else nothing."""
    origin = value.origin
    return origin.args if isinstance(origin, Inst) and origin.op is op else []


def _log2(value: int | None) -> int | None:
    """k where the value is 2**k and k > 0."""
    if value is not None and value > 1 and value & (value - 1) == 0:
        return value.bit_length() - 1
    return None


def _no_rule(args: Operands, known: Known) -> Answer:
    return None


def _with_form(make: Callable[[Forms], Rule], exact: Opcode) -> dict[Opcode, tuple[Rule, Forms]]:
    """The rule for an exact opcode and its machine forms, each answering in its own form."""
    ishr = WRAP_FORM[Op.ishr]  # a shift by a constant never leaves
    rows: tuple[Forms, ...] = ({}, {**OVF_FORM, Op.ishr: ishr}, dict(WRAP_FORM))
    return {forms.get(exact, exact): (make(forms), forms) for forms in rows}


def _iadd(forms: Forms) -> Rule:
    iadd, ineg = forms.get(Op.iadd, Op.iadd), forms.get(Op.ineg, Op.ineg)

    def rule(args: Operands, known: Known) -> Answer:
        x, y = args
        if known[1] is not None:
            if known[1] == 0:  # x + 0 -> x
                return x
            match _operands(x, iadd):  # (x + c) + d -> x + (c + d)
                case [inner, c] if (first := constant_of(c)) is not None:
                    if fits_i64(first + known[1]):
                        return Op.iadd, [inner, first + known[1]]
            return None
        match _operands(y, ineg):  # x + -y -> x - y
            case [inner]:
                return Op.isub, [x, inner]
        match _operands(x, ineg):  # -x + y -> y - x
            case [inner]:
                return Op.isub, [y, inner]
        return None

    return rule


def _isub(forms: Forms) -> Rule:
    ineg = forms.get(Op.ineg, Op.ineg)

    def rule(args: Operands, known: Known) -> Answer:
        x, y = args
        if x is y:  # x - x -> 0
            return 0
        if known[0] == 0:  # 0 - x -> -x
            return Op.ineg, [y]
        if known[1] is not None and fits_i64(known[1]) and fits_i64(-known[1]):
            return Op.iadd, [x, -known[1]]  # x - c -> x + -c
        match _operands(y, ineg):  # x - -y -> x + y
            case [inner]:
                return Op.iadd, [x, inner]
        return None

    return rule


def _imul(forms: Forms) -> Rule:
    def rule(args: Operands, known: Known) -> Answer:
        x = args[0]
        match known[1]:
            case 0:  # x * 0 -> 0
                return 0
            case 1:  # x * 1 -> x
                return x
            case -1:  # x * -1 -> -x
                return Op.ineg, [x]
            case 2:  # x * 2 -> x + x
                return Op.iadd, [x, x]
        return None

    return rule


def _ineg(forms: Forms) -> Rule:
    ineg, isub = forms.get(Op.ineg, Op.ineg), forms.get(Op.isub, Op.isub)

    def rule(args: Operands, known: Known) -> Answer:
        match _operands(args[0], ineg), _operands(args[0], isub):
            case [x], _:  # --x -> x
                return x
            case _, [x, y]:  # -(x - y) -> y - x
                return Op.isub, [y, x]
        return None

    return rule


def _iabs(forms: Forms) -> Rule:
    iabs, ineg = forms.get(Op.iabs, Op.iabs), forms.get(Op.ineg, Op.ineg)

    def rule(args: Operands, known: Known) -> Answer:
        if _operands(args[0], iabs):  # abs(abs(x)) -> abs(x)
            return args[0]
        match _operands(args[0], ineg):  # abs(-x) -> abs(x)
            case [x]:
                return Op.iabs, [x]
        return None

    return rule


def _ishl(forms: Forms) -> Rule:
    wraps = forms.get(Op.ishl) is Op.ishl_wrap

    def rule(args: Operands, known: Known) -> Answer:
        count = known[1]
        if count == 0:  # x << 0 -> x
            return args[0]
        if wraps and count is not None and 0 < count < WORD:
            match _operands(args[0], Op.iand):
                # (x & m) << c -> x << c, where the shift drops all that the mask drops
                case [x, mask] if (ones := constant_of(mask)) is not None:
                    if ~ones & ((1 << WORD - count) - 1) == 0:
                        return Op.ishl, [x, count]
        return None

    return rule


def _ishr(forms: Forms) -> Rule:
    ishr = forms.get(Op.ishr, Op.ishr)

    def rule(args: Operands, known: Known) -> Answer:
        if known[1] is None or known[1] < 0:
            return None
        if known[1] == 0:  # x >> 0 -> x
            return args[0]
        match _operands(args[0], ishr):  # (x >> c) >> d -> x >> (c + d)
            case [x, c] if (first := constant_of(c)) is not None and first >= 0:
                if fits_i64(first + known[1]):
                    return Op.ishr, [x, first + known[1]]
        return None

    return rule


def _ifloordiv(forms: Forms) -> Rule:
    def rule(args: Operands, known: Known) -> Answer:
        x, divisor = args[0], known[1]
        if divisor == 1:  # x // 1 -> x
            return x
        if divisor == -1:  # x // -1 -> -x
            return Op.ineg, [x]
        power = _log2(divisor)
        return (Op.ishr, [x, power]) if power is not None else None  # x // 2**k -> x >> k

    return rule


def _imod(forms: Forms) -> Rule:
    def rule(args: Operands, known: Known) -> Answer:
        divisor = known[1]
        if divisor in (1, -1):  # x % 1 -> 0
            return 0
        if _log2(divisor) is not None and divisor is not None:
            return Op.iand, [args[0], divisor - 1]  # x % 2**k -> x & (2**k - 1)
        return None

    return rule


def _iand(args: Operands, known: Known) -> Answer:
    x, y = args
    if x is y or known[1] == -1:  # x & x -> x, x & -1 -> x
        return x
    if known[1] == 0:  # x & 0 -> 0
        return 0
    return _regroup(Op.iand, x, known[1])


def _ior(args: Operands, known: Known) -> Answer:
    x, y = args
    if x is y or known[1] == 0:  # x | x -> x, x | 0 -> x
        return x
    if known[1] == -1:  # x | -1 -> -1
        return -1
    return _regroup(Op.ior, x, known[1])


def _ixor(args: Operands, known: Known) -> Answer:
    x, y = args
    if x is y:  # x ^ x -> 0
        return 0
    if known[1] == 0:  # x ^ 0 -> x
        return x
    if known[1] == -1:  # x ^ -1 -> ~x
        return Op.inot, [x]
    return _regroup(Op.ixor, x, known[1]) or _prefix_xor(x, y) or _prefix_xor(y, x)


def _prefix_xor(x: Value, y: Value) -> Answer:
    """z ^ z >> 2 * k for x ^ x >> k, where x is z ^ z >> k: the shift by k, twice, is 1."""
    match _shifted_right(x, y):
        case shift, k if 2 * k < WORD:
            match _operands(x, Op.ixor):
                case [z, shifted] if _shifted_right(z, shifted) == (shift, k):
                    return Op.ixor, [z, (shift, [z, 2 * k])]
                case [shifted, z] if _shifted_right(z, shifted) == (shift, k):
                    return Op.ixor, [z, (shift, [z, 2 * k])]
    return None


def _shifted_right(x: Value, y: Value) -> tuple[Opcode, int] | None:
    """How far to the right x is shifted to give y, if it is, and the opcode that does it."""
    origin = y.origin
    if isinstance(origin, Inst) and origin.op in _SHIFTS_RIGHT and origin.args[0] is x:
        count = constant_of(origin.args[1])
        return (origin.op, count) if count is not None and count >= 0 else None
    return None


def _regroup(op: Opcode, x: Value, constant: int | None) -> Answer:
    """(x op c) op d -> x op (c op d)"""
    assert op.meaning is not None
    match _operands(x, op):
        case [inner, c] if constant is not None and (first := constant_of(c)) is not None:
            return op, [inner, op.meaning(first, constant)]
    return None


def _inot(args: Operands, known: Known) -> Answer:
    match _operands(args[0], Op.inot):  # ~~x -> x
        case [x]:
            return x
    return None


def _ushr(args: Operands, known: Known) -> Answer:
    """x >> 0 -> x"""
    return args[0] if known[1] == 0 else None


def _idempotent(args: Operands, known: Known) -> Answer:
    """min(x, x) -> x"""
    return args[0] if args[0] is args[1] else None


def _compare(op: Opcode) -> Rule:
    assert op.meaning is not None
    meaning = op.meaning
    reflexive = bool(meaning(0, 0))

    def rule(args: Operands, known: Known) -> Answer:
        x, y = args
        if x is y:  # x == x -> True, x < x -> False
            return reflexive
        if op is Op.ieq or op is Op.ine:
            for pair, other in (x, y), (y, x):  # x ^ y == x -> y == 0
                operands = _operands(pair, Op.ixor)
                if other in operands:
                    return op, [operands[operands[0] is other], 0]
        match _operands(x, Op.ifrom_bool):
            case [condition] if known[1] is not None:
                return _of_bool(condition, bool(meaning(0, known[1])), bool(meaning(1, known[1])))
            case [condition] if op is Op.ine:
                match _operands(y, Op.ifrom_bool):  # int(a) != int(b) -> a ^ b
                    case [other]:
                        return Op.bxor, [condition, other]
        return None

    return rule


def _of_bool(condition: Value, if_false: bool, if_true: bool) -> Answer:
    """What equals `if_true if condition else if_false`."""
    if if_false == if_true:
        return if_true
    return condition if if_true else (Op.bnot, [condition])


def _bnot(args: Operands, known: Known) -> Answer:
    origin = args[0].origin
    if not isinstance(origin, Inst):
        return None
    if origin.op is Op.bnot:  # not not c -> c
        return origin.args[0]
    if origin.op in INVERSE:  # not x < y -> x >= y
        return INVERSE[origin.op], list(origin.args)
    if origin.op is Op.feq or origin.op is Op.fne:  # not x == y -> x != y
        return Op.fne if origin.op is Op.feq else Op.feq, list(origin.args)
    return None


def _band(args: Operands, known: Known) -> Answer:
    if args[0] is args[1] or known[1] == 1:  # c & c -> c, c & True -> c
        return args[0]
    return 0 if known[1] == 0 else None  # c & False -> False


def _bor(args: Operands, known: Known) -> Answer:
    if args[0] is args[1] or known[1] == 0:  # c | c -> c, c | False -> c
        return args[0]
    return 1 if known[1] == 1 else None  # c | True -> True


def _bxor(args: Operands, known: Known) -> Answer:
    if args[0] is args[1]:  # c ^ c -> False
        return 0
    if known[1] == 0:  # c ^ False -> c
        return args[0]
    return (Op.bnot, [args[0]]) if known[1] == 1 else None  # c ^ True -> not c


def _select(args: Operands, known: Known) -> Answer:
    condition, x, y = args
    if known[0] is not None:  # x if True else y -> x
        return x if known[0] else y
    if x is y:  # x if c else x -> x
        return x
    match _operands(condition, Op.bnot):  # x if not c else y -> y if c else x
        case [inner]:
            return Op.select, [inner, y, x]
    if x.type == F64:
        return _extreme_float(condition, x, y)
    if known[1] == 1 and known[2] == 0:  # True if c else False -> c, 1 if c else 0 -> int(c)
        return condition if x.type == BOOL else (Op.ifrom_bool, [condition])
    if known[1] == 0 and known[2] == 1 and x.type == BOOL:  # False if c else True -> not c
        return Op.bnot, [condition]
    return None


def _extreme_float(condition: Value, x: Value, y: Value) -> Answer:
    """x if x < y else y -> min(x, y)"""
    origin = condition.origin
    if isinstance(origin, Inst) and origin.op in _EXTREMES:
        below, above = _EXTREMES[origin.op]
        if origin.args == [x, y]:
            return below, [x, y]
        if origin.args == [y, x]:
            return above, [x, y]
    return None


def _fdiv(args: Operands, known: Known) -> Answer:
    """x / 2**k -> x * 2**-k, where that is a float with a full mantissa"""
    divisor = known[1]
    if divisor and abs(frexp(divisor)[0]) == 0.5 and _LEAST <= abs(divisor) <= 1 / _LEAST:
        return Op.fmul, [args[0], 1 / divisor]
    return None


def _fneg(args: Operands, known: Known) -> Answer:
    match _operands(args[0], Op.fneg):  # --x -> x
        case [x]:
            return x
    return None


def _fabs(args: Operands, known: Known) -> Answer:
    if _operands(args[0], Op.fabs):  # abs(abs(x)) -> abs(x)
        return args[0]
    match _operands(args[0], Op.fneg):  # abs(-x) -> abs(x)
        case [x]:
            return Op.fabs, [x]
    return None


_FORMED: Final = (
    (_iadd, Op.iadd),
    (_isub, Op.isub),
    (_imul, Op.imul),
    (_ineg, Op.ineg),
    (_iabs, Op.iabs),
    (_ishl, Op.ishl),
    (_ishr, Op.ishr),
    (_ifloordiv, Op.ifloordiv),
    (_imod, Op.imod),
)
_PLAIN: Final[dict[Opcode, Rule]] = {
    Op.inot: _inot,
    Op.iand: _iand,
    Op.ior: _ior,
    Op.ixor: _ixor,
    Op.ushr_wrap: _ushr,
    Op.imin: _idempotent,
    Op.imax: _idempotent,
    Op.ibit_length: _no_rule,
    Op.ibit_count: _no_rule,
    Op.ifrom_bool: _no_rule,
    **{op: _compare(op) for op in INVERSE},
    Op.bnot: _bnot,
    Op.band: _band,
    Op.bor: _bor,
    Op.bxor: _bxor,
    Op.select: _select,
    Op.fdiv: _fdiv,
    Op.fneg: _fneg,
    Op.fabs: _fabs,
    **dict.fromkeys(
        (
            *(Op.fadd, Op.fsub, Op.fmul, Op.ffloordiv, Op.fmod, Op.fcopysign, Op.fsqrt),
            *(Op.ffloor, Op.fceil, Op.fround, Op.fmin, Op.fmax),
            *(Op.feq, Op.fne, Op.flt, Op.fle, Op.fgt, Op.fge),
            *(Op.ito_float, Op.ito_float_exact, Op.fto_int, Op.fnonzero, Op.ffinite),
        ),
        _no_rule,
    ),
}
RULES: Final[dict[Opcode, tuple[Rule, Forms]]] = {
    **{op: row for make, exact in _FORMED for op, row in _with_form(make, exact).items()},
    **{op: (rule, {}) for op, rule in _PLAIN.items()},
}
