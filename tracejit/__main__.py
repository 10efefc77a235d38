"""`python -m tracejit demo`."""

from __future__ import annotations

import argparse
import sys


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tracejit", description="Exact Python, faster.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="run kernels in CPython and compiled, and compare the answers")
    parser.parse_args(argv)

    from tracejit import demo

    return 0 if demo.run() else 1


if __name__ == "__main__":
    sys.exit(main())
