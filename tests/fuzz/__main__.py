"""Long runs of the fuzzer: `python -m tests.fuzz --programs 10000 --seed 1`.

Programs run in batches in processes of their own. A program that crashes or hangs its process is
saved like one that comes out wrong, and the run goes on behind it.
"""

from __future__ import annotations

import argparse
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.fuzz.check import REGRESSIONS, Case, case_of_seed, check, load, save
from tests.fuzz.reduce import reduced

BATCH = 100
HANG = 60
"""Seconds without a sign of life after which a program counts as hanging."""
DIFFERENT = 3
"""The status with which a process ends that found a difference; an error of the fuzzer gives 1."""


def main() -> int:
    options = parse_options()
    if options.batch:
        return run_batch(options.seed, options.programs, options.eager_every)
    if options.file:
        return run_file(Path(options.file))
    seed, end, found, began = options.seed, options.seed + options.programs, 0, time.monotonic()
    while seed < end:
        seed, problem = supervise(seed, min(BATCH, end - seed), options.eager_every)
        if problem:
            found += 1
            report(seed, problem, options.reduce)
            seed += 1
    seconds = time.monotonic() - began
    print(f"{options.programs} programs, {found} problems, {seconds:.0f} s", flush=True)
    return 1 if found else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=1000, help="how many programs to try")
    parser.add_argument("--seed", type=int, default=0, help="the first program's seed")
    parser.add_argument(
        "--eager-every",
        type=int,
        default=1,
        metavar="N",
        help="check only one program of N with a runtime that compiles everything at once too",
    )
    parser.add_argument("--reduce", action="store_true", help="make what is found small")
    parser.add_argument("--batch", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--file", help="check one regression file")
    return parser.parse_args()


def run_batch(first: int, count: int, eager_every: int) -> int:
    """In the process of a batch: name each seed before it runs; stop at the first difference."""
    for seed in range(first, first + count):
        print(f"seed {seed}", flush=True)
        try:
            check_both_ways(case_of_seed(seed), eagerly=seed % eager_every == 0)
        except AssertionError as difference:
            print(difference, flush=True)
            return DIFFERENT
    return 0


def check_both_ways(case: Case, eagerly: bool = True) -> None:
    """Check the case with the runtime as it is, then with one that compiles everything at once."""
    from tests.eager import eager, strict
    from tracejit import tracejit

    with strict():
        check(case, tracejit)
    if eagerly:
        with eager():
            check(case, tracejit)


def run_file(path: Path) -> int:
    try:
        check_both_ways(load(path))
    except AssertionError as difference:
        print(difference, flush=True)
        return DIFFERENT
    return 0


def supervise(first: int, count: int, eager_every: int) -> tuple[int, str]:
    """Run a batch; give the seed to go on at and what happened to it, or nothing."""
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.fuzz", "--batch"]
    command += ["--seed", str(first), "--programs", str(count), "--eager-every", str(eager_every)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=pump, args=(process, lines), daemon=True).start()
    seed, text = first, ""
    while True:
        try:
            line = lines.get(timeout=HANG)
        except queue.Empty:
            process.kill()
            process.wait()
            return seed, f"hangs\n{text}"
        if line is None:
            break
        if line.startswith("seed "):
            seed, text = int(line[5:]), ""
        else:
            text += line
    code = process.wait()
    return (first + count, "") if code == 0 else (seed, f"ends with status {code}\n{text}")


def pump(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def report(seed: int, problem: str, reduce: bool) -> None:
    case = case_of_seed(seed)
    first = problem.splitlines()[0]
    if reduce and not first.startswith("hangs"):
        case = reduced(case, lambda smaller: ends_likewise(smaller, first))
    path = save(case, f"Program {seed} of the fuzzer.")
    print(f"program {seed} {problem}saved as {path.name}\n", flush=True)


def ends_likewise(case: Case, first: str) -> bool:
    """Whether the case, in a process of its own, ends with the same status."""
    path = save(case, "A candidate.", REGRESSIONS.parent)
    try:
        command = [sys.executable, "-m", "tests.fuzz", "--file", str(path)]
        done = subprocess.run(command, capture_output=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return False
    finally:
        path.unlink()
    return first == f"ends with status {done.returncode}"


if __name__ == "__main__":
    sys.exit(main())
