"""`python -m benchmarks [--fast] [--markdown]`: kernels, calls, first calls, the import.

Every figure is a median over processes of their own, and both sides are warm. A kernel whose answer
is wrong stops the run.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable

import pyperf

from benchmarks.measure import Comparison, Pair, Timer, durations, pairs
from benchmarks.report import report


def main() -> None:
    runner = pyperf.Runner(
        processes=8,
        values=3,
        warmups=1,
        program_args=("-m", "benchmarks"),
        add_cmdline_args=pass_on,
    )
    runner.argparser.description = __doc__
    runner.argparser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    runner.argparser.add_argument(
        "--only", help="kernels or groups (kernel, overflow, call, once), separated by commas"
    )
    options = runner.parse_args()
    options.quiet = True
    wanted = options.only.split(",") if options.only else None
    found = [
        compare(runner, options, pair)
        for pair in pairs()
        if wanted is None or pair.name in wanted or pair.group in wanted
    ]
    if not options.worker:
        once = durations(5 if options.fast else 15) if wanted is None or "once" in wanted else []
        print(report([c for c in found if c is not None], once, options.markdown))


def compare(runner: pyperf.Runner, options: argparse.Namespace, pair: Pair) -> Comparison | None:
    """Measure both sides; None in a worker, which runs one side and reports it to its parent."""
    results = []
    for side, prepare, loops in pair.sides():
        if not options.worker:
            options.loops = loops
        with contextlib.redirect_stdout(sys.stderr):
            results.append(
                runner.bench_time_func(
                    f"{pair.name}, {side}", lazily(prepare), inner_loops=pair.inner_loops
                )
            )
    plain, compiled = results
    return None if options.worker else Comparison(pair, plain, compiled)


def lazily(prepare: Callable[[], Timer]) -> Timer:
    """The timer, prepared when it first runs: a worker prepares its own side only."""
    made: list[Timer] = []

    def time(loops: int) -> float:
        if not made:
            made.append(prepare())
        return made[0](loops)

    return time


def pass_on(command: list[str], options: argparse.Namespace) -> None:
    """Give a worker the options that number its task."""
    if options.only:
        command += ["--only", options.only]


if __name__ == "__main__":
    main()
