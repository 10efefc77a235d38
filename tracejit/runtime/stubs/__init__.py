"""Machine code that all functions share; each stub's module says what it takes and leaves.

`head`, a function's entry, leads to its versions; on the way `bind` fills in defaults and keywords,
and `dispatch` asks the dispatcher. Versions call `unbox_wide`, `floor_divide`, `float_divmod`,
`call_math` and `poll`, those with native calls `budget` and `take_result`, those that assign
variables outside of them `store`, which uses `assign`, and leave by `deopt`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from tracejit.backend.target import Target
    from tracejit.ir.structures import Structure
    from tracejit.ir.types import Type
    from tracejit.runtime.code_memory import Block

_installed: Final[dict[str, Block]] = {}
_target: Final[list[Target]] = []


def target() -> Target:
    """The facts about this process that the back end embeds."""
    if not _target:
        _target.append(_make_target())
    return _target[0]


def compiled_bind() -> int:
    """The address of `bind`."""
    from tracejit.runtime.stubs.bind import bind_text

    return _install("bind", bind_text)


def _make_target() -> Target:
    from tracejit.backend.target import Target
    from tracejit.runtime import layout, libm
    from tracejit.runtime.stubs.deopt import deopt_text
    from tracejit.runtime.stubs.divide import floor_divide_text
    from tracejit.runtime.stubs.poll import INITIAL_FUEL
    from tracejit.runtime.stubs.unbox import unbox_unsigned_text, unbox_wide_text

    processor = _features()
    return Target(
        int_type=id(int),
        bool_type=id(bool),
        float_type=id(float),
        none=id(None),
        true=id(True),
        false=id(False),
        immortal=layout.IMMORTAL,
        tagged_ints=layout.TAGGED_INTS,
        box_int=layout.api("PyLong_FromLongLong"),
        box_unsigned=layout.api("PyLong_FromUnsignedLongLong"),
        box_float=layout.api("PyFloat_FromDouble"),
        unbox_wide=_install("unbox_wide", unbox_wide_text),
        unbox_unsigned=_install("unbox_unsigned", unbox_unsigned_text),
        floor_divide=_install("floor_divide", floor_divide_text),
        float_divmod=_compiled_float_divmod,
        libm=libm.FUNCTIONS,
        call_math=_compiled_call_math,
        budget=_compiled_budget,
        take_result=_compiled_take_result,
        store=_compiled_store,
        poll=compiled_poll(),
        deopt=_install("deopt", deopt_text),
        initial_fuel=INITIAL_FUEL,
        popcnt="popcnt" in processor,
        sse41="sse4_1" in processor,
    )


def _compiled_float_divmod() -> int:
    from tracejit.runtime.stubs.float_divmod import float_divmod_text

    return _install("float_divmod", float_divmod_text)


def _compiled_call_math(name: str) -> int:
    from tracejit.runtime.stubs.call_math import call_math_text

    return _install(f"math_{name}", lambda: call_math_text(name))


def _compiled_budget() -> int:
    from tracejit.runtime.stubs.budget import budget_text

    return _install("budget", budget_text)


def _compiled_take_result(structure: Structure) -> int:
    from tracejit.runtime.stubs.take_result import take_result_text

    return _install(f"take {structure}", lambda: take_result_text(structure))


def compiled_poll() -> int:
    """The address of `poll`."""
    from tracejit.runtime.stubs.poll import poll_text

    return _install("poll", poll_text)


def compiled_assign() -> int:
    """The address of `assign`."""
    from tracejit.runtime.stubs.assign import assign_text

    return _install("assign", assign_text)


def _compiled_store(of_type: Type) -> int:
    from tracejit.runtime.stubs.store import TEXTS

    return _install(f"store_{of_type}", TEXTS[of_type])


def _install(name: str, text: Callable[[], str]) -> int:
    if name not in _installed:
        from tracejit.backend.assembler import assemble
        from tracejit.runtime import code_memory

        _installed[name] = code_memory.install(assemble(text()))
    return _installed[name].address


def _features() -> list[str]:
    """What the processor can do."""
    try:
        with open("/proc/cpuinfo") as file:
            flags = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return []
    return flags.split()
