"""Functions of any length, which show how the time that compiling takes grows."""

from __future__ import annotations

import dis
from types import FunctionType

SEGMENT = """
    for i in range(a & 7):
        total += i * b
        if total > 1000:
            total -= b // 3
    b = (b ^ total) & 1023
"""


def long_function(instructions: int) -> FunctionType:
    """A function of about so many bytecode instructions, loops and branches among them."""
    shortest = count(of_segments(0))
    segment = count(of_segments(1)) - shortest
    return of_segments(round((instructions - shortest) / segment))


def of_segments(segments: int) -> FunctionType:
    names: dict[str, FunctionType] = {}
    exec(f"def long(a, b):\n    total = 0\n{SEGMENT * segments}\n    return total, b", names)
    return names["long"]


def count(function: FunctionType) -> int:
    return sum(1 for _ in dis.get_instructions(function))
