"""The way in: a function's own vectorcall leads to machine code, and back.

Up to 3.11 the interpreter inlines calls of exact functions without a look at their vectorcall;
there an armed function is of a subclass that differs in nothing else.
"""

from __future__ import annotations

import ctypes
import sys
from types import FunctionType

from tracejit.runtime import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_SUBCLASSED: Final = sys.version_info < (3, 12)

_BASETYPE = 1 << 10
_HAVE_VECTORCALL = 1 << 11
_METHOD_DESCRIPTOR = 1 << 17

_armed_types: Final[list[type]] = []
"""The subclass of FunctionType, once there is one."""


def vectorcall(function: FunctionType) -> int:
    """Where a call of the function goes."""
    return layout.word(id(function) + layout.FUNCTION_VECTORCALL)


def arm(function: FunctionType, address: int) -> None:
    """Let calls of the function go to this address."""
    _set_vectorcall(function, address)
    if _SUBCLASSED and type(function) is FunctionType:
        armed = _armed_type()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(armed))
        ctypes.c_uint64.from_address(id(function) + 8).value = id(armed)


def version(function: FunctionType) -> int:
    """What specialised call sites know the function by; 0 if they must not."""
    return layout.half(id(function) + layout.FUNCTION_VERSION)


def disarm(function: FunctionType, address: int, version: int) -> None:
    """Let calls of the function go to its own vectorcall, at this address, again.

    The function gets back the version that it had before, if it is the same otherwise: from 3.13 on
    CPython gives no new one, and calls would stay slow.
    """
    _set_vectorcall(function, address)
    ctypes.c_uint32.from_address(id(function) + layout.FUNCTION_VERSION).value = version
    if _SUBCLASSED and type(function) is not FunctionType:
        armed = type(function)
        ctypes.c_uint64.from_address(id(function) + 8).value = id(FunctionType)
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(armed))


def _set_vectorcall(function: FunctionType, address: int) -> None:
    if _SUBCLASSED:
        ctypes.c_uint64.from_address(id(function) + layout.FUNCTION_VECTORCALL).value = address
        # Call sites that were specialised for the function look again.
        ctypes.c_uint32.from_address(id(function) + layout.FUNCTION_VERSION).value = 0
    else:
        # Also forgets the version.
        ctypes.pythonapi.PyFunction_SetVectorcall(
            ctypes.py_object(function), ctypes.c_void_p(address)
        )


def _armed_type() -> type:
    if not _armed_types:
        _armed_types.append(_make_armed_type())
    return _armed_types[0]


def _make_armed_type() -> type:
    """A subclass of FunctionType that calls by vectorcall and looks like its base."""
    _set_flags(FunctionType, FunctionType.__flags__ | _BASETYPE)
    try:
        members = {"__slots__": (), "__reduce_ex__": _qualified_name}
        armed = type("function", (FunctionType,), members)
    finally:
        _set_flags(FunctionType, FunctionType.__flags__ & ~_BASETYPE)
    for name in ("__doc__", "__module__", "__annotations__"):
        # Types have such attributes of their own, which would hide those of the instances.
        setattr(armed, name, vars(FunctionType)[name])
    del armed.__slots__  # type: ignore[attr-defined]
    _set_flags(armed, (armed.__flags__ & ~_BASETYPE) | _HAVE_VECTORCALL | _METHOD_DESCRIPTOR)
    return armed


def _qualified_name(function: FunctionType, _: object, /) -> str:
    """How functions are pickled."""
    return function.__qualname__


def _set_flags(kind: type, flags: int) -> None:
    ctypes.c_uint64.from_address(id(kind) + layout.TYPE_FLAGS).value = flags
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
