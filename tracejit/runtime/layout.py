"""Where CPython keeps things: offsets in its objects, checked once, and guards made of them."""

from __future__ import annotations

import builtins
import ctypes
import sys
from types import BuiltinFunctionType, FunctionType

from tracejit.runtime import platform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Final

    from tracejit.backend.target import Address, MemoryIs
    from tracejit.ir.function import Assumption
    from tracejit.ir.variables import Variable

TAGGED_INTS: Final = sys.version_info >= (3, 12)
IMMORTAL: Final = sys.version_info >= (3, 12)

FUNCTION_CODE: Final = 48
FUNCTION_DEFAULTS: Final = 56
FUNCTION_KWDEFAULTS: Final = 64
FUNCTION_VECTORCALL: Final = FunctionType.__basicsize__ - 16
FUNCTION_VERSION: Final = FUNCTION_VECTORCALL + 8
_ATTRIBUTES: Final = {
    "code": FUNCTION_CODE,
    "defaults": FUNCTION_DEFAULTS,
    "kwdefaults": FUNCTION_KWDEFAULTS,
}
FLOAT_VALUE: Final = 16
TUPLE_SIZE: Final = 16
TUPLE_ITEMS: Final = 24
CELL_CONTENTS: Final = 16
BUILTIN_METHOD: Final = 16
BUILTIN_SELF: Final = 24
_METHOD_FUNCTION, _METHOD_FLAGS = 8, 16
_METH_O = 8
INT_SIZE: Final = 16
INT_DIGITS: Final = 24
TYPE_FLAGS: Final = 168
THREAD_FRAMES: Final = {11: 32, 12: 28}.get(sys.version_info.minor, 44)
"""How many more frames of Python's a thread may make; then comes the recursion limit."""

DICT_WATCHERS: Final = 24 if sys.version_info >= (3, 12) else None
"""The byte in which each watcher of a dictionary has a bit, if there are such."""
_DICT_KEYS = 32
_KEYS_LOG2_INDEX_BYTES, _KEYS_KIND, _KEYS_VERSION, _KEYS_COUNT, _KEYS_INDEX = 9, 10, 12, 24, 32
_KEYS_UNICODE = 1
_ENTRY = 16


class Unguardable(Exception):
    """What the code assumes cannot be checked by machine code."""


def word(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value


def half(address: int) -> int:
    return ctypes.c_uint32.from_address(address).value


def api(name: str) -> int:
    """The address of a function of the C-API."""
    address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    assert address is not None
    return address


def unavailable_reason() -> str | None:
    """Why machine code cannot be run in this process, or None."""
    if not _reason:
        _reason.append(_find_reason())
    return _reason[0]


_reason: list[str | None] = []


def _find_reason() -> str | None:
    reason = platform.unsupported()
    if reason is not None:
        return reason
    interpreter = _address_returned(ctypes.pythonapi.PyInterpreterState_Get)
    if interpreter != _address_returned(ctypes.pythonapi.PyInterpreterState_Main):
        return "needs the main interpreter"
    for what, holds in _checks():
        if not holds():
            return f"this CPython keeps {what} elsewhere"
    from tracejit.runtime import code_memory

    try:
        code_memory.install(b"\xc3")
    except OSError as error:
        return f"executable memory is refused: {error.strerror}"
    return None


def _address_returned(function: ctypes._FuncPointer) -> object:
    function.restype = ctypes.c_void_p
    return function()


def _checks() -> Iterable[tuple[str, Callable[[], bool]]]:
    return (
        ("integers", _integers_hold),
        (
            "floats",
            lambda: ctypes.c_double.from_address(id(number := 1.25) + FLOAT_VALUE).value == number,
        ),
        ("functions", _functions_hold),
        ("tuples and cells", _containers_hold),
        ("built-in functions", _builtins_hold),
        ("dictionaries", _dictionaries_hold),
        ("the recursion limit", _frames_hold),
        ("types", lambda: word(id(FunctionType) + TYPE_FLAGS) == FunctionType.__flags__),
    )


def _frames_hold() -> bool:
    def frames(deeper: int) -> int:
        return frames(deeper - 1) if deeper else half(thread + THREAD_FRAMES)

    get = ctypes.pythonapi.PyThreadState_Get
    get.restype = ctypes.c_void_p
    thread = get()
    limit = half(thread + THREAD_FRAMES + 4)
    return limit == sys.getrecursionlimit() and frames(0) - frames(3) == 3


def _integers_hold() -> bool:
    digits, negative = 3 + (5 << 30) + (7 << 60), -(3 + (5 << 30))
    if TAGGED_INTS:
        tags = [word(id(number) + INT_SIZE) & ~4 for number in (0, digits, negative)]
        sizes_hold = tags == [1, 3 << 3, 2 << 3 | 2]
    else:
        sizes = [ctypes.c_int64.from_address(id(n) + INT_SIZE).value for n in (0, digits, negative)]
        sizes_hold = sizes == [0, 3, -2]
    first = id(digits) + INT_DIGITS
    return sizes_hold and [half(first + 4 * index) for index in range(3)] == [3, 5, 7]


def _functions_hold() -> bool:
    def probe(a: int = 1, *, b: int = 2) -> None:
        pass

    pointers = {word(id(f) + FUNCTION_VECTORCALL) for f in (probe, api, half)}
    return (
        word(id(probe) + FUNCTION_CODE) == id(probe.__code__)
        and word(id(probe) + FUNCTION_DEFAULTS) == id(probe.__defaults__)
        and word(id(probe) + FUNCTION_KWDEFAULTS) == id(probe.__kwdefaults__)
        and len(pointers) == 1
        and ctypes.c_int64.from_address(id(FunctionType) + 56).value == FUNCTION_VECTORCALL
    )


def _containers_hold() -> bool:
    content = object()
    pair = (None, content)
    cell = (lambda: content).__closure__[0]  # type: ignore[index]
    return (
        word(id(pair) + TUPLE_SIZE) == 2
        and word(id(pair) + TUPLE_ITEMS + 8) == id(content)
        and word(id(cell) + CELL_CONTENTS) == id(content)
    )


def _builtins_hold() -> bool:
    method = word(id(len) + BUILTIN_METHOD)
    return word(id(len) + BUILTIN_SELF) == id(builtins) and (
        ctypes.string_at(word(method)) == b"len" and half(method + _METHOD_FLAGS) == _METH_O
    )


def _dictionaries_hold() -> bool:
    content = object()
    name = sys.intern("tracejit_probe")
    dictionary: dict[str, object] = {"other": None, name: content}
    try:
        offset = _value_offset(dictionary, name)
    except Unguardable:
        return False
    return word(word(id(dictionary) + _DICT_KEYS) + offset) == id(content)


def builtin(function: BuiltinFunctionType) -> tuple[int, int]:
    """Of a built-in function of one argument, the address of its code, and what it is called with
    before the argument."""
    method = word(id(function) + BUILTIN_METHOD)
    assert half(method + _METHOD_FLAGS) == _METH_O, f"{function.__name__} has other arguments"
    return word(method + _METHOD_FUNCTION), word(id(function) + BUILTIN_SELF)


def guards(
    function: FunctionType,
    assumptions: Iterable[Assumption],
    variables: Iterable[Variable] = (),
) -> list[MemoryIs]:
    """What machine code for the function checks before it trusts the assumptions.

    And before it uses the variables, which it assigns. The keys of every dictionary come before the
    values in them. The guards hold when this returns; they are only good while function and objects
    live. Raises Unguardable.
    """
    from tracejit.backend.target import MemoryIs
    from tracejit.ir.function import (
        AttributeIs,
        CellIs,
        FunctionHas,
        GlobalIs,
        KeywordDefaultIs,
        TypeIs,
    )

    keys: dict[tuple[int, ...], MemoryIs] = {}
    values: dict[tuple[int, ...], MemoryIs] = {}

    def found_in(dictionaries: Iterable[dict[str, object]], name: str) -> tuple[int, ...]:
        """Where the last of the dictionaries has the name, if nobody adds it to another one."""
        for dictionary in dictionaries:
            version = (id(dictionary) + _DICT_KEYS, _KEYS_VERSION)
            if version not in keys:
                keys[version] = MemoryIs(version, 4, _version(dictionary, name))
        # A copy of the keys may have the same version: their address is not to be relied on.
        return id(dictionary) + _DICT_KEYS, _value_offset(dictionary, name)

    for assumption in assumptions:
        match assumption:
            case FunctionHas(attribute, value, owner):
                path: tuple[int, ...] = (id(owner) + _ATTRIBUTES[attribute],)
            case CellIs(index, value, owner):
                closure = (owner or function).__closure__
                assert closure is not None
                path = (id(closure[index]) + CELL_CONTENTS,)
            case GlobalIs(name, value, owner):
                path = found_in(_searched(owner or function, name), name)
            case KeywordDefaultIs(name, value, owner):
                path = found_in([_keyword_defaults(owner, name)], name)
            case AttributeIs(module, name, value):
                path = found_in([vars(module)], name)
            case TypeIs(module, value):
                path = (id(module) + 8,)
        values[path] = MemoryIs(path, 8, id(value))
    for variable in variables:
        if isinstance(variable.holder, dict):
            path = found_in([variable.holder], variable.name)
        else:
            path = (id(variable.holder) + CELL_CONTENTS,)
        if path in values:
            raise Unguardable("what is assumed to stay what it is is assigned")
    found = [*keys.values(), *values.values()]
    if not all(holds(guard) for guard in found):
        raise Unguardable("it has changed already")
    return found


def addresses(variables: Iterable[Variable]) -> dict[Variable, Address]:
    """Where the variables are while their guards hold. Raises Unguardable."""
    return {variable: _address(variable) for variable in variables}


def _address(variable: Variable) -> Address:
    from tracejit.backend.target import Address
    from tracejit.runtime import code_memory
    from tracejit.runtime.stubs.words import BASE, HOLDER, NAME, OFFSET, VARIABLE_WORDS

    holder = variable.holder
    block, words = code_memory.words(VARIABLE_WORDS)
    path: tuple[int, ...]
    if isinstance(holder, dict):
        words[NAME // 8] = id(variable.name)
        base, offset = path = id(holder) + _DICT_KEYS, _value_offset(holder, variable.name)
    else:
        base, offset = block.address + HOLDER, CELL_CONTENTS
        path = (id(holder) + CELL_CONTENTS,)
    words[HOLDER // 8], words[BASE // 8], words[OFFSET // 8] = id(holder), base, offset
    return Address(path, block.address, block)


def holds(guard: MemoryIs) -> bool:
    """Whether the guard would let machine code pass."""
    address = guard.path[0]
    for offset in guard.path[1:]:
        address = word(address) + offset
    return (word(address) if guard.width == 8 else half(address)) == guard.value


def _searched(function: FunctionType, name: str) -> list[dict[str, object]]:
    """The dictionaries that a lookup of the global reads; the last one has it."""
    found: list[dict[str, object]] = []
    for dictionary in (function.__globals__, function.__builtins__):
        if type(dictionary) is not dict:
            raise Unguardable("the globals are not a plain dictionary")
        found.append(dictionary)
        if name in dictionary:
            return found
    raise Unguardable(f"there is no global {name}")


def _keyword_defaults(function: FunctionType, name: str) -> dict[str, object]:
    """The dictionary that has the default of the parameter."""
    found = function.__kwdefaults__
    if type(found) is not dict or name not in found:
        raise Unguardable(f"there is no default for {name}")
    return found


def _version(dictionary: dict[str, object], name: str) -> int:
    """The version of the dictionary's keys: unique, and gone as soon as a key comes or goes.

    CPython assigns it when it specialises a global's lookup; so that is made to happen.
    """
    address = word(id(dictionary) + _DICT_KEYS) + _KEYS_VERSION
    if half(address) == 0:
        _specialise_lookup(dictionary, name)
    version = half(word(id(dictionary) + _DICT_KEYS) + _KEYS_VERSION)
    if version == 0:
        raise Unguardable("the keys of a dictionary have no version")
    return version


def _lookup() -> None:
    tracejit_probe  # type: ignore[name-defined]  # noqa: B018, F821


def _specialise_lookup(dictionary: dict[str, object], name: str) -> None:
    """Look the name up, or some name that the dictionary has, until CPython specialises that."""
    if name not in dictionary:
        names = [key for key in dictionary if type(key) is str][:1]
        if not names:
            return
        name = names[0]
    lookup = FunctionType(_lookup.__code__.replace(co_names=(name,)), dictionary)
    for _ in range(60):
        lookup()


def _value_offset(dictionary: dict[str, object], name: str) -> int:
    """Where the value of the name is, from the address of the dictionary's keys."""
    keys = word(id(dictionary) + _DICT_KEYS)
    if ctypes.c_uint8.from_address(keys + _KEYS_KIND).value != _KEYS_UNICODE:
        raise Unguardable("the keys of a dictionary are not all strings")
    entries = _KEYS_INDEX + (1 << ctypes.c_uint8.from_address(keys + _KEYS_LOG2_INDEX_BYTES).value)
    content = ctypes.string_at(keys + entries, _ENTRY * word(keys + _KEYS_COUNT))
    addresses = memoryview(content).cast("Q")[::2].tolist()
    address = id(sys.intern(name))
    if address not in addresses:
        address = next(id(key) for key in dictionary if key == name)
    index = addresses.index(address)
    return entries + _ENTRY * index + 8
