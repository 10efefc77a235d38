"""Memory for machine code, never writable and executable at once, and for the words that it reads.

Code is written through one mapping of a memfd and runs in another; where memfds are refused, pages
are written and then made executable. Nothing is ever unmapped: threads may still run at exit.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from _weakref import ref

import _cffi_backend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any, Final

CDEF: Final = """
void *mmap(void *, size_t, int, int, int, long);
int mprotect(void *, size_t, int);
"""
# What cffi's out-of-line mode makes of CDEF: parsing it here would take 20 ms.
_ffi: Final = _cffi_backend.FFI(
    "tracejit",
    _version=0x2601,
    _types=b"\x00\x00\x03\x0d\x00\x00\x0d\x03\x00\x00\x1c\x01\x00\x00\x07\x01\x00\x00\x00\x0f\x00"
    b"\x00\x01\x0d\x00\x00\x01\x11\x00\x00\x1c\x01\x00\x00\x07\x01\x00\x00\x07\x01\x00\x00\x07\x01"
    b"\x00\x00\x09\x01\x00\x00\x00\x0f\x00\x00\x00\x01",
    _globals=(b"\x00\x00\x05\x23mmap", 0, b"\x00\x00\x00\x23mprotect", 0),
)
_libc: Final = _ffi.dlopen(None)

_READ, _WRITE, _EXEC = 1, 2, 4
_SHARED, _PRIVATE, _ANONYMOUS = 1, 2, 0x20
_ARENA = 1 << 20
_PAGE = 4096
_SMALLEST = 32
_CACHE_LINE = 64
_MAP_FAILED = 2**64 - 1


class MemoryRefused(OSError):
    """The system gives no memory of the kind that is needed."""


class _Owner(ref):  # type: ignore[type-arg]
    """What is known of a block while its token lives."""

    __slots__ = ("address", "arena", "size", "write_offset")
    address: int
    arena: _Arena
    size: int
    write_offset: int


class Block:
    """A block of memory, which is given back when nothing holds it any more.

    Not by a finaliser, which the garbage collector would call while others may still run the code:
    by the death of the token, a code object, which the garbage collector does not know.
    """

    __slots__ = ("_token", "address")

    def __init__(self, token: CodeType, address: int) -> None:
        self._token = token
        self.address = address


class _Arena:
    """Mappings that blocks of one kind are cut from."""

    __slots__ = ("by_page", "end", "extend", "free", "next", "write_offset")

    def __init__(self, extend: Callable[[_Arena, int], None]) -> None:
        self.extend = extend
        self.next = self.end = 0
        self.write_offset = 0
        """Where a block is written to, from where it is used."""
        self.by_page = False
        """Blocks are whole pages, whose protection changes."""
        self.free: dict[int, list[tuple[int, int, int]]] = {}
        """For each size, free blocks as `cut` returned them."""

    def cut(self, length: int) -> tuple[int, int, int]:
        """A block's address (aligned to a cache line if it fills one), size and write offset."""
        size = max(_PAGE if self.by_page else _SMALLEST, 1 << (length - 1).bit_length())
        available = self.free.get(size)
        if available:
            return available.pop()
        self.next += -self.next % min(size, _CACHE_LINE)
        if self.next + size > self.end:
            self.extend(self, max(size, _ARENA))
            return self.cut(length)
        address = self.next
        self.next += size
        return address, size, self.write_offset


def _map_data(arena: _Arena, length: int) -> None:
    arena.next = _map(length, _READ | _WRITE, _PRIVATE | _ANONYMOUS)
    arena.end = arena.next + length


def _map_code(arena: _Arena, length: int) -> None:
    try:
        file = os.memfd_create("tracejit", os.MFD_CLOEXEC)
        try:
            os.ftruncate(file, length)
            writable = _map(length, _READ | _WRITE, _SHARED, file)
            arena.next = _map(length, _READ | _EXEC, _SHARED, file)
        finally:
            os.close(file)
        arena.write_offset = writable - arena.next
    except OSError:
        arena.next = _map(length, _READ | _WRITE, _PRIVATE | _ANONYMOUS)
        _protect(arena.next, length, _READ | _EXEC)
        arena.write_offset = 0
        arena.by_page = True
    arena.end = arena.next + length


_code: Final = _Arena(_map_code)
_data: Final = _Arena(_map_data)
_owners: Final[dict[int, _Owner]] = {}
"""The owners of the blocks in use, by address."""
_freed: Final[list[ref[CodeType]]] = []
"""Owners of blocks given back since the last allocation."""
_lock: Final = allocate_lock()


def words(count: int) -> tuple[Block, Any]:
    """So many 8-byte words, zeroed: the block, and the words as a mutable sequence of ints."""
    block = _allocate(_data, 8 * count)
    view = _ffi.cast("uint64_t *", block.address)
    _ffi.memmove(view, bytes(8 * count), 8 * count)
    return block, view


def data(content: bytes) -> Block:
    """A copy of the bytes, for machine code to read and write."""
    block = _allocate(_data, len(content))
    _ffi.memmove(_ffi.cast("char *", block.address), content, len(content))
    return block


def install(code: bytes) -> Block:
    """Executable memory that holds the code, 64-byte aligned if longer than 32 bytes.

    Raises MemoryRefused.
    """
    block = _allocate(_code, len(code))
    owner = _owners[block.address]
    writable = _ffi.cast("char *", owner.address + owner.write_offset)
    if owner.write_offset:
        _ffi.memmove(writable, code, len(code))
    else:
        _protect(owner.address, owner.size, _READ | _WRITE)
        _ffi.memmove(writable, code, len(code))
        _protect(owner.address, owner.size, _READ | _EXEC)
    return block


def _allocate(arena: _Arena, length: int) -> Block:
    # Never waited for: a signal handler may allocate while the code that it interrupts does.
    if _lock.acquire(blocking=False):
        try:
            _collect_freed()
            cut = arena.cut(length)
        finally:
            _lock.release()
    else:
        cut = _Arena(arena.extend).cut(max(length, _PAGE))
    token = _allocate.__code__.replace()
    owner = _Owner(token, _freed.append)
    owner.arena = arena
    owner.address, owner.size, owner.write_offset = cut
    _owners[owner.address] = owner
    return Block(token, owner.address)


def _collect_freed() -> None:
    while _freed:
        owner = _freed.pop()
        assert isinstance(owner, _Owner)
        if _owners.pop(owner.address, None) is owner:
            free = owner.arena.free.setdefault(owner.size, [])
            free.append((owner.address, owner.size, owner.write_offset))


def _map(length: int, protection: int, flags: int, file: int = -1) -> int:
    mapped = _libc.mmap(_ffi.NULL, length, protection, flags, file, 0)
    address = int(_ffi.cast("uintptr_t", mapped))
    if address == _MAP_FAILED:
        raise MemoryRefused(_ffi.errno, os.strerror(_ffi.errno))
    return address


def _protect(address: int, length: int, protection: int) -> None:
    if _libc.mprotect(_ffi.cast("void *", int(address)), length, protection):
        raise MemoryRefused(_ffi.errno, os.strerror(_ffi.errno))


def _abandon_code() -> None:
    """Never write again to the pages that a forked child will share."""
    for owner in list(_owners.values()):
        if owner.arena is _code:
            owner.arena = _Arena(_map_code)
    _code.free.clear()
    _code.next = _code.end = 0


os.register_at_fork(before=_abandon_code)
