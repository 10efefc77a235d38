"""The state of tracing: symbolic locals and operand stack, the block being filled, edges to others.

A block version is keyed by its bytecode offset and the structure of what it is entered with.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import is_
from types import CodeType, FunctionType
from typing import Final, NamedTuple

from tracejit.frontend.decode import Instr
from tracejit.frontend.flow import Flow
from tracejit.frontend.program import Callee, Native, Program
from tracejit.ir.frame_state import Exit, FrameState, Inlined, Stores
from tracejit.ir.function import Assumption, Block, Function, Inst, Target
from tracejit.ir.ops import LOADS, Op, Opcode
from tracejit.ir.shapes import (
    Const,
    ListOf,
    Null,
    RangeIter,
    RangeOf,
    Shape,
    TupleIter,
    TupleOf,
    Unsigned,
)
from tracejit.ir.structures import Structure, structure_of
from tracejit.ir.types import (
    BOOL,
    F64,
    I64_MAX,
    INT,
    MOST_EXACT,
    OBJ,
    bits_of,
    fits_i64,
    fits_u64,
)
from tracejit.ir.value import Value
from tracejit.ir.variables import CONTENTS, Variable

MAX_VERSIONS = 8
"""Versions of one offset; what comes in other shapes leaves."""

_ITERATORS: Final = (RangeIter, TupleIter)


class Leave(Exception):
    """The interpreter has to take over before the current instruction."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True, eq=False)
class GivenTuple(TupleOf):
    """A tuple that is an argument. Who else gets it gets the object itself."""

    whole: Value


def as_object(shape: Shape) -> Shape:
    """The shape, with the objects that were given in the place of their parts."""
    match shape:
        case GivenTuple():
            return shape.whole
        case TupleOf(items) | TupleIter(items) | ListOf(items):
            return type(shape)(tuple([as_object(item) for item in items]))
    return shape


@dataclass(slots=True, eq=False)
class Frame:
    """A function being traced: the one that is compiled, or one inlined at a call."""

    python: FunctionType
    code: CodeType
    flow: Flow
    caller: Caller | None = None
    call: Inlined | None = None
    """The caller's part of every FrameState."""
    versions: dict[Hashable, dict[Hashable, tuple[Block, list[Shape]]]] = field(
        default_factory=dict
    )
    """By offset and the like, which count apart, then by what they are specialised on.

    Each with what it takes to be the same whenever control comes there.
    """

    def chain(self) -> list[Frame]:
        """The frame, and all that it was called from."""
        return [self, *(self.caller.frame.chain() if self.caller else ())]


@dataclass(slots=True, eq=False)
class Caller:
    """How a frame goes on once a function that it called, which was inlined, has returned."""

    frame: Frame
    instr: Instr
    locals: dict[str, Shape]
    stack: list[Shape]
    midway: tuple[int, ...]
    returns_once: bool
    """Whether it has not gone on yet, and will not do so in several ways."""


@dataclass(slots=True, eq=False)
class Entry:
    """A block to be filled, and what is known at its beginning."""

    frame: Frame
    block: Block
    offset: int
    locals: dict[str, Shape]
    stack: list[Shape]
    known: dict[Variable, Known]
    midway: tuple[int, ...]
    """The headers of the loops that were entered in the middle of this iteration."""
    latch: bool = False
    """Whether the block is where the jumps back to the offset meet: it polls, and jumps there."""


class Known(NamedTuple):
    """What a variable outside of the function is known to contain."""

    shape: Shape
    is_stored: bool
    """Whether it surely does; else it is to get that before anybody else can look."""


class Tracer:
    """One function being traced. `block` is None where control does not go on."""

    __slots__ = (
        "_before",
        "_constants",
        "_state",
        "block",
        "calls_natively",
        "compiled",
        "deepest",
        "frame",
        "inlined",
        "instr",
        "ir",
        "is_given_tuples",
        "known",
        "locals",
        "midway",
        "native",
        "next",
        "object_types",
        "program",
        "recursive_calls",
        "returned",
        "room",
        "stack",
        "times",
        "unrolled",
        "work",
    )

    def __init__(
        self,
        program: Program,
        callee: Callee,
        native: Native | None = None,
        times: int = 0,
    ) -> None:
        assert callee.flow is not None
        self.program = program
        self.compiled = self.frame = Frame(callee.python, callee.code, callee.flow)
        self.native = native
        """What is compiled, if it is to be called natively; else native calls leave."""
        self.times = times
        """How deep calls, one inside the other, are inlined of functions that call themselves."""
        self.calls_natively = False
        """Whether there is a call that is not inlined."""
        self.recursive_calls = 0
        """How many of those are of functions that may call themselves."""
        self.room: Inst | None = None
        """Where it looks whether there is room for its frames, if it is called natively."""
        self.deepest = 0
        """The most frames that are there at once, but that of what is compiled."""
        self.returned: list[Structure] = []
        """What it returns, where that has a structure."""
        name = callee.python.__name__.strip("<>")
        self.ir = Function(name if name.isidentifier() else "function")
        self.work: list[Entry] = []
        self.inlined = 0
        """How many instructions the functions have that were inlined."""
        self.unrolled = 0
        """Bytes of the loops that were unrolled, as often as they are."""
        self.object_types: dict[Value, type] = {}
        self.is_given_tuples = False
        self.block: Block | None = None
        self.locals: dict[str, Shape] = {}
        self.stack: list[Shape] = []
        self.known: dict[Variable, Known] = {}
        self.midway: tuple[int, ...] = ()
        self.instr: Instr = callee.flow.instrs[0]
        self.next = 0
        """Where tracing goes on in the same block."""
        self._before: tuple[Shape, ...] = ()
        self._state: FrameState | None = None
        self._constants: dict[tuple[Opcode, int], Value] = {}

    def load(self, entry: Entry) -> None:
        """Go on where an entry begins."""
        self.enter(entry.block)
        self.frame = entry.frame
        self.locals, self.stack, self.midway = entry.locals, entry.stack, entry.midway
        self.known = entry.known

    def enter(self, block: Block) -> None:
        """Fill this block from here on."""
        self.block = block
        self._constants = {}

    def begin(self, instr: Instr) -> None:
        """The instruction is the current one: exits lead to before it."""
        self.instr = instr
        self.next = instr.next
        if self.frame is self.compiled:
            self.ir.traced.add(instr.offset)
        self._before = tuple(self.stack)
        self._state = None

    # Exits

    def exit(self, reason: str) -> Exit:
        """A side exit to before the current instruction."""
        if self._state is None:
            self._state = self._frame_state(self.instr.offset, self._before)
        return Exit(reason, self._state)

    def _frame_state(self, offset: int, stack: tuple[Shape, ...]) -> FrameState:
        return self.state_of(offset, self._live_at(offset), stack, self.frame.call, self._stores())

    def _live_at(self, offset: int) -> dict[str, Shape]:
        bound = self.locals
        flow = self.frame.flow
        return {name: bound[name] for name in flow.named(flow.live[offset]) if name in bound}

    def state_of(
        self,
        offset: int,
        bound: dict[str, Shape],
        stack: Sequence[Shape],
        call: Inlined | None,
        stores: Stores = (),
    ) -> FrameState:
        """A state with these locals and this stack."""
        if self.is_given_tuples:
            bound = {name: as_object(shape) for name, shape in bound.items()}
            stack = [as_object(shape) for shape in stack]
        return FrameState(offset, bound, tuple(stack), call, stores)

    def _stores(self, *, all: bool = False) -> Stores:
        """What variables are to get where native code is left, or of all what they contain."""
        if not self.known:
            return ()
        return tuple(
            [(v, known.shape) for v, known in self.known.items() if all or not known.is_stored]
        )

    def leave(self, reason: str) -> None:
        """End the block: the interpreter takes over before the current instruction."""
        self._end(Op.leave, exit=self.exit(reason))

    def wrong_type(self, shape: Shape) -> Leave:
        """What to raise where the current instruction is not compiled for such an operand."""
        return Leave("type:" + "".join(self.type_name(shape).split()))

    def type_name(self, shape: Shape) -> str:
        match shape:
            case Value():
                found = self.object_types.get(shape)
                return found.__name__ if found else "float" if shape.type == F64 else shape.type
            case Const(value):
                return type(value).__name__
            case TupleOf():
                return "tuple"
            case TupleIter():
                return "tuple_iterator"
            case ListOf():
                return "list"
            case RangeOf():
                return "range"
            case RangeIter():
                return "range_iterator"
            case Unsigned():
                return "int"
            case Null():
                return "null"

    # Calls

    def assume(self, assumption: Assumption) -> None:
        """Let the code hold only while this holds."""
        self.program.assumptions.setdefault(assumption.key(), assumption)

    def call(
        self, function: FunctionType, code: CodeType, flow: Flow, bound: dict[str, Shape]
    ) -> None:
        """Go on in a function that the current instruction calls, its operands off the stack."""
        names = [other.name for other in flow.instrs.values()]
        once = names.count("RETURN_VALUE") + names.count("RETURN_CONST") == 1
        caller = Caller(self.frame, self.instr, self.locals, self.stack, self.midway, once)
        inlined = Inlined(function, code, self.after_call())
        self.note_call()
        self.frame = Frame(function, code, flow, caller, inlined)
        self.locals, self.stack, self.midway = bound, [], ()
        self.next = 0

    def note_call(self) -> None:
        """There is one more frame than there is now."""
        self.deepest = max(self.deepest, len(self.frame.chain()))

    def after_call(self) -> FrameState:
        """Where the current instruction goes on that calls, its operands off the stack."""
        # What is live behind the call, or where it is caught if it raises.
        live = self._live_at(self.instr.offset)
        return self.state_of(self.instr.next, live, self.stack, self.frame.call)

    def return_to_caller(self, shape: Shape) -> None:
        """Go on behind the call of the function that is being traced."""
        caller = self.frame.caller
        assert caller is not None
        self.frame, self.instr = caller.frame, caller.instr
        self.locals, self.midway = dict(caller.locals), caller.midway
        self.stack = [*caller.stack, shape]
        if caller.returns_once:
            caller.returns_once = False
            self.next = caller.instr.next
        else:
            self.jump(caller.instr.next, fork=True)

    # Instructions

    def emit(self, op: Opcode, *args: Value, reason: str = "overflow") -> Value:
        """Add an instruction on exact integers."""
        assert self.block is not None
        inst = self.ir.new_inst(op, args, exit=self.exit(reason))
        self.block.insts.append(inst)
        return inst.value

    def emit_effect(self, op: Opcode, exit: Exit, variable: Variable | None = None) -> Inst:
        """Add an instruction without operands."""
        assert self.block is not None
        inst = self.ir.new_inst(op, imm=variable, exit=exit)
        self.block.insts.append(inst)
        return inst

    def emit_numbered(
        self, op: Opcode, number: int, args: Sequence[Value] = (), exit: Exit | None = None
    ) -> Inst:
        """Add an instruction with a number that is no operand."""
        assert self.block is not None
        inst = self.ir.new_inst(op, args, imm=number, exit=exit)
        self.block.insts.append(inst)
        return inst

    def compute(self, op: Opcode, *args: Value) -> Value:
        """Add an instruction that can never leave."""
        assert self.block is not None
        inst = self.ir.new_inst(op, args)
        self.block.insts.append(inst)
        return inst.value

    def iconst(self, value: int) -> Value:
        return self._constant(Op.iconst, value)

    def bconst(self, value: bool) -> Value:
        return self._constant(Op.bconst, value)

    def fconst(self, value: float) -> Value:
        return self._constant(Op.fconst, bits_of(value))

    def _constant(self, op: Opcode, value: int) -> Value:
        found = self._constants.get((op, value))
        if found is None:
            assert self.block is not None
            inst = self.ir.new_inst(op, imm=value)
            self.block.insts.append(inst)
            found = self._constants[op, value] = inst.value
        return found

    def poll(self) -> None:
        """Let signals and other threads in, before a backward jump."""
        exit = self.exit("interrupt")
        if self.known:
            exit = Exit("interrupt", exit.state.storing(self._stores(all=True)))
        self.emit_effect(Op.poll, exit)

    # Variables outside of the function

    def read(self, variable: Variable) -> Shape:
        """What the variable contains; leaves unless that is of the type of what it contains now."""
        known = self.known.get(variable)
        if known is None:
            exit, content = self.exit(f"{variable.kind}:{variable.name}"), variable.content
            if type(content) not in CONTENTS:
                raise Leave(exit.reason)
            known = self.known[variable] = self._load(variable, content, exit)
        return known.shape

    def write(self, variable: Variable, shape: Shape) -> None:
        """Let the variable contain this, from the next instruction on."""
        if structure_of(shape) not in CONTENTS:
            raise self.wrong_type(shape)
        if variable not in self.known:
            self.emit_effect(Op.plain, self.exit(f"{variable.kind}:{variable.name}"), variable)
        self.known[variable] = Known(shape, is_stored=False)

    def store(self) -> None:
        """Let others see what the variables contain."""
        if self._stores():
            self.emit_effect(Op.store, self.exit("memory"))
            self.known = {variable: Known(k.shape, True) for variable, k in self.known.items()}
            self._state = None

    def _load(self, variable: Variable, content: object, exit: Exit) -> Known:
        op = LOADS[CONTENTS[type(content)]]
        if isinstance(content, int) and op is Op.iload and content >= 0:
            op = Op.uload if content > I64_MAX or variable.is_unsigned else op
        loaded = self.emit_effect(op, exit, variable).result
        return Known(loaded or Const(None), is_stored=True)

    def _load_rest(self, offset: int) -> dict[Variable, Known]:
        """What all variables contain that are assigned, where paths to the offset meet."""
        known = dict(self.known)
        exit: Exit | None = None
        for variable in self.program.variables.values():
            content = variable.content
            if variable not in known and type(content) in CONTENTS:
                exit = exit or Exit("variable", self._frame_state(offset, tuple(self.stack)))
                known[variable] = self._load(variable, content, exit)
        return known

    # Operands

    def is_bool(self, shape: Shape) -> bool:
        if isinstance(shape, Const):
            return type(shape.value) is bool
        return isinstance(shape, Value) and shape.type == BOOL

    def is_float(self, shape: Shape) -> bool:
        if isinstance(shape, Const):
            return type(shape.value) is float
        return isinstance(shape, Value) and shape.type == F64

    def is_int(self, shape: Shape) -> bool:
        """Whether it is exactly an `int`."""
        if isinstance(shape, Const):
            return type(shape.value) is int
        return isinstance(shape, Value) and shape.type == INT

    def as_float(self, shape: Shape) -> Value:
        """The value of an operand that is a `float`, or a rounded `int`."""
        if isinstance(shape, Value) and shape.type == F64:
            return shape
        if isinstance(shape, Const):
            if type(shape.value) is float:
                return self.fconst(shape.value)
            return self.fconst(float(self.small(shape)))
        return self.emit(Op.ito_float, self.as_int(shape), reason="wide")

    def as_exact_float(self, shape: Shape) -> Value:
        """The same, where all integers that are not rounded are known to fit."""
        if self.is_float(shape):
            return self.as_float(shape)
        if isinstance(shape, Const):
            if abs(self.small(shape)) > MOST_EXACT:
                raise Leave("big-constant")
            return self.as_float(shape)
        return self.emit(Op.ito_float_exact, self.as_int(shape), reason="inexact")

    def as_int(self, shape: Shape) -> Value:
        """The value of an operand that is an `int` or a `bool`."""
        if isinstance(shape, Value):
            if shape.type == INT:
                return shape
            if shape.type == BOOL:
                return self.compute(Op.ifrom_bool, shape)
        elif isinstance(shape, Const) and isinstance(shape.value, int):
            return self.iconst(self.integer(shape))
        raise self.wrong_type(shape)

    def integer(self, shape: Const) -> int:
        """The integer of a constant."""
        if type(shape.value) not in (int, bool):
            raise self.wrong_type(shape)
        assert isinstance(shape.value, int)
        return int(shape.value)

    def small(self, shape: Const) -> int:
        """The integer of a constant, which must fit 64 bits."""
        number = self.integer(shape)
        if not fits_i64(number):
            raise Leave("big-constant")
        return number

    def as_bool(self, shape: Shape) -> Value:
        """The value of an operand that is a `bool`."""
        if isinstance(shape, Const):
            assert type(shape.value) is bool
            return self.bconst(shape.value)
        assert isinstance(shape, Value)
        return shape

    # Control

    def new_block(self, params: Sequence[Shape] = ()) -> Block:
        """A block inside the current instruction, with parameters like these values."""
        return self.ir.new_block([value.type for value in params if isinstance(value, Value)])

    def branch(self, condition: Value, true: Target, false: Target) -> None:
        self._end(Op.br_if, condition, targets=[true, false])

    def jump_within(self, block: Block, *args: Value) -> None:
        """Jump to a block inside the current instruction."""
        self._end(Op.jump, targets=[Target(block, list(args))])

    def jump(self, offset: int, fork: bool = False) -> None:
        """End the block: go on at an offset with the current locals and stack."""
        self._end(Op.jump, targets=[self.edge(offset, fork=fork)])

    def _end(
        self,
        op: Opcode,
        *args: Value,
        imm: object = None,
        exit: Exit | None = None,
        targets: Sequence[Target] = (),
    ) -> None:
        assert self.block is not None
        self.block.insts.append(self.ir.new_inst(op, args, imm=imm, exit=exit, targets=targets))
        self.block = None

    def ret(self, shape: Shape) -> None:
        structure = structure_of(shape)
        if structure is not None:
            self.returned.append(structure)
        self._end(Op.ret, imm=as_object(shape))

    def edge(self, offset: int, *, fork: bool = False) -> Target:
        """A way on to the code at an offset, with the current locals and stack.

        `fork` says that the current instruction goes on there in several ways. May add constants to
        the current block.
        """
        midway = self._midway(offset)
        if fork or offset in self.frame.flow.merges:
            return self._merge(offset, midway, self.meets(offset))
        block = self.ir.new_block()
        entry = Entry(
            self.frame,
            block,
            offset,
            dict(self.locals),
            list(self.stack),
            dict(self.known),
            midway,
        )
        self.work.append(entry)
        return Target(block, [])

    def meets(self, offset: int) -> bool:
        """Whether a jump from here to the offset meets others that jump back there."""
        return (
            offset < self.instr.offset
            and offset in self.frame.flow.latched
            and not self.is_unrolled(offset)
        )

    def is_unrolled(self, header: int) -> bool:
        """Whether the loop, which a jump from here leads back to, is over a tuple."""
        is_for = self.frame.flow.instrs[header].name == "FOR_ITER"
        return is_for and type(self.stack[-1]) is TupleIter

    def _midway(self, offset: int) -> tuple[int, ...]:
        """Keeps loops reducible where code enters them midway, as a resume function does.

        The rest of that iteration is a copy of its own, up to the jump back to the header.
        """
        source = self.instr.offset
        inside = self.frame.flow.inside
        return tuple(
            [
                header
                for header in inside[offset]
                if header in self.midway or not (header in inside[source] or header == source)
            ]
        )

    def _merge(self, offset: int, midway: tuple[int, ...], latch: bool) -> Target:
        """A way to a block version, before which all variables are loaded that are assigned."""
        if len(self.known) == len(self.program.variables):
            return self._meet(offset, midway, latch)
        before = self.block, self._constants, self.known
        block = self.ir.new_block()
        self.enter(block)
        self.known = self._load_rest(offset)
        self._end(Op.jump, targets=[self._meet(offset, midway, latch)])
        self.block, self._constants, self.known = before
        return Target(block, [])

    def _meet(self, offset: int, midway: tuple[int, ...], latch: bool) -> Target:
        """To a block version with parameters for what is bound differently on the ways there.

        Code that has several versions may bind differently what it binds only once. Then, of the
        versions behind it, one is for whatever else comes.
        """
        flow, place = self.frame.flow, (offset, midway, latch)
        changing = flow.changing.get(offset, 0) | flow.copied
        return (
            self._way_to(*place, changing, self._settled(offset, latch))
            or self._way_to(*place, flow.bound, 0)
            or self._too_many(offset)
        )

    def _settled(self, offset: int, latch: bool) -> int:
        """How many of the deepest slots have iterators that do not go on right there."""
        flow, stack = self.frame.flow, self.stack
        if flow.copied:
            return 0
        count = 0
        while count < len(stack) and type(stack[count]) in _ITERATORS:
            count += 1
        goes_on = flow.instrs[offset].name == "FOR_ITER" and not latch
        return count - 1 if goes_on and count == len(stack) else count

    def _way_to(
        self, offset: int, midway: tuple[int, ...], latch: bool, changing: int, settled: int
    ) -> Target | None:
        """To the version for what is there now, of what is not changing; None if there is none."""
        bound, flow = self.locals, self.frame.flow
        live = flow.live[offset]
        same = {name: bound[name] for name in flow.named(live & ~changing) if name in bound}
        names = [name for name in flow.named(live & changing) if name in bound]
        shapes: list[Shape] = []
        variables = [v for v in self.program.variables.values() if v in self.known]
        contents = [self.known[variable].shape for variable in variables]
        key: list[Hashable] = [tuple(same), tuple(names), *variables]
        values: list[Value] = []
        for shape in (*[bound[name] for name in names], *self.stack[settled:], *contents):
            if type(shape) is Value:
                values.append(shape)
            else:
                shape = self._generalise(shape)
                values += self._inputs(shape)
            shapes.append(shape)
            key.append(self._key(shape))
        known = [*same.values(), *self.stack[:settled]]
        iterations = [len(shape.items) for shape in self.stack if type(shape) is TupleIter]
        place = offset, latch, midway, changing, settled, *iterations
        versions = self.frame.versions.setdefault(place, {})
        specialised = tuple(key)
        version = versions.get(specialised)
        if version is None:
            if len(versions) == MAX_VERSIONS:
                return None
            block = self._version(values)
            version = versions[specialised] = block, known
            entry = Entry(self.frame, block, offset, same, self.stack[:settled], {}, midway, latch)
            self._fill_later(entry, names, variables, shapes)
        elif not all(map(is_, known, version[1])):
            return None
        return Target(version[0], values)

    def _version(self, values: list[Value]) -> Block:
        """A block with a parameter for each value."""
        block = self.ir.new_block([value.type for value in values])
        for value, param in zip(values, block.params, strict=True):
            if value.type == OBJ:
                self.object_types[param] = self.object_types[value]
        return block

    def _fill_later(
        self, entry: Entry, names: list[str], variables: list[Variable], shapes: list[Shape]
    ) -> None:
        """Let the entry begin with these shapes, made of the block's parameters."""
        params = iter(entry.block.params)
        inside = [self._inside(shape, params) for shape in shapes]
        known = len(shapes) - len(variables)
        entry.locals.update(zip(names, inside, strict=False))
        entry.stack += inside[len(names) : known]
        for variable, shape in zip(variables, inside[known:], strict=True):
            entry.known[variable] = Known(shape, is_stored=False)
        self.work.append(entry)

    def _inputs(self, shape: Shape) -> list[Value]:
        """The values in the shape that a block version takes as parameters."""
        match shape:
            case GivenTuple():
                return []
            case Value():
                return [shape]
            case TupleOf(items) | TupleIter(items) | ListOf(items):
                return [value for item in items for value in self._inputs(item)]
            case RangeOf(first, stop, step) | RangeIter(first, stop, step):
                ends = [end for end in (stop, step) if not self._is_argument(end)]
                return [value for part in (first, *ends) for value in self._inputs(part)]
        return []

    def _inside(self, shape: Shape, params: Iterator[Value]) -> Shape:
        """The shape with the next parameters in the place of its `_inputs`."""
        match shape:
            case GivenTuple():
                return shape
            case Value():
                return next(params)
            case TupleOf(items) | TupleIter(items) | ListOf(items):
                return type(shape)(tuple([self._inside(item, params) for item in items]))
            case RangeOf(first, stop, step, up) | RangeIter(first, stop, step, up):
                first = self._inside(first, params)
                stop = stop if self._is_argument(stop) else self._inside(stop, params)
                step = step if self._is_argument(step) else self._inside(step, params)
                return type(shape)(first, stop, step, up)
        return shape

    def _is_argument(self, shape: Shape) -> bool:
        """Whether the shape is an argument of the function, which is known everywhere."""
        return type(shape) is Value and shape.origin is self.ir.blocks[0]

    def _too_many(self, offset: int) -> Target:
        block = self.ir.new_block()
        state = self._frame_state(offset, tuple(self.stack))
        block.insts.append(self.ir.new_inst(Op.leave, exit=Exit("too-many-versions", state)))
        return Target(block, [])

    def _generalise(self, shape: Shape) -> Shape:
        """The shape with constant numbers as values, but for where a range stops and its step.

        There arguments stay what they are as well: blocks have no parameters for them. What a tuple
        is still to give stays constant, too: each iteration has its own code.
        """
        match shape:
            case Const(bool() as value):
                return self.bconst(value)
            case Const(value) if type(value) is float:
                return self.fconst(value)
            case Const(value) if type(value) is int and (fits_i64(value) or fits_u64(value)):
                return self.iconst(value)
            case GivenTuple():
                return shape
            case TupleOf(items) | ListOf(items):
                return type(shape)(tuple([self._generalise(item) for item in items]))
            case RangeOf(first, stop, step, up) | RangeIter(first, stop, step, up):
                general = self._generalise(first)
                return shape if general is first else type(shape)(general, stop, step, up)
        return shape

    def _key(self, shape: Shape) -> Hashable:
        """What a block version is specialised on."""
        if isinstance(shape, Value):
            return shape.type if shape.type != OBJ else self.object_types[shape]
        match shape:
            case GivenTuple():
                return shape
            case Const(value) if type(value) is int:
                return ("int", value)
            case Const(value):
                return ("const", id(value))
            case TupleOf(items) | TupleIter(items) | ListOf(items):
                return (type(shape), *[self._key(item) for item in items])
            case RangeOf(first, stop, step, up) | RangeIter(first, stop, step, up):
                ends = [end if self._is_argument(end) else self._key(end) for end in (stop, step)]
                return (type(shape), up, self._key(first), *ends)
        return "NULL"
