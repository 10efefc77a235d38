"""Values put in the place of others, throughout a function."""

from __future__ import annotations

from tracejit.ir.function import Function
from tracejit.ir.ops import Op
from tracejit.ir.shapes import map_values, values_in
from tracejit.ir.value import Value


def substitute(function: Function, replaced: dict[Value, Value]) -> None:
    """Let every use of a replaced value read its replacement (or what replaces that, and so on)."""
    if not replaced:
        return
    for value, other in replaced.items():
        if other in replaced:
            resolve(value, replaced)
    keys, get = replaced.keys(), replaced.get
    for block in function.blocks:
        for inst in block.insts:
            if not keys.isdisjoint(inst.args):
                inst.args = [get(arg, arg) for arg in inst.args]
            if inst.exit is not None and not keys.isdisjoint(inst.exit.state.values()):
                inst.exit.state.rename(replaced)
        last = block.insts[-1]
        for target in last.targets:
            if not keys.isdisjoint(target.args):
                target.args = [get(arg, arg) for arg in target.args]
        if last.op is Op.ret and not keys.isdisjoint(values_in(last.returned())):
            last.imm = map_values(last.returned(), lambda value: get(value, value))


def resolve(value: Value, replaced: dict[Value, Value]) -> Value:
    """What finally stands for the value; the chain to it is shortened."""
    last = value
    while last in replaced:
        last = replaced[last]
    while value is not last:
        replaced[value], value = last, replaced[value]
    return last
