"""The results as tables, and the figures that sum them up."""

from __future__ import annotations

import platform
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.compilations import LENGTHS
from benchmarks.measure import Result
from benchmarks.once import Once

UNITS = ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (float("inf"), 1.0, "s"))
FAR_FROM_C = 1.3
"""A kernel that takes more times as long as in C has its reason told."""
SECTION = re.compile(r"(?<=<!-- benchmarks -->\n).*(?=<!-- end of benchmarks -->)", re.DOTALL)

Row = Sequence[str]


def report(
    results: Sequence[Result], compiling: Mapping[str, float], happened: Once | None, markdown: bool
) -> str:
    """All tables, in Markdown or aligned text."""
    kernels = [result for result in results if result.subject.group == "kernel"]
    parts = [machine()]
    if kernels:
        parts += [figures(kernels, compiling, markdown), kernel_table(kernels, compiling, markdown)]
        parts += notes(kernels)
    parts += comparison_tables(results, markdown)
    if happened is not None:
        parts.append(once_table(compiling, happened, markdown))
    return "\n\n".join(parts)


def into_section(text: str, tables: str) -> str:
    """The text with the tables between its two marks, which are comments in Markdown."""
    if not SECTION.search(text):
        raise SystemExit("there is no section for the benchmarks")
    return SECTION.sub(lambda _: f"\n{tables}\n\n", text)


def kernel_table(results: Sequence[Result], compiling: Mapping[str, float], markdown: bool) -> str:
    sides = [side for side in ("PyPy", "Numba", "C") if any(side in r.seconds for r in results)]
    head = ["kernel", "family", "CPython", *sides, "tracejit", "faster", "exits", "compiled in"]
    if "C" in sides:
        head.insert(-2, "of C's time")
    rows = []
    for result in results:
        row = [result.subject.name, result.subject.family, cell(result, "CPython")]
        row += [cell(result, side) for side in (*sides, "tracejit")]
        row += [times(result.ratio("CPython"), 1), str(result.exits)]
        row.append(time(compiling[result.subject.name]))
        if "C" in sides:
            row.insert(-2, f"{1 / result.ratio('C'):.2f}" if "C" in result.seconds else "")
        rows.append(row)
    return table(head, rows, markdown)


def cell(result: Result, side: str) -> str:
    if side in result.seconds:
        return time(result.seconds[side])
    return result.failures.get(side, "")


def figures(results: Sequence[Result], compiling: Mapping[str, float], markdown: bool) -> str:
    """The whole suite in a few numbers."""
    rows = [*against_peers(results), *against_cpython(results)]
    wrapping = [result for result in results if result.subject.family in ("masked", "modular")]
    if wrapping:
        exits = sum(result.exits for result in wrapping)
        rows.append(("side exits that masked and modular kernels took", str(exits)))
    median = statistics.median(compiling[result.subject.name] for result in results)
    rows.append(("median time to compile a kernel", time(median)))
    short, long = (compiling[str(length)] for length in LENGTHS)
    rows.append(
        (
            f"time to compile {LENGTHS[1]:,} instructions, in times that of {LENGTHS[0]}",
            f"{long / short:.1f}",
        )
    )
    return table((f"{len(results)} kernels", ""), rows, markdown)


def against_peers(results: Sequence[Result]) -> Iterator[Row]:
    """tracejit's time in units of each other compiler's, where that one answers rightly."""
    for side in ("C", "Numba", "PyPy"):
        ratios = {r.subject.name: 1 / r.ratio(side) for r in results if side in r.seconds}
        if not ratios:
            continue
        worst = max(ratios, key=lambda name: ratios[name])
        mean = statistics.geometric_mean(ratios.values())
        told = f"{mean:.2f}; at most {ratios[worst]:.2f} ({worst})"
        what = f"time in units of {side}'s, geometric mean of {len(ratios)}"
        failures = [r.failures[side] for r in results if side in r.failures]
        if failures:
            counted = ", ".join(f"{kind} {failures.count(kind)}" for kind in sorted(set(failures)))
            what += f" ({side}: {counted})"
        yield what, told


def against_cpython(results: Sequence[Result]) -> Iterator[Row]:
    families = sorted({result.subject.family for result in results})
    for family in ("", *(families if len(families) > 1 else ())):
        ratios = [r.ratio("CPython") for r in results if family in ("", r.subject.family)]
        which = f"the {len(ratios)} {family} kernels" if family else "all"
        mean = times(statistics.geometric_mean(ratios), 1)
        yield f"faster than CPython, geometric mean of {which}", mean


def notes(results: Sequence[Result]) -> list[str]:
    """For each kernel that is far from C, where the time goes."""
    lines = [
        f"- {r.subject.name} ({1 / r.ratio('C'):.2f}){': ' * bool(r.subject.note)}{r.subject.note}"
        for r in sorted(results, key=lambda r: r.ratio("C") if "C" in r.seconds else 1)
        if "C" in r.seconds and 1 / r.ratio("C") > FAR_FROM_C
    ]
    return [f"Where the time beyond C goes, above {FAR_FROM_C}:", "\n".join(lines)] if lines else []


def comparison_tables(results: Sequence[Result], markdown: bool) -> Iterator[str]:
    for group, heading, places in (
        ("overflow", "overflow in the last of 200,000 iterations", 1),
        ("call", "one call, loop overhead included", 2),
    ):
        rows = [
            (
                result.subject.name,
                cell(result, "CPython"),
                cell(result, "tracejit"),
                times(result.ratio("CPython"), places),
            )
            for result in results
            if result.subject.group == group
        ]
        if rows:
            yield table((heading, "CPython", "tracejit", "faster"), rows, markdown)


def once_table(compiling: Mapping[str, float], happened: Once, markdown: bool) -> str:
    later = compiling["first_call"]
    rows = [
        ("`from tracejit import tracejit`", time(happened.importing)),
        ("first call of a 30-line kernel, compilation included", time(later)),
        ("more for the first one in a process: loads Keystone", time(happened.first_call - later)),
    ]
    for length in LENGTHS:
        what = f"compiling a function of {length:,} bytecode instructions"
        rows.append((what, time(compiling[str(length)])))
    return table(("once", "time"), rows, markdown)


def table(head: Row, rows: Iterable[Row], markdown: bool) -> str:
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines = [[align(i, cell, widths[i]) for i, cell in enumerate(line)] for line in lines]
    if not markdown:
        return "\n".join("  ".join(line).rstrip() for line in lines)
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def align(column: int, cell: str, width: int) -> str:
    return cell.rjust(width) if column else cell.ljust(width)


def times(ratio: float, places: int) -> str:
    return f"{ratio:.{places}f} x"


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
