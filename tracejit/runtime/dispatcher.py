"""The dispatcher: what happens to calls that no version takes, and whether it pays to go on.

Every decorated function has a State. The function's own dictionary owns it, so that the garbage
collector sees the whole of a function that refers to itself; it is not among the items.
"""

from __future__ import annotations

import os
from _operator import is_
from _thread import allocate_lock, get_ident
from _weakref import ref
from types import FunctionType

from tracejit.runtime import code_memory, entry, layout, stubs
from tracejit.runtime.asynchronous import handler_traceback, headroom, is_asynchronous
from tracejit.runtime.stubs import head, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Final

    from tracejit.ir.types import Signature
    from tracejit.runtime.version import NativeCode, Version

    Compile = Callable[[FunctionType, Signature], NativeCode | str]
    """Gives machine code, or the reason why there is none. May raise Unguardable, Unresumable."""

_MAX_TYPES: Final = 8
"""Versions, not counting apart those for integers of one digit, and for one function each."""
_MAX_FUNCTIONS: Final = 4
"""Versions for one function each, where an argument is a function."""
_MAX_RECOMPILATIONS: Final = 4
_MAX_DEPTH: Final = 2
"""Resume functions further away than this from the decorated function are never armed."""
_RESUME_THRESHOLD: Final = 50
"""Entries of a resume function before it is compiled."""
_MAX_PARAMETERS: Final = 64

_FIRST_MISSES: Final = 8
"""So many calls may not be compiled before one is."""
_SINGLE_MISSES: Final = 16
"""So many misses are looked at each; then one of _MISS_PERIOD."""
_MISS_PERIOD: Final = 64
_ENOUGH_MISSES: Final = 64

# A model of what the interpreter would take, in nanoseconds.
_EXIT_COST: Final = 300
_ITERATION_GAIN: Final = 15
_CALL_GAIN: Final = 10
_UNIT_GAIN: Final = 0.5
_ENOUGH_EXITS: Final = 32

_EXACT_FUNCTION: Final = ("__new__", "__init_subclass__", "__class_getitem__")
_FLAGS: Final = (
    (0x04, "takes any number of arguments"),
    (0x08, "takes any keywords"),
    (0x20, "generator"),
    (0x80 | 0x100, "coroutine"),
    (0x200, "asynchronous generator"),
)

_compiling: Final = allocate_lock()
_compiler: Final = [0]
"""The thread that has it."""
_orphans: Final[list[State]] = []
"""States that lost their function while their code may still run."""

strict: Final[list[bool]] = []
"""Not empty: errors of the compiler are raised, not kept. For tests."""


def _compile_in_child() -> None:
    """The thread that compiles may not have come along."""
    if _compiling.locked() and _compiler[0] != get_ident():
        _compiling._at_fork_reinit()  # type: ignore[attr-defined]


os.register_at_fork(after_in_child=_compile_in_child)


class _Owner(dict):  # type: ignore[type-arg]
    """A function's `__dict__` that also owns its State. Its copies and pickles are plain.

    No other part of a function can own something unseen and yet show it to the garbage collector.
    """

    __slots__ = ("state",)
    state: State

    def __reduce_ex__(self, _: object, /) -> tuple[type, tuple[object]]:
        return dict, (dict(self),)


def _facts(function: FunctionType) -> tuple[object, ...]:
    """What a version of a function stands for."""
    return function.__code__, function.__defaults__, function.__kwdefaults__


def unarmable(function: FunctionType) -> str | None:
    """Why calls of this function can never lead to machine code, or None."""
    code = function.__code__
    for flag, reason in _FLAGS:
        if code.co_flags & flag:
            return reason
    if not code.co_flags & 0x01:
        return "not the body of a function"
    if code.co_cellvars:
        return "has variables that inner functions use"
    if function.__name__ in _EXACT_FUNCTION or code.co_name in _EXACT_FUNCTION:
        return f"CPython looks at the type of {function.__name__}"
    if code.co_argcount + code.co_kwonlyargcount > _MAX_PARAMETERS:
        return "has too many parameters"
    return None


def attach(function: FunctionType, compile: Compile) -> State | str:
    """Let calls of the function be compiled; or the reason why not. Attaching again is free."""
    state = state_of(function)
    if state is not None:
        return state
    reason = layout.unavailable_reason() or unarmable(function)
    if reason is not None:
        return reason
    if type(function) is not FunctionType:
        return "not a plain function"
    try:
        return State(function, compile)
    except code_memory.MemoryRefused as error:
        return f"memory is refused: {error.strerror}"


def state_of(function: FunctionType) -> State | None:
    """The State of a function, if there is one."""
    owner = function.__dict__
    if type(owner) is _Owner and owner.state.function() is function:
        return owner.state
    return None


class State:
    """One function's versions and what came of them. Called by machine code on a miss.

    Read `versions`, `retired`, `misses`, `refusals`, `disarmed` and `failure` to tell about it.
    """

    __slots__ = (
        "__weakref__",
        "_blocks",
        "_names",
        "_reviewed",
        "_skip",
        "_warming",
        "_was",
        "_words",
        "code",
        "compile",
        "depth",
        "disarmed",
        "failure",
        "function",
        "miss_address",
        "misses",
        "old",
        "parent",
        "recompilations",
        "reference",
        "refusals",
        "retired",
        "versions",
    )

    def __init__(
        self, function: FunctionType, compile: Compile, parent: State | None = None
    ) -> None:
        self.reference: Callable[[], State | None] = ref(self)
        self.function: Callable[[], FunctionType | None] = ref(function)
        self.code: CodeType = function.__code__
        self.compile = compile
        self.parent: Callable[[], State | None] | None = None
        if parent is not None:
            self.parent = parent.reference
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.versions: dict[Signature, Version] = {}
        """In the order in which they are tried."""
        self.retired: list[Version] = []
        """Versions that have been replaced; some activation may still run them."""
        self.refusals: dict[Signature, str] = {}
        self.misses = 0
        self.recompilations = 0
        self.disarmed: str | None = None
        """Why the function is plain again."""
        self.failure: BaseException | None = None
        """An error of the compiler."""
        self._warming = parent is not None
        self._skip = _RESUME_THRESHOLD if self._warming else 0
        self._reviewed = (0, 0)
        """Calls and misses when they were last compared."""
        self.old = entry.vectorcall(function)
        self._was = _facts(function), entry.version(function)
        block, self._words = head.function_words(self, self.old)
        entrance = code_memory.install(head.head(block.address))
        self._blocks = (block, entrance)
        self.miss_address = entrance.address + head.MISS
        self._describe_parameters()
        own = self._words
        own[words.VERSIONS] = self.miss_address
        own[words.CODE] = id(self.code)
        own[words.SKIP] = self._skip
        owner = _Owner(function.__dict__)
        owner.state = self
        function.__dict__ = owner
        entry.arm(function, entrance.address)

    def _describe_parameters(self) -> None:
        code, own = self.code, self._words
        parameters = code.co_argcount + code.co_kwonlyargcount
        names = code.co_varnames[:parameters]
        keyword_only = names[code.co_argcount :]
        self._names = names, keyword_only
        own[words.ARGUMENT_COUNT] = 0xFFFFFFFF if keyword_only else code.co_argcount
        own[words.POSITIONAL] = code.co_argcount
        own[words.PARAMETERS] = parameters
        own[words.FIRST_KEYWORD] = code.co_posonlyargcount
        own[words.NAMES] = id(names) + layout.TUPLE_ITEMS
        own[words.KEYWORD_ONLY] = id(keyword_only) if keyword_only else 0

    def __del__(self) -> None:
        function = self.function()
        if function is not None and state_of(function) is not self:
            # Somebody gave the function another dictionary. It may still run, even if disarmed.
            _orphans.append(self)
            self.disarm("its __dict__ was replaced")

    @property
    def calls(self) -> int:
        """Calls that came to the versions, or to the dispatcher with one argument a parameter."""
        calls: int = self._words[words.CALLS]
        return calls

    def __call__(self, /, *arguments: object, **keywords: object) -> int:
        """Where this call is to go on: in a new version, or in CPython's own vectorcall."""
        try:
            return self._dispatch(arguments, keywords)
        except RecursionError:
            return self.old
        except BaseException as error:
            if is_asynchronous(error):
                # Not `from` anything: it is raised where the handler raised it.
                raise error.with_traceback(handler_traceback(error))  # noqa: B904
            self.fail(error)
            return self.old

    def _dispatch(self, arguments: tuple[object, ...], keywords: dict[str, object]) -> int:
        function = self.function()
        if function is None or self.disarmed is not None:
            return self.old
        if function.__code__ is not self.code:
            self.disarm("its code was replaced")
            return self.old
        kinds = self._kinds(function, arguments, keywords)
        if kinds is not None and self._compile(function, self._choose(kinds)):
            return entry.vectorcall(function)
        if not _compiling.locked():
            # Else it may be the next one to be compiled, however often it is called meanwhile.
            self._count_misses()
        return self.old

    def _kinds(
        self,
        function: FunctionType,
        arguments: tuple[object, ...],
        keywords: dict[str, object],
    ) -> Signature | None:
        """What the arguments are; None if they do not fit the parameters or a register."""
        bound = arguments
        if keywords or len(arguments) != len(self._names[0]):
            found = self._bind(function, arguments, keywords)
            if found is None:
                return None
            bound = found
        from tracejit.ir.types import kind_of

        kinds = [kind for argument in bound if (kind := kind_of(argument)) is not None]
        return tuple(kinds) if len(kinds) == len(bound) else None

    def _choose(self, kinds: Signature) -> Signature:
        """The signature of the version that is to take such arguments.

        The first version for some types may be for integers of one digit. What it turns away, the
        second takes, for integers of any length in all places: so there is never a third. A resume
        function has only that one, as what leaves often does so because it has grown. Functions
        among the arguments are the very ones that come first; a last version is for all others.
        """
        from tracejit.ir.types import accepts, general, of_types

        known_kinds = (*self.versions, *self.refusals)
        for known in known_kinds:
            if all(map(accepts, known, kinds)):
                return known
        widest = general(kinds)
        of_any = of_types(widest)
        if of_any != widest:
            alike = {found for found in map(general, known_kinds) if of_types(found) == of_any}
            if len(alike - {widest}) >= _MAX_FUNCTIONS:
                return of_any
        if self.depth or any(general(known) == widest for known in self.versions):
            return widest
        return kinds

    def _bind(
        self,
        function: FunctionType,
        arguments: tuple[object, ...],
        keywords: dict[str, object],
    ) -> tuple[object, ...] | None:
        code, names = self.code, self._names[0]
        if len(arguments) > code.co_argcount:
            return None
        defaults = function.__defaults__ or ()
        positional = names[: code.co_argcount]
        # The last ones belong together, should there be more defaults than parameters.
        values = dict(zip(reversed(positional), reversed(defaults), strict=False))
        values |= function.__kwdefaults__ or {}
        values |= zip(names, arguments, strict=False)
        for name, value in keywords.items():
            if name not in names[max(len(arguments), code.co_posonlyargcount) :]:
                return None
            values[name] = value
        if not all(name in values for name in names):
            return None
        return tuple(values[name] for name in names)

    def _compile(self, function: FunctionType, signature: Signature) -> bool:
        """Make a version, or a new one where what the old one assumes has changed."""
        if signature in self.refusals:
            return False
        known = self.versions.get(signature)
        if known is None:
            from tracejit.ir.types import general, of_types

            if (
                len({of_types(general(known)) for known in (*self.versions, signature)})
                > _MAX_TYPES
            ):
                return False
        if known is not None:
            if known.holds():
                return False
            if self.recompilations >= _MAX_RECOMPILATIONS:
                self.refusals[signature] = "what it reads from outside keeps changing"
                return False
        # A thread that finds a compilation under way, or code run by it, is not to wait.
        if not _compiling.acquire(blocking=False):
            return False
        try:
            _compiler[0] = get_ident()
            with headroom():
                return self._install(function, signature, known)
        finally:
            _compiling.release()

    def _install(self, function: FunctionType, signature: Signature, known: Version | None) -> bool:
        from tracejit.runtime.resume import Unresumable, check_resumable
        from tracejit.runtime.version import Version, chain

        try:
            native = self.compile(function, signature)
            if not isinstance(native, str):
                for record in native.exits:
                    if record.exit is not None:
                        code = self.code if record.frame is None else record.frame.code
                        check_resumable(code, record.exit.state)
        except (layout.Unguardable, Unresumable, code_memory.MemoryRefused) as error:
            native = str(error)
        if isinstance(native, str):
            self.refusals[signature] = native
            return False
        version = Version(self, signature, native)
        if not self.versions:
            self._words[words.CALLS] = 0
        if known is not None:
            self.retired.append(known)
            self.recompilations += 1
        self.versions[signature] = version
        self._words[words.BIND] = stubs.compiled_bind()
        self._words[words.VERSIONS] = chain(list(self.versions.values()), self.miss_address)
        self._warming = False
        self._skip = self._words[words.SKIP] = 0
        return True

    def _count_misses(self) -> None:
        if self._warming:
            self._warming = False
        else:
            self.misses += self._skip + 1
        self._skip = 0 if self.misses < _SINGLE_MISSES else _MISS_PERIOD - 1
        self._words[words.SKIP] = self._skip
        if not self.versions and self.misses >= _FIRST_MISSES:
            refusals = ", ".join(dict.fromkeys(self.refusals.values()))
            self.disarm(refusals or "its arguments are too wide")
            return
        calls, misses = self._reviewed
        new_calls, new_misses = self.calls - calls, self.misses - misses
        if new_misses >= _ENOUGH_MISSES:
            self._reviewed = self.calls, self.misses
            if 4 * new_misses > new_calls:
                self.disarm("its arguments keep having other types")

    def adopt(self, function: FunctionType) -> State | None:
        """Arm a resume function of one of the versions, to be compiled when it is hot."""
        if self.depth >= _MAX_DEPTH or unarmable(function) is not None:
            return None
        try:
            return State(function, self.compile, parent=self)
        except code_memory.MemoryRefused:
            return None

    def review(self) -> None:
        """Disarm the function if leaving costs more than the machine code gains."""
        versions = [*self.versions.values(), *self.retired]
        if any(version.too_deep for version in versions):
            self.disarm("deep recursion through its exits")
            return
        exits = dead = 0
        for version in versions:
            for index, record, count in version.counts():
                if record.kind != "resume":
                    continue
                exits += count
                child = version.children.get(index)
                if child is None or child.disarmed is not None:
                    dead += count
        fuel = sum(version.fuel_spent() for version in versions)
        finished = max(self.calls - self.misses - exits, 0)
        gain = finished * (_CALL_GAIN + _UNIT_GAIN * len(self.code.co_code) / 2)
        gain += fuel * _ITERATION_GAIN
        if dead >= _ENOUGH_EXITS and dead * _EXIT_COST > gain:
            self.disarm("leaving costs more than it gains")

    def disarm(self, reason: str) -> None:
        """Make the function plain again, for good."""
        if self.disarmed is not None:
            return
        self.disarmed = reason
        function = self.function()
        if function is not None:
            facts, number = self._was
            same = all(map(is_, facts, _facts(function)))
            entry.disarm(function, self.old, number if same else 0)
        parent = self.parent and self.parent()
        if parent:
            for version in parent.versions.values():
                version.review_soon()

    def fail(self, error: BaseException) -> None:
        """Keep an error of the compiler, which is no business of who called the function."""
        self.failure = error
        self.disarm(f"internal error: {error!r}")
        if strict:
            raise error
