"""The words that machine code shares with the runtime: of functions, versions and variables.

A function's words are counted in words from the address that its head loads into r11.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

VERSIONS: Final = 0
"""The entry of the first version, or of `miss` when there is none."""
CODE: Final = 1
"""The code object that the versions were compiled from."""
ARGUMENT_COUNT: Final = 2
"""How many arguments a call has that needs no binding; -1 if every call needs it."""
BIND: Final = 3
"""The address of `bind`, or of `dispatch` until a version is compiled."""
CALLS: Final = 4
DISPATCH: Final = 5
SKIP: Final = 6
"""How many misses go to OLD before the next one calls DISPATCHER."""
OLD: Final = 7
"""CPython's own vectorcall of the function."""
DISPATCHER: Final = 8
"""A Python callable; called with the arguments, it returns the address to go on at."""
FALLBACK: Final = 9
"""The exceptions of a dispatcher's call after which the function is called as if undecorated."""
TB_NEXT: Final = 10
"""The name of that attribute."""
POSITIONAL: Final = 11
PARAMETERS: Final = 12
FIRST_KEYWORD: Final = 13
"""The first parameter that may be given by name."""
NAMES: Final = 14
"""The address of the parameters' names, one after the other."""
KEYWORD_ONLY: Final = 15
"""The tuple of the names of keyword-only parameters, or 0."""
API: Final = 16
"""The first of the addresses of the C-API that `dispatch` calls."""
FUNCTION_WORDS: Final = 27

# A version's own words come before its DATA block; byte offsets from DATA.
ACTIVE: Final = -8
"""How many activations have left and are not yet done."""
REVIEW: Final = -16
"""How many more exits until the next review."""
WORK: Final = -24
"""Fuel spent by activations that left."""
FUEL: Final = -32
"""The initial fuel; 0 for a version without polls."""
NATIVE_CALLS: Final = -40
"""1 for a version with native calls, else 0."""
VERSION_WORDS: Final = 5

# A variable's words; byte offsets.
HOLDER: Final = 0
"""The dictionary, or the cell."""
NAME: Final = 8
"""The name in the dictionary; 0 for a cell."""
BASE: Final = 16
"""The address of the word from where, OFFSET bytes further, the object is found."""
OFFSET: Final = 24
VARIABLE_WORDS: Final = 4

MAX_ACTIVE: Final = 100
"""Activations of one version that may be interrupted, one inside the other, on one C stack."""
