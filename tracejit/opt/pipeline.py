"""The order of the passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tracejit.ir.function import Function
from tracejit.opt.byte_swap import byte_swap
from tracejit.opt.dce import dce
from tracejit.opt.divide import divide
from tracejit.opt.euclid import euclid
from tracejit.opt.fold import fold
from tracejit.opt.gvn import gvn
from tracejit.opt.if_convert import if_convert
from tracejit.opt.induction import induction
from tracejit.opt.layout import layout
from tracejit.opt.licm import licm
from tracejit.opt.narrow import narrow
from tracejit.opt.params import params
from tracejit.opt.reciprocals import reciprocals
from tracejit.opt.rotate import rotate
from tracejit.opt.short_loops import short_loops
from tracejit.opt.simplify_cfg import simplify_cfg
from tracejit.opt.strip_mine import strip_mine
from tracejit.opt.unroll import unroll

PASSES: Final[tuple[Callable[[Function], None], ...]] = (
    # On exact integers, where nearly every instruction has an exit with its state: only what helps
    # to prove the exits needless.
    simplify_cfg,
    params,
    unroll,
    fold,
    narrow,
    # On machine integers.
    simplify_cfg,
    if_convert,
    rotate,
    params,
    fold,
    divide,
    gvn,
    byte_swap,
    licm,
    reciprocals,
    short_loops,
    induction,
    simplify_cfg,
    euclid,
    strip_mine,
    dce,
    layout,
)


def optimise(function: Function, on_pass: Callable[[str, Function], None] | None = None) -> None:
    """Take the function from the exact to the machine stage, in place, and make it better.

    `on_pass` is called with the name of each pass and the function, after it.
    Raises `wide.NoExit` for a function that cannot be compiled.
    """
    for run in PASSES:
        run(function)
        if on_pass is not None:
            on_pass(run.__name__, function)
