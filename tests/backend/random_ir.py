"""Random machine-stage functions: structured, terminating, on edge numbers, with spills."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.differential import FLOATS
from tests.ir.random_ir import called_function
from tracejit.ir.frame_state import Exit, FrameState, Inlined
from tracejit.ir.function import Block, Function, Target
from tracejit.ir.ops import LIBM, Op, Opcode
from tracejit.ir.shapes import Const, Shape, TupleOf, Unsigned
from tracejit.ir.types import BOOL, F64, I64, INT, Type, bits_of
from tracejit.ir.value import Value

EDGES = sorted(
    {0, 1, 2, 3, 5, 7, 10, 31, 32, 63, 64, 100, 255, 1000003, 0xEDB88320, 0xFFFFFFFF}
    | {sign * (2**k + d) for k in (30, 31, 32, 62, 63) for d in (-1, 0, 1) for sign in (1, -1)}
)
FITTING = [edge for edge in EDGES if -(2**63) <= edge < 2**63]

_CHECKED = [op for name, op in Op.by_name.items() if name.endswith("_ovf") and "_by_" not in name]
"""What divides by a reciprocal trusts that it is one."""
_FREE = [
    *(Op.by_name[name + "_wrap"] for name in ("iadd", "isub", "imul", "ineg", "iabs")),
    *(Op.inot, Op.iand, Op.ior, Op.ixor, Op.imin, Op.imax, Op.ibit_length, Op.ibit_count),
    *(
        Op.ubit_length,
        Op.ubit_count,
        Op.imul_high,
        Op.umul_high,
        Op.ireciprocal,
        Op.ureciprocal_wide,
        Op.ibyte_swap,
    ),
]
_SHIFTS = [Op.ishl_wrap, Op.ishr_wrap, Op.ushr_wrap]
_WIDE = [Op.imod_wide_wrap, Op.umod_wide_wrap]
_DIVISIONS = [Op.ifloordiv_wrap, Op.imod_wrap, Op.ufloordiv_wrap, Op.umod_wrap]
_GUARDED = [*_SHIFTS, *_WIDE, *_DIVISIONS, Op.itrailing_zeros]
_COMPARISONS = [Op.ieq, Op.ine, Op.ilt, Op.ile, Op.igt, Op.ige, Op.ult, Op.ule, Op.ugt, Op.uge]
_OF_FLOATS = [op for op in Op.by_name.values() if op.result == F64 and {*op.operands} == {F64}]
_FLOAT_COMPARISONS = [Op.feq, Op.fne, Op.flt, Op.fle, Op.fgt, Op.fge]
_BOOLEAN = [Op.bnot, Op.band, Op.bor, Op.bxor]


class Generator:
    """One random function; `size` is the number of its instructions, roughly."""

    def __init__(self, seed: int, size: int = 40) -> None:
        self.random = random.Random(seed)
        self.function = Function(f"f{seed}")
        self.budget = size
        self.recent: list[tuple[Opcode, list[Value]]] = []
        self.hoard = self.random.random() < 0.5
        self.floats = seed % 2 == 1
        self.types_of_values: list[Type] = [I64, I64, BOOL, *([F64, F64] if self.floats else [])]
        types = self.types([I64, I64, I64, *self.types_of_values], 1, 6)
        self.block = self.function.new_block(types)
        self.scope: list[Value] = list(self.block.params)
        self.statements(0)
        self.finish()

    def types(self, among: list[Type], least: int, most: int) -> list[Type]:
        return self.random.choices(among, k=self.random.randint(least, most))

    def emit(self, op: Opcode, args: Sequence[Value] = (), **more: object) -> Value:
        inst = self.function.new_inst(op, args, **more)  # type: ignore[arg-type]
        self.block.insts.append(inst)
        return inst.value

    def end(self, op: Opcode, args: Sequence[Value] = (), **more: object) -> None:
        self.block.insts.append(self.function.new_inst(op, args, **more))  # type: ignore[arg-type]

    # Operands

    def of(self, type: Type) -> list[Value]:
        return [value for value in self.scope if value.type == type]

    def integer(self) -> Value:
        known = self.of(I64)
        if not known or self.random.random() < 0.2:
            return self.constant()
        # recent values, unless the function is to keep all of them alive
        return self.random.choice(known if self.hoard else known[-6:])

    def constant(self) -> Value:
        number = self.random.choice(FITTING)
        if self.random.random() < 0.5:
            number = self.random.randint(-20, 20)
        value = self.emit(Op.iconst, imm=number, type=I64)
        if self.random.random() < 0.3:
            self.scope.append(value)
        return value

    def boolean(self) -> Value:
        known = self.of(BOOL)
        if self.floats and self.random.random() < 0.4:
            op = self.random.choice(_FLOAT_COMPARISONS)
            return self.emit(op, [self.number(), self.number()])
        if not known or self.random.random() < 0.5:
            return self.emit(self.random.choice(_COMPARISONS), [self.integer(), self.integer()])
        return self.random.choice(known)

    def number(self) -> Value:
        known = self.of(F64)
        if not known or self.random.random() < 0.3:
            value = self.emit(Op.fconst, imm=bits_of(self.random.choice(FLOATS)))
            if self.random.random() < 0.3:
                self.scope.append(value)
            return value
        return self.random.choice(known if self.hoard else known[-8:])

    def of_floats(self) -> Value:
        choice = self.random.random()
        if choice < 0.1:
            return self.compute(Op.fto_int, [self.number()], I64)
        if choice < 0.25:
            op = self.random.choice((Op.ito_float, Op.uto_float, Op.ito_float_exact))
            return self.compute(op, [self.integer()])
        if choice < 0.35:
            return self.emit(Op.select, [self.boolean(), self.number(), self.number()])
        op = self.random.choice(_OF_FLOATS)
        args = [self.number() for _ in op.operands]
        if op in (Op.ffloordiv, Op.fmod):
            args[1] = self.compute(Op.fnonzero, args[1:])
        if op in LIBM:
            # Which of the numbers that are not finite it gives is for nobody to see.
            return self.compute(Op.ffinite, [self.compute(op, args)])
        return self.compute(op, args)

    def exit(self, reason: str) -> Exit:
        scope = self.scope
        kept = (
            scope if self.hoard else self.random.sample(scope, self.random.randint(0, len(scope)))
        )
        names: dict[str, Shape] = {f"x{n}": self.read(value) for n, value in enumerate(kept[:30])}
        stack: list[Shape] = [Const(None)] * self.random.randint(0, 1)
        if kept:
            pair = (self.read(self.random.choice(kept)), self.read(self.random.choice(kept)))
            stack.append(TupleOf(pair))
        state = FrameState(self.random.randint(0, 99) * 2, names, tuple(stack))
        if kept and self.random.random() < 0.2:
            # As in a function that was inlined, which has some of the values.
            split = {name: names.pop(name) for name in [*names][::2]}
            state = FrameState(2, split, (), Inlined(called_function, None, state))
        return Exit(reason, state)

    def read(self, value: Value) -> Shape:
        """The value as a state may have it."""
        unsigned = value.type == I64 and self.random.random() < 0.3
        return Unsigned(value) if unsigned else value

    # Statements

    def statements(self, depth: int) -> None:
        for _ in range(self.random.randint(2, 12)):
            if self.budget <= 0:
                return
            self.budget -= 1
            choice = self.random.random()
            if choice < 0.1 and depth < 3:
                self.choose(depth)
            elif choice < 0.2 and depth < 3:
                self.loop(depth)
            else:
                self.scope.append(self.computation())

    def computation(self) -> Value:
        if self.floats and self.random.random() < 0.5:
            return self.of_floats()
        if self.recent and self.random.random() < 0.3:
            return self.repeated()
        choice = self.random.random()
        if choice < 0.15:
            op = self.random.choice(_BOOLEAN)
            return self.emit(op, [self.boolean() for _ in op.operands])
        if choice < 0.25:
            return self.boolean()
        if choice < 0.32:
            return self.emit(Op.select, [self.boolean(), self.integer(), self.integer()])
        if choice < 0.36:
            return self.emit(Op.ifrom_bool, [self.boolean()], type=I64)
        if choice < 0.5:
            return self.guarded(self.random.choice(_GUARDED))
        op = self.random.choice(_CHECKED if choice < 0.75 else _FREE)
        return self.compute(op, [self.integer() for _ in op.operands])

    def compute(self, op: Opcode, args: list[Value], type: Type | None = None) -> Value:
        if set(op.operands) == {INT} and op.result == INT:
            self.recent.append((op, args))
        exit = self.exit(op.name) if op.exit == "must" else None
        return self.emit(op, args, exit=exit, type=type)

    def repeated(self) -> Value:
        """An earlier instruction slightly changed, if its operands are still in scope."""
        op, args = self.random.choice(self.recent)
        changed = [arg if arg in self.scope else self.integer() for arg in args]
        changed[self.random.randrange(len(args))] = self.integer()
        if self.random.random() < 0.3:
            changed.reverse()
        return self.compute(op, changed)

    def guarded(self, op: Opcode) -> Value:
        """An opcode that needs a proof, and operands that make it true."""
        left, right = self.integer(), self.integer()
        if op in _SHIFTS:
            most = self.random.choice((31, 63, 127))
            if self.random.random() < 0.5:
                count = min(most, int(self.random.expovariate(0.2)))
                right = self.emit(Op.iconst, imm=count, type=I64)
            else:
                right = self.emit(Op.iand, [right, self.emit(Op.iconst, imm=most, type=I64)])
        elif self.random.random() < 0.5:
            one = self.emit(Op.iconst, imm=1, type=I64)
            right = self.emit(Op.ior, [right, one])
        else:
            divisor = self.random.choice([c for c in FITTING if c != 0])
            right = self.emit(Op.iconst, imm=divisor, type=I64)
        if op in _WIDE:
            divisor = self.positive()
            if self.random.random() < 0.5:
                number = self.random.choice([c for c in FITTING if c > 0 or op is not _WIDE[0]])
                divisor = self.emit(Op.iconst, imm=number or 7, type=I64)
            return self.emit(op, [self.integer(), left, divisor])
        return self.emit(op, [left, right][-len(op.operands) :])

    def positive(self) -> Value:
        most = self.emit(Op.iconst, imm=self.random.choice((2**63 - 1, 2**31, 255)), type=I64)
        one = self.emit(Op.iconst, imm=1, type=I64)
        return self.emit(Op.ior, [self.emit(Op.iand, [self.integer(), most]), one])

    def choose(self, depth: int) -> None:
        """A diamond, or a triangle, whose join takes parameters."""
        condition, outer = self.boolean(), list(self.scope)
        arms = [self.function.new_block(), self.function.new_block()]
        self.end(Op.br_if, [condition], targets=[Target(arm, []) for arm in arms])
        types = self.types(self.types_of_values, 0, 3)
        ends: list[tuple[Block, list[Value]]] = []
        for arm in arms:
            self.block, self.scope = arm, list(outer)
            self.statements(depth + 1)
            if self.random.random() < 0.15:
                self.end(Op.leave, exit=self.exit("leave"))
            else:
                ends.append((self.block, [self.typed(type) for type in types]))
        join = self.function.new_block(types)
        for block, args in ends:
            self.block = block
            self.end(Op.jump, targets=[Target(join, args)])
        self.block, self.scope = join, outer + join.params

    def typed(self, type: Type) -> Value:
        if type == F64:
            return self.number()
        return self.integer() if type == I64 else self.boolean()

    def loop(self, depth: int) -> None:
        """A counted loop, tested at the top or at the bottom, with some carried values."""
        outer = list(self.scope)
        types = [I64, *self.types(self.types_of_values, 0, 4)]
        count = self.emit(Op.iconst, imm=self.random.randint(1, 6), type=I64)
        first = [count, *(self.typed(type) for type in types[1:])]
        head, after = self.function.new_block(types), self.function.new_block(types)
        self.end(Op.jump, targets=[Target(head, first)])
        self.block, self.scope = head, outer + head.params[1:]
        bottom = self.random.random() < 0.5
        if not bottom:
            body = self.function.new_block()
            zero = self.emit(Op.iconst, imm=0, type=I64)
            going = self.emit(Op.igt, [head.params[0], zero])
            targets = [Target(body, []), Target(after, list(head.params))]
            self.end(Op.br_if, [going], targets=targets)
            self.block = body
        self.statements(depth + 1)
        carried = [self.typed(type) for type in types[1:]]
        if self.random.random() < 0.3:
            carried = self.shuffled(head.params[1:], carried)
        one = self.emit(Op.iconst, imm=1, type=I64)
        left = self.emit(Op.isub_wrap, [head.params[0], one])
        if self.random.random() < 0.8:
            self.end(Op.poll, exit=self.exit("poll"))
        if bottom:
            zero = self.emit(Op.iconst, imm=0, type=I64)
            going = self.emit(Op.igt, [left, zero])
            targets = [Target(head, [left, *carried]), Target(after, [left, *carried])]
            self.end(Op.br_if, [going], targets=targets)
        else:
            self.end(Op.jump, targets=[Target(head, [left, *carried])])
        self.block, self.scope = after, outer + after.params

    def shuffled(self, params: list[Value], carried: list[Value]) -> list[Value]:
        """Some carried values replaced by other parameters: exchanges and rotations."""
        found = list(carried)
        for at, value in enumerate(carried):
            same = [param for param in params if param.type == value.type]
            if same:
                found[at] = self.random.choice(same)
        return found

    def finish(self) -> None:
        choice = self.random.random()
        shape: Shape
        if choice < 0.1:
            self.end(Op.leave, exit=self.exit("leave"))
            return
        if choice < 0.4:
            shape = self.read(self.integer())
        elif choice < 0.5:
            shape = self.number() if self.floats else self.integer()
        elif choice < 0.65:
            shape = self.boolean()
        elif choice < 0.75:
            shape = Const(self.random.choice([None, True, False, 5, 10**20]))
        else:
            kept = self.random.sample(self.scope, min(len(self.scope), 12))
            read = map(self.read, kept)
            shape = TupleOf((*read, Const("end"), TupleOf((self.read(self.integer()),))))
        self.end(Op.ret, imm=shape)


def random_function(seed: int, size: int = 40) -> Function:
    return Generator(seed, size).function


def random_arguments(seed: int, function: Function) -> list[object]:
    source = random.Random(seed)
    args: list[object] = []
    for param in function.entry.params:
        if param.type == BOOL:
            args.append(source.random() < 0.5)
        elif param.type == F64:
            args.append(source.choice(FLOATS))
        elif source.random() < 0.5:
            args.append(source.randint(-10, 10))
        elif source.random() < 0.3:
            args.append(source.randint(-(2**63), 2**63 - 1) >> source.randint(0, 63))
        else:
            args.append(source.choice(FITTING))
    return args
