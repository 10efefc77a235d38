"""The types of IR values."""

import struct
from types import BuiltinFunctionType, FunctionType, ModuleType, NoneType
from typing import Final, Literal, TypeAlias

Type: TypeAlias = Literal["int", "bool", "obj", "owned", "i64", "u64", "f64"]

INT: Final = "int"
"""An exact integer of any size: what the front end emits. Gone once the narrow pass has run."""
BOOL: Final = "bool"
"""False or True; 0 or 1 in a register."""
OBJ: Final = "obj"
"""A borrowed reference to a Python object that this code only passes on."""
OWNED: Final = "owned"
"""How an exit reads the register of an object that it gives away. No value has this type."""
I64: Final = "i64"
"""The contents of a 64-bit register, as a two's complement integer.

Whether a register stands for an integer beyond 2**63 - 1 is not a matter of its type: the opcodes
and shapes that read it so say it.
"""
U64: Final = "u64"
"""How an exit reads the register of an `Unsigned` shape. No value has this type."""

F64: Final = "f64"
"""A double-precision number, as a `float` holds it."""

PYTHON_TYPES: Final[dict[Type | None, type]] = {INT: int, I64: int, BOOL: bool, F64: float}
"""What the objects are that values of these types stand for."""
TYPES: Final[tuple[Type, ...]] = (INT, BOOL, OBJ, I64, F64)

WORD: Final = 64
"""Bits of a register."""
I64_MIN: Final = -(2 ** (WORD - 1))
I64_MAX: Final = 2 ** (WORD - 1) - 1
U64_MAX: Final = 2**WORD - 1


DIGIT_MAX: Final = 2**30 - 1
"""CPython's integers have digits of 30 bits."""


class Digit(int):
    """In a signature, an `int` of at most one digit that is not negative."""


class SignedDigit(int):
    """In a signature, an `int` of at most one digit."""


class UInt64(int):
    """In a signature, an `int` from 2**63 to 2**64 - 1."""


class Exactly:
    """In a signature, this very object."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is Exactly and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


Kind: TypeAlias = type | Exactly | tuple["Kind", ...]
"""A tuple is for a tuple with items of these kinds."""
Signature: TypeAlias = tuple[Kind, ...]
"""What the arguments of a version are: one kind for each parameter."""

INT_KINDS: Final[dict[Kind, tuple[int, int]]] = {
    Digit: (0, DIGIT_MAX),
    SignedDigit: (-DIGIT_MAX, DIGIT_MAX),
    int: (I64_MIN, I64_MAX),
    UInt64: (I64_MAX + 1, U64_MAX),
}
"""What stands in a signature for an argument that is exactly an `int`, and its bounds.

The first whose bounds an argument lies in is for it.
"""
_ITEMS: Final = frozenset((*INT_KINDS, bool, float, NoneType))
"""What the kinds of a tuple's items may be, but for tuples."""


_MOST_ITEMS: Final = 8
"""Of a tuple whose items have kinds."""


def kind_of(argument: object) -> Kind | None:
    """What stands in a signature for this argument; None for an integer that no register holds."""
    if type(argument) is tuple:
        return _kind_of_tuple(argument)
    if type(argument) is not int:
        return Exactly(argument) if _is_function(argument) else type(argument)
    for kind, (low, high) in INT_KINDS.items():
        if low <= argument <= high:
            return kind
    return None


def _kind_of_tuple(items: tuple[object, ...]) -> Kind | None:
    """The kinds of its items, if these are not many, and numbers, None, or tuples of such."""
    if len(items) > _MOST_ITEMS:
        return tuple
    kinds = []
    for item in items:
        kind = kind_of(item)
        if kind is None:
            return None
        if kind not in _ITEMS and not isinstance(kind, tuple):
            return tuple
        kinds.append(kind)
    return tuple(kinds)


def _is_function(argument: object) -> bool:
    """Whether it is a function of Python's, or of a module."""
    if isinstance(argument, BuiltinFunctionType):
        return type(argument.__self__) is ModuleType
    return isinstance(argument, FunctionType)


def accepts(expected: Kind, kind: Kind) -> bool:
    """Whether what is `expected` in a signature takes all arguments of that kind."""
    if isinstance(kind, Exactly):
        return kind == expected or type(kind.value) is expected
    if isinstance(kind, tuple):
        alike = isinstance(expected, tuple) and len(expected) == len(kind)
        return alike and all(map(accepts, expected, kind))  # type: ignore[arg-type]  # a tuple
    if expected not in INT_KINDS or kind not in INT_KINDS:
        return expected is kind
    (least, most), (low, high) = INT_KINDS[expected], INT_KINDS[kind]
    return least <= low and high <= most


def general(signature: Signature) -> Signature:
    """The signature for integers of any length where this one is for those of one digit."""
    return tuple([_general(kind) for kind in signature])


def _general(kind: Kind) -> Kind:
    return general(kind) if isinstance(kind, tuple) else int if accepts(int, kind) else kind


def of_types(signature: Signature) -> Signature:
    """The signature for all objects of the type where this one is for some of them."""
    return tuple([_type_of(kind) for kind in signature])


def _type_of(kind: Kind) -> type:
    if isinstance(kind, tuple):
        return tuple
    return type(kind.value) if isinstance(kind, Exactly) else kind


def fits_i64(value: int) -> bool:
    """Whether the integer is representable as an `i64`."""
    return I64_MIN <= value <= I64_MAX


def wrap_i64(value: int) -> int:
    """The `i64` with the same low 64 bits."""
    return (value - I64_MIN) % (U64_MAX + 1) + I64_MIN


def fits_u64(value: int) -> bool:
    """Whether the integer is the unsigned reading of an `i64`."""
    return 0 <= value <= U64_MAX


def unsigned(value: int) -> int:
    """The unsigned reading of an `i64`."""
    return value & U64_MAX


SIGN_BIT: Final = 1 << 63
"""Of an `f64`."""
MOST_EXACT: Final = 2**53
"""Every integer up to here is an `f64`, and of larger ones not all are."""


def bits_of(value: float) -> int:
    """The contents of an `f64`, as an unsigned integer."""
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    return bits


def float_of(bits: int) -> float:
    """The `f64` with these contents."""
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value
