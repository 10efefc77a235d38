"""THE opcode table: one row says all that is known of an opcode.

Exact opcodes compute on mathematical integers. The narrow pass replaces those whose result may not
fit a register by a machine form: `_ovf` leaves through its exit when the result is undefined or
does not fit, `_wrap` keeps the low 64 bits and never leaves. Opcodes that cannot outgrow their
operands (`iand`, the comparisons, ...) serve both as exact and as machine opcodes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from tracejit.ir.types import BOOL, INT, Type, fits_i64, wrap_i64


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
    meaning: Callable[..., int] | None = None
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


_UNARY: Final = (INT,)
_BINARY: Final = (INT, INT)

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

_CONTROL: Final = (
    # Lets signals and other threads in, once in a while; stands before every backward jump. Leaves
    # when what the code was compiled on no longer holds, or to raise what a signal handler raised.
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
    poll = by_name["poll"]
    jump = by_name["jump"]
    br_if = by_name["br_if"]
    ret = by_name["ret"]
    leave = by_name["leave"]


OVF_FORM: Final = {exact: Op.by_name[exact.name + "_ovf"] for exact in _EXACT_ARITHMETIC}
"""The machine form that leaves when the exact result does not fit."""
WRAP_FORM: Final = {exact: Op.by_name[exact.name + "_wrap"] for exact in _EXACT_ARITHMETIC}
"""The machine form that keeps the low 64 bits."""
