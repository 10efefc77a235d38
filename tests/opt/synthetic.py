"""A program of any size as the front end would write it: nested loops over digits."""

from __future__ import annotations

from tracejit.ir.function import Function
from tracejit.ir.parser import parse

_LOOPS = """
block{v}1(v{v}00: int, v{v}01: int, v{v}02: int, v{v}03: int):
    v{v}04: bool = ilt v{v}03, v{v}00 exit[overflow] @{v}10 {f0} | {i0}
    br_if v{v}04, block{v}2(), block{n}0(v{v}00, v{v}01, v{v}02)
block{v}2():
    v{v}05: int = iconst 1
    v{v}06: int = iadd v{v}03, v{v}05 exit[overflow] @{v}10 {f0} | {i0}
    v{v}07: int = iconst 0
    v{v}08: bool = igt v{v}03, v{v}07 exit[overflow] @{v}12 {f0} i=v{v}03 x=v{v}03 | {i1} v{v}03 0
    br_if v{v}08, block{v}3({a2}), block{v}7({a2})
block{v}3({p3}):
    v{v}16: int = iconst 10
    v{v}17: int = imod v{v}14, v{v}16 exit[overflow] @{v}14 {f3} | {i3} v{v}14 10
    v{v}18: int = imul v{v}17, v{v}17 exit[overflow] @{v}16 {f3} d=v{v}17 | {i3} v{v}17 v{v}17
    v{v}19: bool = igt v{v}18, v{v}11 exit[overflow] @{v}18 {f3} d=v{v}17 | {i3} v{v}18 v{v}11
    br_if v{v}19, block{v}4(), block{v}5()
block{v}4():
    v{v}20: int = iadd v{v}12, v{v}17 exit[overflow] @{v}20 {f3} d=v{v}17 | {i3} v{v}12 v{v}17
    jump block{v}6(v{v}10, v{v}11, v{v}20, v{v}13, v{v}14, v{v}17, v{v}15)
block{v}5():
    v{v}21: int = iconst 2
    v{v}22: int = ishl v{v}17, v{v}21 exit[shift] @{v}22 {f3} d=v{v}17 | {i3} v{v}17 2
    v{v}23: int = ixor v{v}12, v{v}22 exit[overflow] @{v}24 {f3} d=v{v}17 | {i3} v{v}12 v{v}22
    jump block{v}6(v{v}10, v{v}11, v{v}23, v{v}13, v{v}14, v{v}17, v{v}15)
block{v}6({p6}):
    v{v}37: int = iconst 10
    v{v}38: int = ifloordiv v{v}34, v{v}37 exit[zero] @{v}26 {f6} x=v{v}34 | {i6} v{v}34 10
    v{v}39: int = iconst 0
    v{v}40: bool = igt v{v}38, v{v}39 exit[overflow] @{v}28 {f6} x=v{v}38 | {i6} v{v}38 0
    br_if v{v}40, block{v}8(), block{v}7(v{v}30, v{v}31, v{v}32, v{v}33, v{v}38, v{v}36)
block{v}8():
    poll exit[poll] @{v}30 {f6} x=v{v}38 | {i6}
    jump block{v}3(v{v}30, v{v}31, v{v}32, v{v}33, v{v}38, v{v}36)
block{v}7({p7}):
    v{v}56: int = iconst 31
    v{v}57: int = imul v{v}52, v{v}56 exit[overflow] @{v}32 {f7} | {i7} v{v}52 31
    v{v}58: int = iadd v{v}57, v{v}53 exit[overflow] @{v}34 {f7} | {i7} v{v}57 v{v}53
    v{v}59: int = iconst 65535
    v{v}60: int = iand v{v}58, v{v}59 exit[overflow] @{v}36 {f7} | {i7} v{v}58 65535
    poll exit[poll] @{v}38 n=v{v}50 m=v{v}51 s=v{v}60 i=v{v}53 x=v{v}54 | {i7}
    jump block{v}1(v{v}50, v{v}51, v{v}60, v{v}55)
block{n}0(v{v}70: int, v{v}71: int, v{v}72: int):
    v{v}73: int = iconst 0
"""


def loops(count: int) -> Function:
    """`count` times, one after the other, a `for` loop with a `while` loop in it."""
    text = "function f:\nblock10(v170: int, v171: int, v172: int):\n    v173: int = iconst 0\n"
    last = "v17"
    for number in range(2, count + 2):
        v = str(number)
        names = {"v": v, "n": str(number + 1)}
        for key, start in (("3", 10), ("7", 50)):
            n, m, s, i, x, following = (f"v{v}{at}" for at in range(start, start + 6))
            names[f"p{key}"] = ", ".join(f"{p}: int" for p in (n, m, s, i, x, following))
            names[f"f{key}"] = f"n={n} m={m} s={s} i={i} x={x}"
            names[f"i{key}"] = f"iter({following},{n},1,up)"
        n, m, s, i, x, d, following = (f"v{v}{at}" for at in range(30, 37))
        names["p6"] = ", ".join(f"{p}: int" for p in (n, m, s, i, x, d, following))
        names["f6"] = f"n={n} m={m} s={s} i={i} d={d}"
        names["i6"] = f"iter({following},{n},1,up)"
        names["f0"] = f"n=v{v}00 m=v{v}01 s=v{v}02"
        names["i0"], names["i1"] = (f"iter(v{v}{at},v{v}00,1,up)" for at in ("03", "06"))
        names["a2"] = ", ".join(f"v{v}{at}" for at in ("00", "01", "02", "03", "03", "06"))
        text += f"    jump block{v}1({last}0, {last}1, {last}2, {last}3)\n" + _LOOPS.format(**names)
        last = f"v{v}7"
    return parse(text + f"    ret ({last}0,{last}2,)\n")
