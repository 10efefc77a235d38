"""Versions: a function's machine code for one tuple of argument types, and its ways out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Final

from tracejit.backend.exits import ExitRecord
from tracejit.backend.target import (
    DATA_EPILOGUE,
    DATA_EXITS,
    DATA_LINK,
    DATA_NEXT,
    EXIT_SIZE,
    Address,
    MemoryIs,
)
from tracejit.ir.frame_state import Called
from tracejit.runtime import code_memory, exits, layout
from tracejit.runtime.asynchronous import handler_traceback, headroom, is_asynchronous
from tracejit.runtime.resume import resume_function
from tracejit.runtime.stubs import words
from tracejit.runtime.stubs.poll import INITIAL_FUEL

if TYPE_CHECKING:
    from tracejit.ir.types import Signature
    from tracejit.ir.variables import Variable
    from tracejit.runtime.dispatcher import State

_FIRST_REVIEW: Final = 64
_MOST_REVIEW: Final = 1 << 14
_FIRST_WORD: Final = words.VERSION_WORDS
"""Where DATA starts in a version's words, because the runtime's own words come before it."""


class DataBlock:
    """The words that a version's code reads: its links to the rest of the runtime."""

    __slots__ = ("_block", "address", "words")

    def __init__(self, exits: int) -> None:
        size = DATA_EXITS // 8 + EXIT_SIZE // 8 * exits
        self._block, self.words = code_memory.words(_FIRST_WORD + size)
        self.address = self._block.address + 8 * _FIRST_WORD
        """DATA, as the back end embeds it."""

    def get(self, offset: int) -> int:
        """The word at that offset in bytes from DATA."""
        value: int = self.words[_FIRST_WORD + offset // 8]
        return value

    def set(self, offset: int, value: int) -> None:
        self.words[_FIRST_WORD + offset // 8] = value


@dataclass(slots=True, eq=False)
class NativeCode:
    """What a compilation gives: code that was made for the address of `data`."""

    code: bytes
    entry: int
    """The offset of the entry in the code."""
    epilogue: int
    """The offset of what leaves the frame with the result in rax."""
    data: DataBlock
    exits: list[ExitRecord]
    guards: list[MemoryIs]
    kept: object = None
    """What must live as long as the code: objects whose addresses it embeds."""
    nanoseconds: Mapping[str, int] = field(default_factory=dict)
    """What each stage took."""
    calls_natively: bool = False
    """Whether there are functions in the code that it calls."""
    variables: Mapping[Variable, Address] = field(default_factory=dict)
    """Where the variables are that the code assigns."""


class Version:
    """Installed code. Called by the `deopt` stub with the number of an exit that has no resume
    function yet, or with the complement of one when it is time to review."""

    __slots__ = (
        "_block",
        "_descriptors",
        "children",
        "code",
        "data",
        "entry",
        "exits",
        "function",
        "guards",
        "kept",
        "nanoseconds",
        "recompiled",
        "resumes",
        "signature",
        "size",
        "state",
        "variables",
        "windows",
    )

    def __init__(self, state: State, signature: Signature, native: NativeCode) -> None:
        self.state = state.reference
        self.function = state.function
        self.code = state.code
        """What the code was made from; the function may get another while it runs."""
        self.signature = signature
        self.data, self.exits, self.guards = native.data, native.exits, native.guards
        self.kept, self.nanoseconds = native.kept, native.nanoseconds
        self.variables = native.variables
        self.size = len(native.code)
        self.recompiled = 0
        self.resumes: dict[int, FunctionType] = {}
        self.children: dict[int, State | None] = {}
        """What became of the resume functions; None for those that are never armed."""
        self.windows = _FIRST_REVIEW
        self._block = code_memory.install(native.code)
        self.entry = self._block.address + native.entry
        self._descriptors = self._write_descriptors()
        data = self.data
        data.set(DATA_EPILOGUE, self._block.address + native.epilogue)
        data.set(DATA_LINK, id(self))
        data.set(words.REVIEW, self.windows)
        if any(record.kind == "raise" for record in self.exits):
            data.set(words.FUEL, INITIAL_FUEL)
        data.set(words.NATIVE_CALLS, native.calls_natively)

    def _write_descriptors(self) -> code_memory.Block | None:
        encoded = [exits.encode(record, self.variables) for record in self.exits]
        if not encoded:
            return None
        block = code_memory.data(b"".join(encoded))
        address = block.address
        for index, content in enumerate(encoded):
            self.data.set(_exit(index), address)
            address += len(content)
        return block

    def set_next(self, address: int) -> None:
        """Where to go on when a guard fails."""
        self.data.set(DATA_NEXT, address)

    def holds(self) -> bool:
        """Whether what the code assumes of memory is still so."""
        return all(layout.holds(guard) for guard in self.guards)

    def counts(self) -> Iterator[tuple[int, ExitRecord, int]]:
        """Each exit's number and record, and how often it was taken."""
        for index, record in enumerate(self.exits):
            yield index, record, self.data.get(_exit(index) + 16)

    @property
    def too_deep(self) -> bool:
        return self.data.get(words.ACTIVE) > words.MAX_ACTIVE

    def fuel_spent(self) -> int:
        """Backward jumps done by activations that left."""
        return self.data.get(words.WORK)

    def review_soon(self) -> None:
        self.data.set(words.REVIEW, 0)

    def __call__(self, number: int) -> Callable[..., object] | None:
        """Returns what to call instead of the exit's resume function, if anything."""
        index = number if number >= 0 else ~number
        try:
            with headroom():
                if number < 0:
                    self._review()
                self._link(index)
        except BaseException as error:
            if self.exits[index].kind == "raise":
                # One exception is being raised already: the resume function is all that is needed.
                self._link(index)
                return None
            # What a signal handler raises here belongs to the frame that is being left.
            error = error.with_traceback(handler_traceback(error))
            return partial(self._resume(index, raises=True), error)
        return None

    def _review(self) -> None:
        state = self.state()
        if state is None:
            return
        self.windows = min(2 * self.windows, _MOST_REVIEW)
        self.data.set(words.REVIEW, self.windows)
        try:
            state.review()
        except Exception as error:
            if is_asynchronous(error):
                raise
            state.fail(error)

    def _link(self, index: int) -> None:
        if index in self.resumes:
            return
        raises = self.exits[index].kind == "raise"
        resume = self._resume(index, raises)
        # Another thread may have been here meanwhile; its function is as good.
        resume = self.resumes.setdefault(index, resume)
        state = self.state()
        if index not in self.children:
            armed = state is not None and not raises
            self.children[index] = state.adopt(resume) if armed and state is not None else None
        self.data.set(_exit(index) + 8, id(resume))

    def _resume(self, index: int, raises: bool) -> FunctionType:
        record, function = self.exits[index], self.function()
        assert function is not None
        assert record.exit is not None
        frame = record.frame or Called(function, self.code)
        return resume_function(frame.function, record.exit.state, raises, frame.code)


def _exit(index: int) -> int:
    return DATA_EXITS + EXIT_SIZE * index


def chain(versions: list[Version], miss: int) -> int:
    """Link the versions so that each one's misses go to the next; the address of the first."""
    following = miss
    for version in reversed(versions):
        version.set_next(following)
        following = version.entry
    return following
