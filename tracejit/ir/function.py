"""Functions, blocks, instructions and values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tracejit.ir.frame_state import Called, Exit
from tracejit.ir.ops import Op, Opcode
from tracejit.ir.shapes import Shape, map_values, values_in
from tracejit.ir.structures import Structure
from tracejit.ir.types import BOOL, I64_MAX, I64_MIN, OBJ, Type, float_of
from tracejit.ir.value import Value
from tracejit.ir.variables import Variable

if TYPE_CHECKING:
    from tracejit.ir.dominators import DominatorTree


@dataclass(slots=True, eq=False)
class Target:
    """A successor of a block, with the arguments for its parameters."""

    block: Block
    args: list[Value]


@dataclass(slots=True, eq=False)
class Inst:
    """One instruction.

    `imm` is the constant of `iconst` and `bconst`, the bits of the constant of `fconst`, the shape
    that `ret` returns, and the variable that is loaded.
    """

    op: Opcode
    args: list[Value] = field(default_factory=list)
    imm: object = None
    result: Value | None = None
    exit: Exit | None = None
    targets: list[Target] = field(default_factory=list)

    @property
    def value(self) -> Value:
        """The result of an instruction that has one."""
        assert self.result is not None, self.op.name
        return self.result

    def constant(self) -> Any:
        """The number, of an opcode with a constant: an `int`, a `bool` or a `float`."""
        return float_of(self.imm) if self.op is Op.fconst else self.imm  # type: ignore[arg-type]  # bits

    def returned(self) -> Shape:
        """The shape that a `ret` returns."""
        assert self.op is Op.ret
        return self.imm  # type: ignore[return-value]  # `imm` of a `ret` is a shape

    def variable(self) -> Variable:
        """The variable of an opcode of variables."""
        return self.imm  # type: ignore[return-value]  # `imm` of those is a variable

    def operands(self) -> list[Value]:
        """The values that the hot path reads: arguments, block arguments and what is returned."""
        found = [*self.args]
        for target in self.targets:
            found += target.args
        if self.op is Op.ret:
            found += values_in(self.returned())
        return found

    def uses(self) -> list[Value]:
        """Every value that is read here, by the exit's state too."""
        found = self.operands()
        if self.exit is not None:
            found += self.exit.state.values()
        return found

    def replace_uses(self, replace: Callable[[Value], Value]) -> None:
        """Put `replace(value)` for every value that is read here."""
        self.args = [replace(arg) for arg in self.args]
        for target in self.targets:
            target.args = [replace(arg) for arg in target.args]
        if self.op is Op.ret:
            self.imm = map_values(self.returned(), replace)
        if self.exit is not None:
            self.exit = Exit(self.exit.reason, self.exit.state.map_values(replace))


_REFUELLING: Final = frozenset((Op.poll, Op.prepay))


@dataclass(slots=True, eq=False)
class Block:
    """A basic block: parameters, instructions, and a terminator as the last instruction."""

    id: int
    params: list[Value] = field(default_factory=list)
    insts: list[Inst] = field(default_factory=list)

    @property
    def terminator(self) -> Inst:
        return self.insts[-1]

    @property
    def refuels(self) -> bool:
        """Whether a loop comes here once in a while only, to pay for more iterations."""
        return _REFUELLING.issubset([inst.op for inst in self.insts])

    @property
    def is_rare(self) -> bool:
        """Whether control seldom comes here: to leave, or to refuel."""
        return self.insts[-1].op is Op.leave or self.refuels

    def successors(self) -> list[Block]:
        return [target.block for target in self.insts[-1].targets]

    def __repr__(self) -> str:
        return f"block{self.id}"


@dataclass(frozen=True, slots=True)
class GlobalIs:
    """The code holds while the name, in the globals or else the builtins, is this object."""

    name: str
    value: object
    function: FunctionType | None
    """The inlined function whose global it is; None for the function that is compiled."""

    def key(self) -> Hashable:
        return self.function, self.name


@dataclass(frozen=True, slots=True)
class CellIs:
    """The code holds while the function's closure cell of this index contains this object."""

    index: int
    value: object
    function: FunctionType | None
    """The inlined function whose cell it is; None for the function that is compiled."""

    def key(self) -> Hashable:
        return self.function, self.index


@dataclass(frozen=True, slots=True)
class AttributeIs:
    """The code holds while the module's attribute of the name is this object."""

    module: ModuleType
    name: str
    value: object

    def key(self) -> Hashable:
        return self.module, self.name


@dataclass(frozen=True, slots=True)
class FunctionHas:
    """The code holds while the attribute of an inlined function is this object."""

    attribute: str
    """One of `ATTRIBUTES`."""
    value: object
    function: FunctionType

    ATTRIBUTES: ClassVar = ("code", "defaults", "kwdefaults")

    def key(self) -> Hashable:
        return self.function, self.attribute, "attribute"


@dataclass(frozen=True, slots=True)
class KeywordDefaultIs:
    """The code holds while an inlined function's dictionary of defaults has this for a name."""

    name: str
    value: object
    function: FunctionType

    def key(self) -> Hashable:
        return self.function, self.name, "default"


@dataclass(frozen=True, slots=True)
class TypeIs:
    """The code holds while this is the type of the module, which may get another one."""

    module: ModuleType
    value: type

    def key(self) -> Hashable:
        return self.module, "type"


Assumption = GlobalIs | CellIs | AttributeIs | FunctionHas | KeywordDefaultIs | TypeIs


@dataclass(slots=True, eq=False)
class Function:
    """A version in the making: one Python function for one tuple of argument types.

    `blocks[0]` is the entry, without predecessors; its parameters are the Python parameters,
    unboxed: an `int`, a `bool` or an `f64` where the argument is exactly that, else an `obj`.
    """

    name: str
    blocks: list[Block] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    next_value: int = 0
    next_block: int = 0
    ranges: dict[Value, tuple[int, int]] = field(default_factory=dict)
    """Proven bounds, both inclusive, of integer values, wherever the value is defined."""
    unspent: dict[Block, tuple[Value, Value]] = field(default_factory=dict)
    """For blocks of loops that pay fuel in advance: what is not spent yet is their difference."""
    traced: set[int] = field(default_factory=set)
    """The bytecode offsets of the instructions that the code stands for."""
    variables: Collection[Variable] = ()
    """The variables outside of it that it, or what is compiled together, assigns."""
    natives: list[Function] = field(default_factory=list)
    """What is compiled together, itself among them; the native calls' constants are places here."""
    result: Structure | None = None
    """What native calls of the function give in registers."""
    frame: Called | None = None
    """Whose outermost frame its exits have; None for the function of the version."""
    dominators: tuple[dict[Block, list[Block]], DominatorTree] | None = None
    """The dominator tree that was asked for last, and the graph that it is of."""

    @property
    def entry(self) -> Block:
        return self.blocks[0]

    def passed(self) -> list[Value]:
        """The parameters for which native calls have operands."""
        return [param for param in self.entry.params if param.type != OBJ]

    def range_of(self, value: Value) -> tuple[int, int]:
        """Bounds, both inclusive, of a `bool` or of an integer that is in a register."""
        if value.type == BOOL:
            return (0, 1)
        return self.ranges.get(value, (I64_MIN, I64_MAX))

    def new_value(self, type: Type, origin: Inst | Block | None = None) -> Value:
        value = Value(self.next_value, type, origin)
        self.next_value += 1
        return value

    def new_block(self, param_types: Sequence[Type] = ()) -> Block:
        """A new block, at the end of `blocks`."""
        block = Block(self.next_block)
        self.next_block += 1
        block.params = [self.new_value(type, block) for type in param_types]
        self.blocks.append(block)
        return block

    def new_inst(
        self,
        op: Opcode,
        args: Sequence[Value] = (),
        *,
        imm: object = None,
        exit: Exit | None = None,
        targets: Sequence[Target] = (),
        type: Type | None = None,
    ) -> Inst:
        """A new instruction, in no block yet.

        The result's type follows from the row and the operands unless given: an `iconst`, an
        `ifrom_bool` or an `fto_int` is an exact `int` unless it is said to be an `i64`.
        """
        inst = Inst(op, list(args), imm, None, exit, list(targets))
        if op.result is not None:
            inst.result = self.new_value(type or result_type(op, inst.args), inst)
        return inst

    def copy_inst(self, inst: Inst, names: dict[Value, Value]) -> Inst:
        """A copy that reads what `names` has for the values; its own result is added there."""
        copy = Inst(
            inst.op,
            [names.get(arg, arg) for arg in inst.args],
            inst.imm,
            targets=[
                Target(target.block, [names.get(arg, arg) for arg in target.args])
                for target in inst.targets
            ],
        )
        if inst.exit is not None:
            copy.exit = Exit(inst.exit.reason, inst.exit.state.renamed(names))
        if inst.result is not None:
            copy.result = names[inst.result] = self.new_value(inst.result.type, copy)
        return copy

    def has(self, *ops: Opcode) -> bool:
        """Whether there is an instruction with one of the opcodes."""
        wanted = frozenset(ops)
        for block in self.blocks:
            for inst in block.insts:
                if inst.op in wanted:
                    return True
        return False

    def insts(self) -> Iterator[Inst]:
        """Every instruction, block by block."""
        for block in self.blocks:
            yield from block.insts

    def edges(self) -> dict[Block, list[Target]]:
        """The edges into each block that has parameters and predecessors."""
        found: dict[Block, list[Target]] = {}
        for block in self.blocks:
            for target in block.insts[-1].targets:
                if target.args:
                    found.setdefault(target.block, []).append(target)
        return found

    def predecessors(self) -> dict[Block, list[Block]]:
        """The predecessors of each block, one entry for each edge."""
        found: dict[Block, list[Block]] = {block: [] for block in self.blocks}
        for block in self.blocks:
            for target in block.insts[-1].targets:
                found[target.block].append(block)
        return found


def rows_of(block: Block, edges: Sequence[Target]) -> Iterator[tuple[Value, tuple[Value, ...]]]:
    """Each parameter of the block, with what the edges give it."""
    return zip(block.params, zip(*[edge.args for edge in edges], strict=True), strict=True)


def constant_of(value: Value) -> int | None:
    """The number, where an `iconst` makes the value."""
    origin = value.origin
    return origin.imm if isinstance(origin, Inst) and origin.op is Op.iconst else None  # type: ignore[return-value]  # the imm of an iconst is an int


def result_type(op: Opcode, args: Sequence[Value]) -> Type:
    """The type of the result: `int` in a row is what the operands are, or the stage's integer."""
    if op.result == "same":
        return args[-1].type
    assert op.result is not None
    if op.result != "int":
        return op.result
    if args and args[0].type in ("int", "i64"):
        return args[0].type
    return "i64" if op.only == "machine" else "int"
