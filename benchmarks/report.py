"""The results as tables."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Comparison, Duration

HEADINGS = {
    "kernel": "kernel",
    "overflow": "overflow in the last of 200,000 iterations",
    "call": "one call, loop overhead included",
}
UNITS = ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (float("inf"), 1.0, "s"))


def report(comparisons: Sequence[Comparison], durations: Sequence[Duration], markdown: bool) -> str:
    """Tables of medians, in Markdown or aligned text."""
    parts = [machine()]
    for group, heading in HEADINGS.items():
        chosen = [c for c in comparisons if c.pair.group == group]
        if chosen:
            rows = [
                (c.pair.name, time(c.plain.median()), time(c.compiled.median()), f"{c.ratio:.1f} x")
                for c in chosen
            ]
            if group == "call":
                rows = [(*row[:3], f"{c.ratio:.2f} x") for row, c in zip(rows, chosen, strict=True)]
            if group == "kernel":
                middle = statistics.geometric_mean(c.ratio for c in chosen)
                rows.append(("*geometric mean*", "", "", f"{middle:.1f} x"))
            parts.append(table((heading, "CPython", "tracejit", "faster"), rows, markdown))
    if durations:
        rows_once = [(duration.name, time(duration.seconds)) for duration in durations]
        parts.append(table(("once", "time"), rows_once, markdown))
    return "\n\n".join(parts)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], markdown: bool) -> str:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [
        [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(cells)
        ]
        for cells in (list(zip(row, widths, strict=True)) for row in (head, *rows))
    ]
    if not markdown:
        return "\n".join("  ".join(line).rstrip() for line in lines)
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def time(seconds: float) -> str:
    """Three digits and a unit."""
    factor, unit = next((factor, unit) for limit, factor, unit in UNITS if seconds < limit)
    return f"{seconds * factor:.3g} {unit}"


def machine() -> str:
    """The interpreter and the processor, as one line."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"CPython {platform.python_version()}, {names[0] if names else platform.machine()}"
