"""The types of IR values."""

from typing import Final, Literal, TypeAlias

Type: TypeAlias = Literal["int", "bool", "obj", "i64"]

INT: Final = "int"
"""An exact integer of any size: what the front end emits. Gone once the narrow pass has run."""
BOOL: Final = "bool"
"""False or True; 0 or 1 in a register."""
OBJ: Final = "obj"
"""A borrowed reference to a Python object that this code only passes on."""
I64: Final = "i64"
"""An integer in a 64-bit register, two's complement."""

TYPES: Final[tuple[Type, ...]] = (INT, BOOL, OBJ, I64)

I64_MIN: Final = -(2**63)
I64_MAX: Final = 2**63 - 1


def fits_i64(value: int) -> bool:
    """Whether the integer is representable as an `i64`."""
    return I64_MIN <= value <= I64_MAX


def wrap_i64(value: int) -> int:
    """The `i64` with the same low 64 bits."""
    return (value + 2**63) % 2**64 - 2**63
