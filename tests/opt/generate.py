"""Random programs in the exact stage, from a seed: structured, bounded, and biased towards bugs.

An instruction is often an earlier one slightly changed, constants are often edges of the machine's
integers, and everything that is computed is returned.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.ir.random_ir import called_function
from tracejit.ir.frame_state import Exit, FrameState, Inlined
from tracejit.ir.function import Block, Function, Target
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.shapes import TupleOf
from tracejit.ir.types import BOOL, INT
from tracejit.ir.value import Value

EDGES = [0, 1, -1, 2, -2, 3, 7, 8, 10, 63, 64, -8, 255, 2**31, 2**62, 2**63 - 1, -(2**63)]
_SMALL = [0, 1, 2, 3, 4, 5, 7, 8, 10, 16, -1, -2, -3, -7, -8]
_WIDE = [2**63, -(2**63) - 1, 2**64 - 1, 2**64, 0x9E3779B97F4A7C15]
_MASKS = [255, 97, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, 2**64 - 2]
_BINARY = [
    *[Op.iadd, Op.isub] * 4,
    *[Op.imul, Op.ifloordiv, Op.imod, Op.iand] * 2,
    *[Op.ishl, Op.ishr, Op.ior, Op.ixor, Op.imin, Op.imax],
]
_UNARY = [Op.ineg, Op.iabs, Op.inot, Op.ibit_length, Op.ibit_count]
_COMPARES = [Op.ieq, Op.ine, Op.ilt, Op.ile, Op.igt, Op.ige]
_BOOLS = [Op.band, Op.bor, Op.bxor]


@dataclass
class Generator:
    rng: random.Random
    function: Function = field(default_factory=lambda: Function("f"))
    env: dict[str, Value] = field(default_factory=dict)
    bools: list[Value] = field(default_factory=list)
    """Conditions that dominate the current block."""
    recent: list[tuple[Opcode, list[Value]]] = field(default_factory=list)
    """Instructions that dominate the current block."""
    offset: int = 0
    breaks: list[Block] = field(default_factory=list)

    wide: float = 0.002
    """How often an operand is a constant beyond the signed integers."""
    masked: float = 0.05
    """How often what is assigned goes through a mask."""

    def program(self) -> Function:
        if self.rng.random() < 0.4:
            self.wide, self.masked = 0.03, 0.4
        self.block = self.function.new_block([INT, INT, BOOL])
        a, b, flag = self.block.params
        self.env = {"a": a, "b": b, "c": self.const(self.rng.choice(_SMALL))}
        self.bools = [flag]
        self.body(self.rng.randint(3, 8), 0)
        seen = [value for _, args in self.recent for value in args if value.type == INT]
        self.ret([*self.env.values(), *seen[-6:], *self.bools[-3:]])
        return self.function

    def exit(self, reason: str = "overflow") -> Exit:
        self.offset += 2
        stack = tuple(args[0] for _, args in self.recent[-1:])
        shapes = {**self.env, "t": TupleOf((self.env["a"],))} if self.offset % 6 == 0 else self.env
        call = None
        if self.offset % 8 == 0:
            shapes, rest = {"b": shapes["b"]}, shapes
            call = Inlined(called_function, None, FrameState(0, dict(rest), ()))
        return Exit(reason, FrameState(self.offset, dict(shapes), stack, call))

    def emit(self, op: Opcode, args: list[Value], imm: object = None) -> Value:
        exit = None if op.has_imm or op in (Op.select, *_BOOLS, Op.bnot) else self.exit()
        inst = self.function.new_inst(op, args, imm=imm, exit=exit)
        self.block.insts.append(inst)
        if not op.has_imm:
            self.recent.append((op, args))
        return inst.value

    def const(self, number: int) -> Value:
        return self.emit(Op.iconst, [], number)

    def ret(self, values: list[Value]) -> None:
        inst = self.function.new_inst(Op.ret, imm=TupleOf(tuple(values)))
        self.block.insts.append(inst)

    def operand(self) -> Value:
        rng = self.rng
        roll = rng.random()
        if roll < 0.3:
            return self.const(rng.choice(_SMALL))
        if roll < 0.38:
            return self.const(rng.choice(EDGES))
        if roll < 0.38 + self.wide:
            return self.const(rng.choice(_WIDE))
        if roll < 0.42:
            return self.emit(Op.ifrom_bool, [rng.choice(self.bools)])
        return rng.choice(list(self.env.values()))

    def integer(self) -> Value:
        rng = self.rng
        similar = [(op, args) for op, args in self.recent[-8:] if op in _BINARY]
        if similar and rng.random() < 0.45:
            op, args = rng.choice(similar)
            args = list(args)
            change = rng.randrange(4)
            if change == 0:
                args.reverse()
            elif change == 1:
                args[rng.randrange(2)] = self.operand()
            elif change == 2:
                op = rng.choice(_BINARY)
            return self.emit(op, args)
        roll = rng.random()
        if roll < 0.2:
            return self.emit(rng.choice(_UNARY), [self.operand()])
        if roll < 0.3:
            return self.emit(Op.select, [self.condition(), self.operand(), self.operand()])
        return self.emit(rng.choice(_BINARY), [self.operand(), self.operand()])

    def condition(self) -> Value:
        rng = self.rng
        roll = rng.random()
        if roll < 0.1:
            made = self.emit(Op.bnot, [rng.choice(self.bools)])
        elif roll < 0.2:
            made = self.emit(rng.choice(_BOOLS), [rng.choice(self.bools), rng.choice(self.bools)])
        elif roll < 0.3:
            made = rng.choice(self.bools)
        else:
            made = self.emit(rng.choice(_COMPARES), [self.operand(), self.operand()])
        self.bools.append(made)
        return made

    def assign(self) -> None:
        value = self.integer()
        if self.rng.random() < self.masked:
            value = self.emit(Op.iand, [value, self.const(self.rng.choice(_MASKS))])
        elif self.rng.random() < 0.5:  # Keep numbers small often enough for programs to return.
            masks = [Op.iand, Op.imod]
            value = self.emit(
                self.rng.choice(masks), [value, self.const(self.rng.choice([255, 97]))]
            )
        self.env[self.rng.choice("abcde")] = value

    def body(self, length: int, depth: int) -> None:
        for _ in range(length):
            roll = self.rng.random()
            if depth < 3 and roll < 0.2:
                self.branch(depth)
            elif depth < 2 and roll < 0.35:
                self.loop(depth)
            elif depth and roll < 0.38:
                self.branch_away()
            elif roll > 0.97:
                self.euclid()
            else:
                self.assign()

    def jump(self, block: Block, names: list[str]) -> Target:
        return Target(block, [self.env[name] for name in names])

    def end(self, op: Opcode, args: list[Value], targets: list[Target]) -> None:
        self.block.insts.append(self.function.new_inst(op, args, targets=targets))

    def enter(self, block: Block, names: list[str]) -> None:
        self.block = block
        self.env = dict(zip(names, block.params, strict=True))

    def scoped(self) -> tuple[list[Value], list[tuple[Opcode, list[Value]]]]:
        return list(self.bools), list(self.recent)

    def branch_away(self) -> None:
        """Return, leave or break under a condition."""
        then, on = self.function.new_block(), self.function.new_block()
        self.end(Op.br_if, [self.condition()], [Target(then, []), Target(on, [])])
        self.block = then
        roll = self.rng.random()
        if roll < 0.3:
            inst = self.function.new_inst(Op.leave, exit=self.exit("call:print"))
            then.insts.append(inst)
        elif roll < 0.8 and self.breaks:
            block, names = self.breaks[-1]
            self.end(Op.jump, [], [self.jump(block, names)])
        else:
            self.ret(list(self.env.values()))
        self.block = on

    def branch(self, depth: int) -> None:
        names = list(self.env)
        then, otherwise = self.function.new_block(), self.function.new_block()
        join = self.function.new_block([INT] * len(names))
        self.end(Op.br_if, [self.condition()], [Target(then, []), Target(otherwise, [])])
        before, scope = dict(self.env), self.scoped()
        for side in (then, otherwise):
            self.block, self.env = side, dict(before)
            self.bools, self.recent = list(scope[0]), list(scope[1])
            self.body(self.rng.randint(0, 3), depth + 1)
            self.end(Op.jump, [], [self.jump(join, names)])
        self.bools, self.recent = scope
        self.enter(join, names)

    def loop(self, depth: int) -> None:
        """A loop of a few iterations, tested at the top or at the bottom."""
        rng = self.rng
        counter, step = f"i{depth}", rng.choice([1, 1, 2, 3])
        limit = self.const(rng.randint(0, 6))
        if rng.random() < 0.5:
            limit = self.emit(Op.iand, [self.operand_fit(), self.const(7)])
        self.env[counter] = self.const(0)
        names = list(self.env)
        header, after = (self.function.new_block([INT] * len(names)) for _ in range(2))
        self.end(Op.jump, [], [self.jump(header, names)])
        self.enter(header, names)
        scope = self.scoped()
        at_top = rng.random() < 0.7
        if at_top:
            self.test(counter, limit, names, after)
        self.breaks.append((after, names))
        self.body(rng.randint(1, 4), depth + 1)
        self.breaks.pop()
        next = self.emit(Op.iadd, [self.env[counter], self.const(step)])
        self.env[counter] = next
        if not at_top:
            self.test(counter, limit, names, after)
        poll = self.function.new_inst(Op.poll, exit=self.exit("poll"))
        self.block.insts.append(poll)
        self.end(Op.jump, [], [self.jump(header, names)])
        self.bools, self.recent = scope
        self.enter(after, names)

    def euclid(self) -> None:
        """A loop that only takes remainders, or remembers more than that."""
        rng = self.rng
        x, y, kept = rng.sample("abcde", 3)
        names = list({**self.env, **dict.fromkeys((x, y, kept))})
        self.env = {name: self.env.get(name) or self.const(rng.choice(_SMALL)) for name in names}
        header, after = (self.function.new_block([INT] * len(names)) for _ in range(2))
        self.end(Op.jump, [], [self.jump(header, names)])
        self.enter(header, names)
        scope = self.scoped()
        on = self.function.new_block()
        zero = self.const(0)
        condition = self.emit(rng.choice([Op.ine, Op.ine, Op.igt]), [self.env[y], zero])
        self.end(Op.br_if, [condition], [Target(on, []), self.jump(after, names)])
        self.block = on
        if rng.random() < 0.3:
            self.env[kept] = self.env[rng.choice([x, y])]
        remainder = self.emit(Op.imod, [self.env[x], self.env[y]])
        self.env |= {x: self.env[y], y: remainder}
        self.block.insts.append(self.function.new_inst(Op.poll, exit=self.exit("poll")))
        self.end(Op.jump, [], [self.jump(header, names)])
        self.bools, self.recent = scope
        self.enter(after, names)

    def operand_fit(self) -> Value:
        return self.rng.choice(list(self.env.values()))

    def test(self, counter: str, limit: Value, names: list[str], after: Block) -> None:
        on = self.function.new_block()
        if self.rng.random() < 0.5:
            condition = self.emit(Op.ilt, [self.env[counter], limit])
            self.end(Op.br_if, [condition], [Target(on, []), self.jump(after, names)])
        else:
            condition = self.emit(Op.ige, [self.env[counter], limit])
            self.end(Op.br_if, [condition], [self.jump(after, names), Target(on, [])])
        self.block = on


def generate(seed: int) -> Function:
    """A program of two `int` parameters and a `bool`; the same for the same seed."""
    return Generator(random.Random(seed)).program()
