"""Memory for code: never writable and executable, recycled, safe across a fork."""

import ctypes
import gc
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tracejit.runtime import code_memory

RETURN_42 = b"\xb8\x2a\x00\x00\x00\xc3"
RETURN_43 = b"\xb8\x2b\x00\x00\x00\xc3"


def call(address):
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)()


def test_installed_code_runs():
    block = code_memory.install(RETURN_42)
    assert call(block.address) == 42


MAPPINGS = """
from pathlib import Path
from tracejit import tracejit
function = tracejit(lambda x: x * 3)
assert function(5) == 15
print(Path("/proc/self/maps").read_text())
"""


def test_no_mapping_is_writable_and_executable():
    # In a process of its own: other tests map memory for machine code themselves.
    run = subprocess.run([sys.executable, "-c", MAPPINGS], capture_output=True, check=True)
    assert not re.search(rb" rwx[ps]", run.stdout)


def test_installed_code_is_in_memory_that_cannot_be_written():
    block = code_memory.install(RETURN_42)
    containing = [
        line
        for line in Path("/proc/self/maps").read_text().splitlines()
        for low, high in [line.split()[0].split("-")]
        if int(low, 16) <= block.address < int(high, 16)
    ]
    assert " r-x" in containing[0]


def test_a_block_that_nobody_holds_is_used_again():
    first = code_memory.install(RETURN_42)
    address = first.address
    del first
    assert code_memory.install(RETURN_43).address == address


def test_a_block_outlives_the_finalisers_of_the_garbage_that_holds_it():
    results = []

    class Holder:
        def __del__(self):
            others = [code_memory.install(RETURN_43) for _ in range(20)]
            results.append((call(self.block.address), len(others)))

    for _ in range(3):
        one, two = Holder(), Holder()
        one.other, two.other = two, one
        one.block = two.block = code_memory.install(RETURN_42)
    del one, two
    gc.collect()
    assert results == [(42, 20)] * 6


def test_words_start_at_zero_and_are_shared_with_their_address():
    block, words = code_memory.words(3)
    words[2] = 7
    assert list((ctypes.c_uint64 * 3).from_address(block.address)) == [0, 0, 7]


def test_an_allocation_inside_an_allocation_is_served():
    with code_memory._lock:
        inner = code_memory.install(RETURN_42)
    assert call(inner.address) == 42


def test_after_a_fork_neither_process_writes_to_shared_code():
    block = code_memory.install(RETURN_42)
    address = block.address
    child = os.fork()
    if child == 0:
        del block
        blocks = [code_memory.install(RETURN_43) for _ in range(50)]
        os._exit(0 if call(address) == 42 and call(blocks[0].address) == 43 else 1)
    del block
    blocks = [code_memory.install(RETURN_43) for _ in range(50)]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert call(address) == 42
    assert all(block.address != address for block in blocks)


def test_pages_serve_where_memfds_are_refused(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "memfd_create", refuse)
    arena = code_memory._Arena(code_memory._map_code)
    monkeypatch.setattr(code_memory, "_code", arena)
    first, second = code_memory.install(RETURN_42), code_memory.install(RETURN_43)
    assert arena.by_page
    assert (call(first.address), call(second.address)) == (42, 43)


def test_a_refusal_has_the_systems_reason():
    with pytest.raises(code_memory.MemoryRefused, match="memory"):
        code_memory._map(1 << 60, 1, code_memory._PRIVATE | code_memory._ANONYMOUS)


def test_the_declarations_are_what_cffi_makes_of_the_text(tmp_path):
    from cffi import FFI

    ffi = FFI()
    ffi.cdef(code_memory.CDEF)
    ffi.set_source("tracejit_memory", None)
    generated = {}
    exec(Path(ffi.compile(str(tmp_path))).read_text(), generated)
    for name in ("mmap", "mprotect"):
        ours = code_memory._ffi.typeof(getattr(code_memory._libc, name))
        theirs = generated["ffi"].typeof(getattr(generated["ffi"].dlopen(None), name))
        assert repr(ours) == repr(theirs)
