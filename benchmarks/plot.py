"""The kernels' speed-ups over CPython as bars on a logarithmic scale, in an SVG file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # after the choice of what draws
from matplotlib.axes import Axes

from benchmarks.measure import Result

SETTINGS = {
    # Text stays text, and the same results give the same file.
    "svg.fonttype": "none",
    "svg.hashsalt": "tracejit",
    "font.family": "sans-serif",
    "font.size": 9,
}
COLOURS = ("#d0a35f", "#b5727a", "#5b8db8", "#b08bbd", "#7fb79a")
"""Of the families' bars, in alphabetical order and from the first one again."""
MARKS = {
    "C": {"marker": "|", "color": "black", "s": 90, "linewidths": 2},
    "Numba": {"marker": "o", "color": "#d98a1f", "s": 18},
    "PyPy": {"marker": "D", "color": "#8a3b3b", "s": 14},
}
ROW = 0.19
"""Inches for each kernel."""


def plot(results: Sequence[Result], path: Path) -> None:
    """A bar for tracejit and a mark for each other side, family by family."""
    kernels = [result for result in results if result.subject.group == "kernel"]
    kernels.sort(key=lambda r: (r.subject.family, -r.ratio("CPython")), reverse=True)
    with pyplot.rc_context(SETTINGS):
        size = (8, 1.3 + ROW * len(kernels))
        figure, axes = pyplot.subplots(figsize=size, layout="constrained")
        draw_bars(axes, kernels)
        draw_marks(axes, kernels)
        label(axes, kernels)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def draw_bars(axes: Axes, kernels: Sequence[Result]) -> None:
    families = sorted({kernel.subject.family for kernel in kernels})
    for family, colour in zip(families, cycle(COLOURS), strict=False):
        rows = [row for row, kernel in enumerate(kernels) if kernel.subject.family == family]
        lengths = [kernels[row].ratio("CPython") for row in rows]
        if rows:
            axes.barh(rows, lengths, color=colour, label=f"tracejit, {family}")


def draw_marks(axes: Axes, kernels: Sequence[Result]) -> None:
    """What answers wrongly, or not at all, is a cross at the left."""
    for side, style in MARKS.items():
        rows = [row for row, kernel in enumerate(kernels) if side in kernel.seconds]
        places = [kernels[row].ratio("CPython", side) for row in rows]
        if rows:
            axes.scatter(places, rows, label=side, zorder=3, **style)
    failed = [row for row, kernel in enumerate(kernels) if "Numba" in kernel.failures]
    if failed:
        crosses = axes.get_yaxis_transform()
        style = {"marker": "x", "color": MARKS["Numba"]["color"], "s": 22, "zorder": 3}
        label = "Numba: wrong, or refuses"
        axes.scatter([0.012] * len(failed), failed, transform=crosses, label=label, **style)


def label(axes: Axes, kernels: Sequence[Result]) -> None:
    axes.set_xscale("log")
    axes.set_yticks(range(len(kernels)), [kernel.subject.name for kernel in kernels])
    axes.set_ylim(-0.7, len(kernels) - 0.3)
    axes.set_xlim(left=min(1.0, *(kernel.ratio("CPython") for kernel in kernels)))
    axes.set_xlabel("times as fast as CPython")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(axis="x", color="#dddddd", zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.07), ncols=4, frameon=False)
