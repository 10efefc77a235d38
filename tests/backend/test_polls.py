"""What a backward jump costs of the fuel between two polls."""

import re

from tracejit.compiler import compile_version
from tracejit.options import Options


def spent(source: str, capsys) -> list[int]:
    """The fuel that each loop spends for one iteration, in the order of the text."""
    names: dict[str, object] = {}
    exec(source, names)
    compile_version(names["f"], (int,), Options(dump=frozenset({"asm"})))
    found = re.findall(r"^(?:dec r15|sub r15, (\d+))$", capsys.readouterr().err, re.M)
    return [int(price or 1) for price in found]


def test_a_long_loop_spends_more_than_a_short_one(capsys):
    body = "\n".join(f"  x = (x * 31 + {k}) % 1000003 // 3" for k in range(100))
    short, long = spent(
        f"def f(n):\n x = 1\n while x != n: x ^= n\n for i in range(n):\n{body}\n return x",
        capsys,
    )
    assert short == 1
    assert 10 < long < 100


def test_the_loops_inside_count_for_the_loop_around_them(capsys):
    body = "\n".join(f"  x = (x * 31 + {k}) % 1000003 // 3" for k in range(100))
    inner, outer = spent(
        f"def f(n):\n x = 1\n for i in range(n):\n{body}\n  while x != i: x ^= i\n return x",
        capsys,
    )
    assert inner == 1
    assert 10 < outer < 100
