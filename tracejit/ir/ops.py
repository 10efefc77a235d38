"""THE opcode table: one row says all that is known of an opcode.

Exact opcodes compute on mathematical integers. The narrow pass replaces those whose result may not
fit a register by a machine form: `_ovf` leaves through its exit when the result is undefined or
does not fit, `_wrap` keeps the low 64 bits and never leaves. Opcodes that cannot outgrow their
operands (`iand`, the comparisons, ...) serve both as exact and as machine opcodes.

Names that begin with `u` read their operands as unsigned, and so is their result to be read; those
that begin with `f` compute on floats, as IEEE 754 and CPython have it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from tracejit.ir.types import (
    BOOL,
    F64,
    INT,
    MOST_EXACT,
    WORD,
    Type,
    fits_i64,
    fits_u64,
    unsigned,
    wrap_i64,
)


class Undefined(ArithmeticError):
    """The opcode has no result for these operands; the code leaves through its exit."""


@dataclass(frozen=True, slots=True, eq=False)
class Opcode:
    """One row.

    `operands` and `result` name types; `int` in them stands for `int` or `i64`, the same in the
    whole row, and `None` for any type, the same in the whole row. `exit` says whether the opcode
    carries an exit: `never`, `may` (a result that does not fit; who drops the instruction drops the
    exit), or `must` (the exit is part of the meaning: division by zero).
    """

    name: str
    operands: tuple[Type | None, ...]
    result: Type | Literal["same"] | None
    meaning: Callable[..., Any] | None = None
    exit: Literal["never", "may", "must"] = "never"
    commutes: bool = False
    has_imm: bool = False
    terminator: bool = False
    traps: bool = False
    """Undefined operands stop the process: only to be executed where they are proven good."""
    effect: bool = False
    """Foreign code may run: not to be removed, repeated or moved."""
    only: Literal["exact", "machine", "both"] = "both"


def _shl(a: int, b: int) -> int:
    if b < 0 or (a and b > 1 << 20):
        raise Undefined("shift count")
    return a << b


def _shr(a: int, b: int) -> int:
    if b < 0:
        raise Undefined("shift count")
    return a >> b


def _floordiv(a: int, b: int) -> int:
    if b == 0:
        raise Undefined("division by zero")
    return a // b


def _mod(a: int, b: int) -> int:
    if b == 0:
        raise Undefined("division by zero")
    return a % b


def _checked(meaning: Callable[..., int]) -> Callable[..., int]:
    def checked(*operands: int) -> int:
        result = meaning(*operands)
        if not fits_i64(result):
            raise Undefined("overflow")
        return result

    return checked


def _wrapped(meaning: Callable[..., int]) -> Callable[..., int]:
    return lambda *operands: wrap_i64(meaning(*operands))


def _unsigned(meaning: Callable[..., int]) -> Callable[..., int]:
    """Of unsigned operands; undefined where the result is not one."""

    def checked(*operands: int) -> int:
        result = meaning(*map(unsigned, operands))
        if not fits_u64(result):
            raise Undefined("overflow")
        return wrap_i64(result)

    return checked


def _unsigned_shift(meaning: Callable[..., int]) -> Callable[..., int]:
    """Of an unsigned operand and a count that is signed."""

    def checked(a: int, b: int) -> int:
        result = meaning(unsigned(a), b)
        if not fits_u64(result):
            raise Undefined("overflow")
        return wrap_i64(result)

    return checked


def _nonneg(a: int) -> int:
    if a < 0:
        raise Undefined("negative")
    return a


def _shl_in_word(a: int, b: int) -> int:
    if b < 0 or (a and b >= WORD):
        raise Undefined("shift count")
    return wrap_i64(a << b)


_UNARY: Final = (INT,)
_BINARY: Final = (INT, INT)
_TERNARY: Final = (INT, INT, INT)
_QUATERNARY: Final = (INT, INT, INT, INT)

_EXACT_ARITHMETIC: Final = (
    Opcode("iadd", _BINARY, INT, lambda a, b: a + b, "may", commutes=True, only="exact"),
    Opcode("isub", _BINARY, INT, lambda a, b: a - b, "may", only="exact"),
    Opcode("imul", _BINARY, INT, lambda a, b: a * b, "may", commutes=True, only="exact"),
    Opcode("ineg", _UNARY, INT, lambda a: -a, "may", only="exact"),
    Opcode("iabs", _UNARY, INT, abs, "may", only="exact"),
    Opcode("ishl", _BINARY, INT, _shl, "must", only="exact"),
    Opcode("ishr", _BINARY, INT, _shr, "must", only="exact"),
    Opcode("ifloordiv", _BINARY, INT, _floordiv, "must", only="exact"),
    Opcode("imod", _BINARY, INT, _mod, "must", only="exact"),
)


def _machine_forms(exact: Opcode) -> tuple[Opcode, Opcode]:
    assert exact.meaning is not None
    return (
        Opcode(
            exact.name + "_ovf",
            exact.operands,
            exact.result,
            _checked(exact.meaning),
            "must",
            commutes=exact.commutes,
            only="machine",
        ),
        Opcode(
            exact.name + "_wrap",
            exact.operands,
            exact.result,
            _wrapped(exact.meaning),
            commutes=exact.commutes,
            traps=exact.name in ("ifloordiv", "imod"),
            only="machine",
        ),
    )


_SHARED: Final = (
    Opcode("iconst", (), INT, has_imm=True),
    Opcode("inot", _UNARY, INT, lambda a: ~a),
    Opcode("iand", _BINARY, INT, lambda a, b: a & b, commutes=True),
    Opcode("ior", _BINARY, INT, lambda a, b: a | b, commutes=True),
    Opcode("ixor", _BINARY, INT, lambda a, b: a ^ b, commutes=True),
    Opcode("imin", _BINARY, INT, min, commutes=True),
    Opcode("imax", _BINARY, INT, max, commutes=True),
    Opcode("ibit_length", _UNARY, INT, lambda a: a.bit_length()),
    Opcode("ibit_count", _UNARY, INT, lambda a: a.bit_count()),
    Opcode("ifrom_bool", (BOOL,), INT, int),
    Opcode("ieq", _BINARY, BOOL, lambda a, b: a == b, commutes=True),
    Opcode("ine", _BINARY, BOOL, lambda a, b: a != b, commutes=True),
    Opcode("ilt", _BINARY, BOOL, lambda a, b: a < b),
    Opcode("ile", _BINARY, BOOL, lambda a, b: a <= b),
    Opcode("igt", _BINARY, BOOL, lambda a, b: a > b),
    Opcode("ige", _BINARY, BOOL, lambda a, b: a >= b),
    Opcode("bconst", (), BOOL, has_imm=True),
    Opcode("bnot", (BOOL,), BOOL, lambda a: not a),
    Opcode("band", (BOOL, BOOL), BOOL, lambda a, b: a & b, commutes=True),
    Opcode("bor", (BOOL, BOOL), BOOL, lambda a, b: a | b, commutes=True),
    Opcode("bxor", (BOOL, BOOL), BOOL, lambda a, b: a ^ b, commutes=True),
    Opcode("select", (BOOL, None, None), "same", lambda c, a, b: a if c else b),
)


def _machine(
    name: str,
    operands: tuple[Type | None, ...],
    meaning: Callable[..., int],
    result: Type = INT,
    *,
    leaves: bool = False,
    commutes: bool = False,
    traps: bool = False,
) -> Opcode:
    exit: Literal["never", "must"] = "must" if leaves else "never"
    return Opcode(
        name, operands, result, meaning, exit, commutes=commutes, traps=traps, only="machine"
    )


_UNSIGNED: Final = (
    _machine("uadd_ovf", _BINARY, _unsigned(lambda a, b: a + b), leaves=True, commutes=True),
    _machine("usub_ovf", _BINARY, _unsigned(lambda a, b: a - b), leaves=True),
    _machine("umul_ovf", _BINARY, _unsigned(lambda a, b: a * b), leaves=True, commutes=True),
    _machine("ushl_ovf", _BINARY, _unsigned_shift(_shl), leaves=True),
    _machine("ushr_ovf", _BINARY, _unsigned_shift(_shr), leaves=True),
    _machine("ushr_wrap", _BINARY, _unsigned_shift(_shr)),
    _machine("ufloordiv_ovf", _BINARY, _unsigned(_floordiv), leaves=True),
    _machine("ufloordiv_wrap", _BINARY, _unsigned(_floordiv), traps=True),
    _machine("umod_ovf", _BINARY, _unsigned(_mod), leaves=True),
    _machine("umod_wrap", _BINARY, _unsigned(_mod), traps=True),
    _machine("ult", _BINARY, _unsigned(lambda a, b: a < b), BOOL),
    _machine("ule", _BINARY, _unsigned(lambda a, b: a <= b), BOOL),
    _machine("ugt", _BINARY, _unsigned(lambda a, b: a > b), BOOL),
    _machine("uge", _BINARY, _unsigned(lambda a, b: a >= b), BOOL),
    _machine("ubit_length", _UNARY, _unsigned(lambda a: a.bit_length())),
    _machine("ubit_count", _UNARY, _unsigned(lambda a: a.bit_count())),
)


def _wide(high: int, low: int) -> int:
    """The number of twice the width with these halves, signed as the high one is."""
    return (high << WORD) | unsigned(low)


def _floordiv_of_pair(high: int, low: int, divisor: int) -> int:
    """Of a signed pair and what is positive."""
    result = _floordiv(_wide(high, low), divisor)
    if divisor < 0 or not fits_i64(result):
        raise Undefined("overflow")
    return result


def _mod_of_pair(high: int, low: int, divisor: int) -> int:
    """Of a signed pair and what is unsigned, as is the result."""
    return wrap_i64(_mod(_wide(high, low), unsigned(divisor)))


def _of_unsigned_pair(meaning: Callable[[int, int], int]) -> Callable[..., int]:
    def checked(high: int, low: int, divisor: int) -> int:
        result = meaning(_wide(unsigned(high), low), unsigned(divisor))
        if not fits_u64(result):
            raise Undefined("overflow")
        return wrap_i64(result)

    return checked


_WIDE: Final = (
    # The high half of a product.
    _machine("imul_high", _BINARY, lambda a, b: a * b >> WORD, commutes=True),
    _machine(
        "umul_high",
        _BINARY,
        lambda a, b: wrap_i64(unsigned(a) * unsigned(b) >> WORD),
        commutes=True,
    ),
    # Of a pair of registers, the high half first.
    _machine("imod_wide_ovf", _TERNARY, _mod_of_pair, leaves=True),
    _machine("imod_wide_wrap", _TERNARY, _mod_of_pair, traps=True),
    _machine("umod_wide_ovf", _TERNARY, _of_unsigned_pair(_mod), leaves=True),
    _machine("umod_wide_wrap", _TERNARY, _of_unsigned_pair(_mod), traps=True),
    _machine("ifloordiv_wide_ovf", _TERNARY, _floordiv_of_pair, leaves=True),
    _machine("ufloordiv_wide_ovf", _TERNARY, _of_unsigned_pair(_floordiv), leaves=True),
)


def _reciprocal(divisor: int) -> int:
    return wrap_i64(unsigned(-1) // divisor) if divisor > 0 else 0


def _mod_by(a: int, b: int, reciprocal: int) -> int:
    return wrap_i64(_mod(a, b))


def _mod_of_pair_by(high: int, low: int, divisor: int, reciprocal: int) -> int:
    return wrap_i64(_mod(_wide(unsigned(high), low), unsigned(divisor)))


def _wide_reciprocal(divisor: int) -> int:
    """Of an unsigned register."""
    size = unsigned(divisor)
    return wrap_i64(((1 << 2 * WORD) - 1) // size - (1 << WORD)) if size >> WORD - 1 else 0


_RECIPROCALS: Final = (
    # As much as an unsigned register holds, divided by what is positive; else 0.
    _machine("ireciprocal", _UNARY, _reciprocal),
    # The remainder by a divisor of which the third operand is the reciprocal.
    _machine("imod_by_ovf", _TERNARY, _mod_by, leaves=True),
    _machine("imod_by_wrap", _TERNARY, _mod_by, traps=True),
    # What twice a register holds, divided by a divisor with a register's highest bit, but for that
    # bit of the result; else 0.
    _machine("ureciprocal_wide", _UNARY, _wide_reciprocal),
    # The remainder of an unsigned pair by a divisor of which the fourth operand is that.
    _machine("umod_wide_by_ovf", _QUATERNARY, _mod_of_pair_by, leaves=True),
    _machine("umod_wide_by_wrap", _QUATERNARY, _mod_of_pair_by, traps=True),
)


def _trailing_zeros(a: int) -> int:
    if a == 0:
        raise Undefined("no one")
    return (a & -a).bit_length() - 1


def _swap_bytes(a: int) -> int:
    return wrap_i64(int.from_bytes(unsigned(a).to_bytes(WORD // 8, "little"), "big"))


_BITS: Final = (
    # How many zeros stand below the lowest one.
    _machine("itrailing_zeros", _UNARY, _trailing_zeros, traps=True),
    # The bytes of a register in the other order.
    _machine("ibyte_swap", _UNARY, _swap_bytes),
)

_GUARDS: Final = (
    # Where both readings of a register are the same.
    _machine("inonneg_ovf", _UNARY, _nonneg, leaves=True),
    # The low bits of a shift by less than a register has.
    _machine("ishl_low_ovf", _BINARY, _shl_in_word, leaves=True),
)


_INVALID: Final = -math.nan
"""What the processor makes of operands that have no result."""


def _fdiv(a: float, b: float) -> float:
    """As the processor divides: what divides by zero is infinite, or not a number."""
    if b or a != a:
        return a / (b or 1.0)
    return _INVALID if a == 0 else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _of_nonzero(meaning: Callable[[float, float], float]) -> Callable[[float, float], float]:
    """Not a number where the divisor is zero: a guard comes before that."""
    return lambda a, b: meaning(a, b) if b else _INVALID


def _fnonzero(a: float) -> float:
    if a == 0:
        raise Undefined("zero")
    return a


def _ffinite(a: float) -> float:
    if not math.isfinite(a):
        raise Undefined("not finite")
    return a


def _fsqrt(a: float) -> float:
    return _INVALID if a < 0 else a if a == 0 else math.sqrt(a)


def _whole(rounded: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding whose result is an `f64` with the operand's sign."""
    return lambda a: math.copysign(float(rounded(a)), a) if math.isfinite(a) else a


def _libm(function: Callable[..., float], too_large: float = math.inf) -> Callable[..., float]:
    """As the C library has it, but for which of the numbers that are not finite it gives."""

    def meaning(*operands: float) -> float:
        try:
            return function(*operands)
        except OverflowError:
            return too_large
        except ValueError:
            return _INVALID

    return meaning


def _fto_int(a: float) -> int:
    if not -(2.0**63) < a < 2.0**63:
        raise Undefined("no register holds it")
    return int(a)


def _exact_float(a: int) -> float:
    if not -MOST_EXACT <= a <= MOST_EXACT:
        raise Undefined("may not be a float")
    return float(a)


_FLOAT_UNARY: Final = (F64,)
_FLOAT_BINARY: Final = (F64, F64)

_FLOATS: Final = (
    # The constant is the number's bits, which tell all numbers apart.
    Opcode("fconst", (), F64, has_imm=True),
    # Of two operands that are no numbers the first is the result, so that nothing commutes.
    Opcode("fadd", _FLOAT_BINARY, F64, lambda a, b: a + b),
    Opcode("fsub", _FLOAT_BINARY, F64, lambda a, b: a - b),
    Opcode("fmul", _FLOAT_BINARY, F64, lambda a, b: a * b),
    Opcode("fdiv", _FLOAT_BINARY, F64, _fdiv),
    Opcode("ffloordiv", _FLOAT_BINARY, F64, _of_nonzero(lambda a, b: a // b)),
    Opcode("fmod", _FLOAT_BINARY, F64, _of_nonzero(lambda a, b: a % b)),
    Opcode("fneg", _FLOAT_UNARY, F64, lambda a: -a),
    Opcode("fabs", _FLOAT_UNARY, F64, abs),
    Opcode("fcopysign", _FLOAT_BINARY, F64, math.copysign),
    Opcode("fsqrt", _FLOAT_UNARY, F64, _fsqrt),
    Opcode("ffloor", _FLOAT_UNARY, F64, _whole(math.floor)),
    Opcode("fceil", _FLOAT_UNARY, F64, _whole(math.ceil)),
    # To the nearest whole number, of two the even one.
    Opcode("fround", _FLOAT_UNARY, F64, _whole(round)),
    # The second operand unless the first is less, or greater: where they are equal, or no numbers.
    Opcode("fmin", _FLOAT_BINARY, F64, lambda a, b: a if a < b else b),
    Opcode("fmax", _FLOAT_BINARY, F64, lambda a, b: a if a > b else b),
    Opcode("feq", _FLOAT_BINARY, BOOL, lambda a, b: a == b, commutes=True),
    Opcode("fne", _FLOAT_BINARY, BOOL, lambda a, b: a != b, commutes=True),
    Opcode("flt", _FLOAT_BINARY, BOOL, lambda a, b: a < b),
    Opcode("fle", _FLOAT_BINARY, BOOL, lambda a, b: a <= b),
    Opcode("fgt", _FLOAT_BINARY, BOOL, lambda a, b: a > b),
    Opcode("fge", _FLOAT_BINARY, BOOL, lambda a, b: a >= b),
    # Rounded to the nearest, of two to the one with an even last bit.
    Opcode("ito_float", _UNARY, F64, float),
    Opcode("uto_float", _UNARY, F64, lambda a: float(unsigned(a)), only="machine"),
    # The operand's magnitude is at most 2**53.
    Opcode("ito_float_exact", _UNARY, F64, _exact_float, "must"),
    # Rounded towards zero.
    Opcode("fto_int", _FLOAT_UNARY, INT, _fto_int, "must"),
    Opcode("fnonzero", _FLOAT_UNARY, F64, _fnonzero, "must"),
    Opcode("ffinite", _FLOAT_UNARY, F64, _ffinite, "must"),
)

_LIBM: Final = (
    *(
        Opcode("f" + name, _FLOAT_UNARY, F64, _libm(getattr(math, name)))
        for name in (
            *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt", "sin", "cos", "tan"),
            *("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
            *("erf", "erfc"),
        )
    ),
    Opcode("fatan2", _FLOAT_BINARY, F64, _libm(math.atan2)),
    Opcode("fpow", _FLOAT_BINARY, F64, _libm(math.pow)),
    # With the dividend's sign, unlike `fmod`.
    Opcode("ffmod", _FLOAT_BINARY, F64, _libm(math.fmod)),
)

# No number where the function raises.
_OWN: Final = tuple(
    Opcode("f" + name, _FLOAT_UNARY, F64, _libm(getattr(math, name), too_large=_INVALID))
    for name in ("gamma", "lgamma")
)

_FUEL: Final = (
    # Pays for as many iterations of a loop as there is fuel, at most for those that the operand
    # (unsigned) says; the result says for how many. That there is fuel for all is what it means.
    Opcode("prepay", _UNARY, INT, lambda a: a, effect=True, only="machine"),
    # Gives back what was paid for iterations that never came.
    Opcode("refund", _UNARY, None, effect=True, only="machine"),
)

_CALLS: Final = (
    # The result of a function that is compiled along. Leaves behind the call where the result is of
    # another type; raises what the call raises.
    Opcode("icall", (), INT, exit="must", effect=True),
    Opcode("bcall", (), BOOL, exit="must", effect=True),
    Opcode("fcall", (), F64, exit="must", effect=True),
    Opcode("ncall", (), None, exit="must", effect=True),
    # What else the call gives right before: of its parts the one that the constant says, from 0 on.
    Opcode("ipart", (), INT, effect=True),
    Opcode("bpart", (), BOOL, effect=True),
    Opcode("fpart", (), F64, effect=True),
    # There is room for as many frames of Python's, above this one, as the constant says.
    Opcode("room", (), None, exit="must", effect=True),
)

_VARIABLES: Final = (
    # What is in the variable outside of the function that the constant is. Leaves if that is of
    # another type, or beyond the signed integers, or no unsigned one.
    Opcode("iload", (), INT, exit="must", effect=True),
    Opcode("uload", (), INT, exit="must", effect=True),
    Opcode("bload", (), BOOL, exit="must", effect=True),
    Opcode("fload", (), F64, exit="must", effect=True),
    # That it is None.
    Opcode("nload", (), None, exit="must", effect=True),
    # That it is a number, a bool or None: no code runs where such an object comes to its end.
    Opcode("plain", (), None, exit="must", effect=True),
    # Lets the variables have what the exit's state stores into them.
    Opcode("store", (), None, exit="must", effect=True),
)

_CONTROL: Final = (
    # Lets signals and other threads in, once in a while; stands before every backward jump. Leaves
    # when what the code was compiled on no longer holds, or to raise what a signal handler raised.
    # What the exit's state stores is stored before, and must still be there afterwards.
    Opcode("poll", (), None, exit="must", effect=True),
    Opcode("jump", (), None, terminator=True),
    Opcode("br_if", (BOOL,), None, terminator=True),
    Opcode("ret", (), None, terminator=True),
    Opcode("leave", (), None, exit="must", terminator=True),
)


class Op:
    """The rows by name: `Op.iadd`, and `Op.by_name["iadd"]` for what reads names from data."""

    by_name: Final[dict[str, Opcode]] = {
        op.name: op
        for op in (
            *_EXACT_ARITHMETIC,
            *(form for exact in _EXACT_ARITHMETIC for form in _machine_forms(exact)),
            *_SHARED,
            *_UNSIGNED,
            *_WIDE,
            *_RECIPROCALS,
            *_BITS,
            *_GUARDS,
            *_FLOATS,
            *_LIBM,
            *_OWN,
            *_FUEL,
            *_CALLS,
            *_VARIABLES,
            *_CONTROL,
        )
    }

    iadd = by_name["iadd"]
    isub = by_name["isub"]
    imul = by_name["imul"]
    ineg = by_name["ineg"]
    iabs = by_name["iabs"]
    ishl = by_name["ishl"]
    ishr = by_name["ishr"]
    ifloordiv = by_name["ifloordiv"]
    imod = by_name["imod"]
    iadd_ovf = by_name["iadd_ovf"]
    isub_ovf = by_name["isub_ovf"]
    imul_ovf = by_name["imul_ovf"]
    ineg_ovf = by_name["ineg_ovf"]
    iabs_ovf = by_name["iabs_ovf"]
    ishl_ovf = by_name["ishl_ovf"]
    ishr_ovf = by_name["ishr_ovf"]
    ifloordiv_ovf = by_name["ifloordiv_ovf"]
    imod_ovf = by_name["imod_ovf"]
    iadd_wrap = by_name["iadd_wrap"]
    isub_wrap = by_name["isub_wrap"]
    imul_wrap = by_name["imul_wrap"]
    ineg_wrap = by_name["ineg_wrap"]
    iabs_wrap = by_name["iabs_wrap"]
    ishl_wrap = by_name["ishl_wrap"]
    ishr_wrap = by_name["ishr_wrap"]
    ifloordiv_wrap = by_name["ifloordiv_wrap"]
    imod_wrap = by_name["imod_wrap"]
    iconst = by_name["iconst"]
    inot = by_name["inot"]
    iand = by_name["iand"]
    ior = by_name["ior"]
    ixor = by_name["ixor"]
    imin = by_name["imin"]
    imax = by_name["imax"]
    ibit_length = by_name["ibit_length"]
    ibit_count = by_name["ibit_count"]
    ifrom_bool = by_name["ifrom_bool"]
    ieq = by_name["ieq"]
    ine = by_name["ine"]
    ilt = by_name["ilt"]
    ile = by_name["ile"]
    igt = by_name["igt"]
    ige = by_name["ige"]
    bconst = by_name["bconst"]
    bnot = by_name["bnot"]
    band = by_name["band"]
    bor = by_name["bor"]
    bxor = by_name["bxor"]
    select = by_name["select"]
    uadd_ovf = by_name["uadd_ovf"]
    usub_ovf = by_name["usub_ovf"]
    umul_ovf = by_name["umul_ovf"]
    ushl_ovf = by_name["ushl_ovf"]
    ushr_ovf = by_name["ushr_ovf"]
    ushr_wrap = by_name["ushr_wrap"]
    ufloordiv_ovf = by_name["ufloordiv_ovf"]
    ufloordiv_wrap = by_name["ufloordiv_wrap"]
    umod_ovf = by_name["umod_ovf"]
    umod_wrap = by_name["umod_wrap"]
    ult = by_name["ult"]
    ule = by_name["ule"]
    ugt = by_name["ugt"]
    uge = by_name["uge"]
    ubit_length = by_name["ubit_length"]
    ubit_count = by_name["ubit_count"]
    imul_high = by_name["imul_high"]
    umul_high = by_name["umul_high"]
    imod_wide_ovf = by_name["imod_wide_ovf"]
    imod_wide_wrap = by_name["imod_wide_wrap"]
    umod_wide_ovf = by_name["umod_wide_ovf"]
    umod_wide_wrap = by_name["umod_wide_wrap"]
    ifloordiv_wide_ovf = by_name["ifloordiv_wide_ovf"]
    ufloordiv_wide_ovf = by_name["ufloordiv_wide_ovf"]
    ireciprocal = by_name["ireciprocal"]
    imod_by_ovf = by_name["imod_by_ovf"]
    imod_by_wrap = by_name["imod_by_wrap"]
    ureciprocal_wide = by_name["ureciprocal_wide"]
    umod_wide_by_ovf = by_name["umod_wide_by_ovf"]
    umod_wide_by_wrap = by_name["umod_wide_by_wrap"]
    itrailing_zeros = by_name["itrailing_zeros"]
    ibyte_swap = by_name["ibyte_swap"]
    inonneg_ovf = by_name["inonneg_ovf"]
    ishl_low_ovf = by_name["ishl_low_ovf"]
    fconst = by_name["fconst"]
    fadd = by_name["fadd"]
    fsub = by_name["fsub"]
    fmul = by_name["fmul"]
    fdiv = by_name["fdiv"]
    ffloordiv = by_name["ffloordiv"]
    fmod = by_name["fmod"]
    fneg = by_name["fneg"]
    fabs = by_name["fabs"]
    fcopysign = by_name["fcopysign"]
    fsqrt = by_name["fsqrt"]
    ffloor = by_name["ffloor"]
    fceil = by_name["fceil"]
    fround = by_name["fround"]
    fmin = by_name["fmin"]
    fmax = by_name["fmax"]
    feq = by_name["feq"]
    fne = by_name["fne"]
    flt = by_name["flt"]
    fle = by_name["fle"]
    fgt = by_name["fgt"]
    fge = by_name["fge"]
    ito_float = by_name["ito_float"]
    uto_float = by_name["uto_float"]
    ito_float_exact = by_name["ito_float_exact"]
    fto_int = by_name["fto_int"]
    fnonzero = by_name["fnonzero"]
    ffinite = by_name["ffinite"]
    fexp = by_name["fexp"]
    fexp2 = by_name["fexp2"]
    fexpm1 = by_name["fexpm1"]
    flog = by_name["flog"]
    flog2 = by_name["flog2"]
    flog10 = by_name["flog10"]
    flog1p = by_name["flog1p"]
    fcbrt = by_name["fcbrt"]
    fsin = by_name["fsin"]
    fcos = by_name["fcos"]
    ftan = by_name["ftan"]
    fasin = by_name["fasin"]
    facos = by_name["facos"]
    fatan = by_name["fatan"]
    fsinh = by_name["fsinh"]
    fcosh = by_name["fcosh"]
    ftanh = by_name["ftanh"]
    fasinh = by_name["fasinh"]
    facosh = by_name["facosh"]
    fatanh = by_name["fatanh"]
    ferf = by_name["ferf"]
    ferfc = by_name["ferfc"]
    fatan2 = by_name["fatan2"]
    fpow = by_name["fpow"]
    ffmod = by_name["ffmod"]
    fgamma = by_name["fgamma"]
    flgamma = by_name["flgamma"]
    prepay = by_name["prepay"]
    refund = by_name["refund"]
    icall = by_name["icall"]
    bcall = by_name["bcall"]
    fcall = by_name["fcall"]
    ncall = by_name["ncall"]
    ipart = by_name["ipart"]
    bpart = by_name["bpart"]
    fpart = by_name["fpart"]
    room = by_name["room"]
    iload = by_name["iload"]
    uload = by_name["uload"]
    bload = by_name["bload"]
    fload = by_name["fload"]
    nload = by_name["nload"]
    plain = by_name["plain"]
    store = by_name["store"]
    poll = by_name["poll"]
    jump = by_name["jump"]
    br_if = by_name["br_if"]
    ret = by_name["ret"]
    leave = by_name["leave"]


CALLS: Final[dict[Type | None, Opcode]] = {
    INT: Op.icall,
    BOOL: Op.bcall,
    F64: Op.fcall,
    None: Op.ncall,
}
"""Native calls by the type of the result's first part, if it has any.

The constant says which function is called; its parameters are the operands.
"""
PARTS: Final[dict[Type, Opcode]] = {INT: Op.ipart, BOOL: Op.bpart, F64: Op.fpart}
"""The other parts of the result, by their types."""
LOADS: Final[dict[Type | None, Opcode]] = {
    INT: Op.iload,
    BOOL: Op.bload,
    F64: Op.fload,
    None: Op.nload,
}
"""By the type of what is in the variable, which is the constant."""
OF_VARIABLES: Final = frozenset((*LOADS.values(), Op.uload, Op.plain))
"""Opcodes whose constant is a variable. To repeat them does no harm."""
NUMBERED: Final = frozenset((*CALLS.values(), *PARTS.values(), Op.room))
"""Opcodes that have a number, which is no operand."""
LIBM: Final = {op: op.name[1:] for op in _LIBM}
"""What a function of the C library computes, and the function's name, in `math` too."""
OWN: Final = {op: op.name[1:] for op in _OWN}
"""What `math` computes by code of its own, and the function's name there."""
OVF_FORM: Final = {exact: Op.by_name[exact.name + "_ovf"] for exact in _EXACT_ARITHMETIC}
"""The machine form that leaves when the exact result does not fit."""
WRAP_FORM: Final = {exact: Op.by_name[exact.name + "_wrap"] for exact in _EXACT_ARITHMETIC}
"""The machine form that keeps the low 64 bits."""
UNSIGNED_OVF_FORM: Final = {
    Op.iadd: Op.uadd_ovf,
    Op.isub: Op.usub_ovf,
    Op.imul: Op.umul_ovf,
    Op.ishl: Op.ushl_ovf,
    Op.ishr: Op.ushr_ovf,
    Op.ifloordiv: Op.ufloordiv_ovf,
    Op.imod: Op.umod_ovf,
}
"""On operands and a result that are unsigned."""
UNSIGNED_WRAP_FORM: Final = {
    Op.ishr: Op.ushr_wrap,
    Op.ifloordiv: Op.ufloordiv_wrap,
    Op.imod: Op.umod_wrap,
}
UNSIGNED_FORM: Final = {
    Op.ilt: Op.ult,
    Op.ile: Op.ule,
    Op.igt: Op.ugt,
    Op.ige: Op.uge,
    Op.ibit_length: Op.ubit_length,
    Op.ibit_count: Op.ubit_count,
    Op.ito_float: Op.uto_float,
}
"""Of opcodes that never leave, the form that reads its operands as unsigned, where it differs."""
