"""Random well-formed functions in the exact stage."""

from __future__ import annotations

import random
from math import inf, nan
from types import CellType

from hypothesis import strategies as st

from tracejit.ir.frame_state import Exit, FrameState, Inlined
from tracejit.ir.function import Block, Function, Target
from tracejit.ir.ops import NUMBERED, OF_VARIABLES, Op, Opcode
from tracejit.ir.shapes import NULL, Const, ListOf, RangeIter, RangeOf, Shape, TupleIter, TupleOf
from tracejit.ir.types import BOOL, F64, INT, OBJ, Type, bits_of
from tracejit.ir.value import Value
from tracejit.ir.variables import Variable

PLAIN_OPS = tuple(
    op
    for op in Op.by_name.values()
    if op.result is not None and op.only != "machine" and not op.has_imm and op not in NUMBERED
)
FLOATS = (0.0, -0.0, 1.5, 1e300, -5e-324, inf, -inf, nan, -nan)
CONSTANTS = (
    1.25,
    -0.0,
    1e-7,
    0,
    1,
    -1,
    7,
    2**31,
    2**63,
    -(10**25),
    None,
    True,
    "text with spaces",
    abs,
    range,
)


def called_function() -> None:
    """What the states of some exits are inlined from."""


class _Maker:
    def __init__(self, chooser: random.Random) -> None:
        self.chooser = chooser
        self.function = Function("random")
        self.variables = [Variable("x", {}), Variable("import_name", {}), Variable("x", CellType())]

    def one_of(self, values: list[Value], type: Type) -> Value | None:
        fitting = [value for value in values if value.type == type]
        return self.chooser.choice(fitting) if fitting else None

    def make(self) -> Function:
        """A chain of blocks; each goes on to the next, and to itself or one further on."""
        count = 2 + self.chooser.randrange(4)
        for index in range(count):
            types = [self.chooser.choice((INT, INT, BOOL, OBJ, F64)) for _ in range(index % 4)]
            self.function.new_block(types if index else [INT, INT, BOOL, OBJ, F64])
        for param in self.function.entry.params[:2]:
            if self.chooser.random() < 0.3:
                self.function.ranges[param] = (-self.chooser.randrange(9), 2**64 - 1)
        visible: list[Value] = []
        for index, block in enumerate(self.function.blocks):
            visible = [*visible, *block.params]
            self.fill(block, visible)
            self.end(index, block, visible)
            if index:
                # Later blocks may be reached around this one.
                visible = [v for v in visible if v.origin not in (block, *block.insts)]
        return self.function

    def fill(self, block: Block, visible: list[Value]) -> None:
        self.add(block, visible, Op.iconst, imm=self.chooser.choice((0, 1, -5, 2**70)))
        self.add(block, visible, Op.fconst, imm=bits_of(self.chooser.choice(FLOATS)))
        self.add(block, visible, Op.bconst, imm=self.chooser.random() < 0.5)
        for _ in range(self.chooser.randrange(6)):
            op = self.chooser.choice(PLAIN_OPS)
            free: Type = self.chooser.choice((INT, BOOL, F64))
            args = [self.one_of(visible, type or free) for type in op.operands]
            found = [arg for arg in args if arg is not None]
            if len(found) == len(args):
                exit = None if op.exit == "never" else self.exit(visible)
                imm = self.chooser.choice(self.variables) if op in OF_VARIABLES else None
                self.add(block, visible, op, found, imm=imm, exit=exit)
        if self.chooser.random() < 0.3:
            op = self.chooser.choice((Op.poll, Op.store))
            block.insts.append(self.function.new_inst(op, exit=self.exit(visible)))

    def add(
        self,
        block: Block,
        visible: list[Value],
        op: Opcode,
        args: list[Value] | None = None,
        *,
        imm: object = None,
        exit: Exit | None = None,
    ) -> None:
        inst = self.function.new_inst(op, args or [], imm=imm, exit=exit)
        block.insts.append(inst)
        visible.append(inst.value)

    def end(self, index: int, block: Block, visible: list[Value]) -> None:
        later = self.function.blocks[index + 1 :]
        new = self.function.new_inst
        if not later:
            if self.chooser.random() < 0.3:
                block.insts.append(new(Op.leave, exit=self.exit(visible)))
            else:
                block.insts.append(new(Op.ret, imm=self.shape(visible, 2)))
            return
        targets = [later[0], self.chooser.choice([*later, *([block] if index else [])])]
        condition = self.one_of(visible, BOOL)
        assert condition is not None
        block.insts.append(
            new(Op.br_if, [condition], targets=[self.target(t, block, visible) for t in targets])
        )

    def target(self, target: Block, block: Block, visible: list[Value]) -> Target:
        args = []
        for param in target.params:
            arg = self.one_of(visible, param.type)
            assert arg is not None
            args.append(arg)
        return Target(target, args)

    def exit(self, visible: list[Value]) -> Exit:
        reason = self.chooser.choice(("overflow", "call:print", "x.y", "import_name"))
        stored = self.chooser.sample(self.variables, self.chooser.randrange(4) // 2)
        stores = tuple([(variable, self.shape(visible, 0)) for variable in stored])
        return Exit(reason, self.state(visible).storing(stores))

    def state(self, visible: list[Value]) -> FrameState:
        names = self.chooser.sample(["a", "b", ".0", "ñ", "exit", "v1", "block1", "_"], 3)
        stack = [self.shape(visible, 2) for _ in range(self.chooser.randrange(3))]
        local_shapes = {name: self.shape(visible, 1) for name in names}
        called = self.chooser.randrange(4) == 3
        call = Inlined(called_function, None, self.state(visible)) if called else None
        return FrameState(2 * self.chooser.randrange(99), local_shapes, tuple(stack), call)

    def shape(self, visible: list[Value], depth: int) -> Shape:
        kind = self.chooser.randrange(6 if depth else 2)
        if kind == 0:
            return Const(self.chooser.choice(CONSTANTS))
        if kind == 4:
            return NULL
        if kind == 5:
            return self.chooser.choice((TupleOf, TupleIter, ListOf))(
                tuple(self.shape(visible, depth - 1) for _ in range(self.chooser.randrange(3)))
            )
        if kind == 3:
            make = self.chooser.choice((RangeOf, RangeIter))
            parts = [self.one_of(visible, INT) or Const(1) for _ in range(3)]
            return make(*parts, self.chooser.random() < 0.5)
        return self.chooser.choice(visible)


def functions() -> st.SearchStrategy[Function]:
    """Well-formed functions with branches, self-loops, exits and every exact opcode."""
    return st.randoms(use_true_random=False).map(lambda chooser: _Maker(chooser).make())
