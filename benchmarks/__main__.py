"""`python -m benchmarks`: kernels on every side there is, calls, and what happens once.

All sides of a kernel are timed by turns in one process, and the shortest times count: only these
compare on a machine whose speed changes. An answer that is wrong stops the run, but for Numba,
where it is what was found out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import measure, sides
from benchmarks.compilations import Compilations
from benchmarks.once import once
from benchmarks.report import into_section, report


def main() -> None:
    options = parser().parse_args()
    processes, budget, once_processes = (1, 0.4, 3) if options.fast else (3, 0.5, 9)
    wanted = options.only and options.only.split(",")
    chosen = ("CPython", "tracejit", *options.against.split(","))
    results = []
    compilations = Compilations(measure.kernel_names())
    for subject in measure.subjects():
        if not wanted or subject.name in wanted or subject.group in wanted:
            print(subject.name, end=" ", file=sys.stderr, flush=True)
            results.append(measure.measure(subject, chosen, processes, budget))
            compilations.once_more()
    happened = None
    if not wanted or "once" in wanted:
        happened = once(once_processes)
        compilations.once_more()
    print(file=sys.stderr)
    compiling = compilations.least
    print(report(results, compiling, happened, options.markdown))
    if options.readme:
        tables = report(results, compiling, happened, markdown=True)
        options.readme.write_text(into_section(options.readme.read_text(), tables))
    if options.plot:
        from benchmarks.plot import plot

        plot(results, options.plot)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("--fast", action="store_true", help="fewer processes and less time in each")
    made.add_argument(
        "--only", help="kernels or groups (kernel, overflow, call, once), separated by commas"
    )
    made.add_argument(
        "--against",
        default=",".join(sides.available()),
        help="sides beside CPython and tracejit, separated by commas; here: %(default)s",
    )
    made.add_argument("--markdown", action="store_true", help="print Markdown tables")
    made.add_argument("--readme", type=Path, help="write the tables into that file's section")
    made.add_argument("--plot", type=Path, help="draw the kernels' speed-ups into that SVG file")
    return made


if __name__ == "__main__":
    main()
