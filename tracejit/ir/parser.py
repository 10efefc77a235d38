"""The text form of the IR, read back.

Constants that have no literal form (`<word:address>`) are read as `Opaque`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from itertools import takewhile
from types import CellType, FunctionType, NoneType
from typing import TypeVar

from tracejit.ir.frame_state import Exit, FrameState, Inlined
from tracejit.ir.function import (
    Assumption,
    AttributeIs,
    Block,
    CellIs,
    Function,
    FunctionHas,
    GlobalIs,
    Inst,
    KeywordDefaultIs,
    Target,
    TypeIs,
)
from tracejit.ir.ops import CALLS, NUMBERED, OF_VARIABLES, PARTS, Op
from tracejit.ir.printer import Opaque, builtin
from tracejit.ir.shapes import (
    NULL,
    Const,
    ListOf,
    RangeIter,
    RangeOf,
    Shape,
    TupleIter,
    TupleOf,
    Unsigned,
)
from tracejit.ir.types import PYTHON_TYPES, TYPES, Type, bits_of
from tracejit.ir.value import Value
from tracejit.ir.variables import Variable

_TOKEN = re.compile(
    r"""\s*(?: (?P<string>'(?:\\.|[^'\\])*') | (?P<opaque><\w+:0x[0-9a-f]+>)
         | (?P<number>0x[0-9a-f]+|-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)
         | (?P<word>[^\W\d][\w.]*) | (?P<dotted>\.\w+) | (?P<reason>\[[^\]]*\])
         | (?P<mark>[(),:=|@]) )""",
    re.VERBOSE,
)

_T = TypeVar("_T")


class ParseError(ValueError):
    """The text is not IR."""


class _Line:
    """The tokens of one line, read from left to right."""

    def __init__(self, text: str, number: int) -> None:
        self.text, self.number = text, number
        self.tokens: list[tuple[str, str]] = []
        position = 0
        text = text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.error(f"unexpected {text[position:].strip()!r}")
            assert match.lastgroup is not None
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self.position = 0

    def error(self, message: str) -> ParseError:
        return ParseError(f"line {self.number}: {message}: {self.text.strip()!r}")

    @property
    def peek(self) -> str:
        return self.tokens[self.position][1] if self.position < len(self.tokens) else ""

    def next(self, kind: str | None = None) -> str:
        if self.position == len(self.tokens):
            raise self.error("unexpected end of line")
        found, text = self.tokens[self.position]
        if kind is not None and found != kind:
            raise self.error(f"expected a {kind}, found {text!r}")
        self.position += 1
        return text

    def expect(self, text: str) -> None:
        if self.next() != text:
            raise self.error(f"expected {text!r}")

    def accept(self, text: str) -> bool:
        if self.peek == text:
            self.position += 1
            return True
        return False

    def listed(self, close: str, item: Callable[[], _T]) -> list[_T]:
        """Items up to the closing mark, separated by commas; a comma may follow the last."""
        items: list[_T] = []
        while not self.accept(close):
            items.append(item())
            if not self.accept(","):
                self.expect(close)
                break
        return items


def parse(text: str) -> Function:
    """The function that the text describes.

    Raises ParseError, with the line's number, where the text is not IR.
    """
    return _Parser(text).function


class _Parser:
    def __init__(self, text: str) -> None:
        lines = [
            _Line(line, number)
            for number, line in enumerate(text.splitlines(), 1)
            if line.strip() and not line.lstrip().startswith("#")
        ]
        if not lines:
            raise ParseError("line 1: expected a function, found nothing")
        self.values: dict[str, Value] = {}
        self.blocks: dict[str, Block] = {}
        self.variables: dict[str, Variable] = {}
        first = lines.pop(0)
        first.expect("function")
        self.function = Function(first.next("word"))
        for line in lines:
            if line.tokens[0][1].startswith("block") and line.text.rstrip().endswith(":"):
                self.declare_block(line)
        for line in lines:
            self.line = line
            if line.accept("assume"):
                self.function.assumptions.append(self.assumption())
            elif line.position == 0:
                self.declare_result()
        block: Block | None = None
        for line in lines:
            self.line = line
            if line.tokens[0][1] in self.blocks:
                block = self.blocks[line.tokens[0][1]]
            elif line.tokens[0][1] != "assume":
                if block is None:
                    raise line.error("an instruction before the first block")
                block.insts.append(self.inst())
        self.recur()
        self.function.variables = self.variables.values()
        self.function.next_value = 1 + max((v.id for v in self.values.values()), default=-1)
        self.function.next_block = 1 + max((b.id for b in self.blocks.values()), default=-1)

    def recur(self) -> None:
        """The text has one function: what it calls natively is itself."""
        ops = [inst.op for inst in self.function.insts()]
        for first, call in CALLS.items():
            if call in ops:
                rest = takewhile(frozenset(PARTS.values()).__contains__, ops[ops.index(call) + 1 :])
                parts = tuple(
                    [PYTHON_TYPES[type] for op in rest for type in PARTS if PARTS[type] is op]
                )
                kind = NoneType if first is None else PYTHON_TYPES[first]
                self.function.natives = [self.function]
                self.function.result = (kind, *parts) if parts else kind

    def declare_block(self, line: _Line) -> None:
        self.line = line
        name = line.next("word")
        if name in self.blocks or not re.fullmatch(r"block\d+", name):
            raise line.error(f"{name!r} is no new block's name")
        block = self.blocks[name] = Block(int(name[5:]))
        self.function.blocks.append(block)
        line.expect("(")
        block.params = line.listed(")", self.param)
        for param in block.params:
            param.origin = block

    def param(self) -> Value:
        value, line = self.declaration(), self.line
        if line.accept("("):
            low = int(line.next("number"))
            line.expect(",")
            self.function.ranges[value] = (low, int(line.next("number")))
            line.expect(")")
        return value

    def declaration(self) -> Value:
        name = self.line.next("word")
        if name in self.values or not re.fullmatch(r"v\d+", name):
            raise self.line.error(f"{name!r} is no new value's name")
        self.line.expect(":")
        value = self.values[name] = Value(int(name[1:]), self.type())
        return value

    def type(self) -> Type:
        word = self.line.next("word")
        for type in TYPES:
            if word == type:
                return type
        raise self.line.error(f"{word!r} is no type")

    def declare_result(self) -> None:
        tokens = [text for _, text in self.line.tokens]
        if len(tokens) > 3 and tokens[1] == ":" and tokens[3] == "=":
            self.declaration()
            self.line.expect("=")

    def assumption(self) -> Assumption:
        line = self.line
        kind = line.next("word")
        index = int(line.next("number")) if kind == "cell" else 0
        name = line.next("word") if kind in ("global", "attribute", "default") else ""
        function = self.function_constant() if line.accept("of") else None
        line.expect("is")
        if kind == "cell":
            return CellIs(index, self.constant(), function)
        if kind == "global":
            return GlobalIs(name, self.constant(), function)
        if kind == "type":
            return TypeIs(function, self.constant())  # type: ignore[arg-type]  # Opaque
        if kind == "attribute":
            return AttributeIs(function, name, self.constant())  # type: ignore[arg-type]  # Opaque
        if function is None or kind not in ("default", *FunctionHas.ATTRIBUTES):
            raise line.error(f"{kind!r} is nothing to assume")
        if kind == "default":
            return KeywordDefaultIs(name, self.constant(), function)
        return FunctionHas(kind, self.constant(), function)

    def inst(self) -> Inst:
        line = self.line
        result = self.values[line.tokens[0][1]] if line.position else None
        name = line.next("word")
        op = Op.by_name.get(name)
        if op is None:
            raise line.error(f"{name!r} is no opcode")
        inst = Inst(op, result=result)
        if result is not None:
            result.origin = inst
        if op.has_imm:
            constant = self.constant()
            inst.imm = bits_of(constant) if type(constant) is float else constant
        elif op in NUMBERED:
            inst.imm = int(line.next("number"))
            line.accept(",")
        elif op in OF_VARIABLES:
            inst.imm = self.variable()
        elif op is Op.ret:
            inst.imm = self.shape()
        while line.peek and line.peek != "exit":
            word = line.next("word")
            if word in self.blocks:
                line.expect("(")
                inst.targets.append(Target(self.blocks[word], line.listed(")", self.value)))
            else:
                inst.args.append(self.named(word))
            line.accept(",")
        if line.accept("exit"):
            inst.exit = self.exit()
        if line.peek:
            raise line.error(f"unexpected {line.peek!r}")
        return inst

    def value(self) -> Value:
        return self.named(self.line.next("word"))

    def named(self, name: str) -> Value:
        if name not in self.values:
            raise self.line.error(f"{name!r} is defined nowhere")
        return self.values[name]

    def exit(self) -> Exit:
        line = self.line
        reason = line.next("reason")[1:-1]
        state = self.state()
        stores: list[tuple[Variable, Shape]] = []
        if line.accept("with"):
            while line.peek:
                variable = self.variable()
                line.expect("=")
                stores.append((variable, self.shape()))
        return Exit(
            reason, FrameState(state.offset, state.locals, state.stack, state.call, tuple(stores))
        )

    def variable(self) -> Variable:
        """A variable of the text's own: in all places the same one."""
        word = self.line.next("word")
        kind, _, name = word.partition(".")
        if kind not in ("global", "cell") or not name:
            raise self.line.error(f"{word!r} is no variable")
        if word not in self.variables:
            self.variables[word] = Variable(name, {} if kind == "global" else CellType())
        return self.variables[word]

    def state(self) -> FrameState:
        line = self.line
        line.expect("@")
        offset = int(line.next("number"))
        local_shapes: dict[str, Shape] = {}
        while line.peek not in ("", "|", "in", "with"):
            name = line.next("dotted") if line.peek.startswith(".") else line.next("word")
            line.expect("=")
            local_shapes[name] = self.shape()
        stack: list[Shape] = []
        if line.accept("|"):
            while line.peek not in ("", "in", "with"):
                stack.append(self.shape())
        call = None
        if line.accept("in"):
            function = self.function_constant()
            line.expect("then")
            call = Inlined(function, None, self.state())
        return FrameState(offset, local_shapes, tuple(stack), call)

    def shape(self) -> Shape:
        line = self.line
        if line.peek in self.values:
            return self.value()
        if line.accept("NULL"):
            return NULL
        if line.accept("u64"):
            line.expect("(")
            value = self.value()
            line.expect(")")
            return Unsigned(value)
        if line.accept("("):
            return TupleOf(tuple(line.listed(")", self.shape)))
        for word, made in (("items", TupleIter), ("list", ListOf)):
            if line.accept(word):
                line.expect("(")
                return made(tuple(line.listed(")", self.shape)))
        if line.peek in ("range", "iter"):
            make = RangeOf if line.next() == "range" else RangeIter
            line.expect("(")
            start, stop, step = self.part(), self.part(), self.part()
            direction = line.next("word")
            line.expect(")")
            return make(start, stop, step, direction == "up")
        return Const(self.constant())

    def part(self) -> Shape:
        shape = self.shape()
        self.line.expect(",")
        return shape

    def function_constant(self) -> FunctionType:
        """A function, of which the text has no more than a name."""
        return self.constant()  # type: ignore[return-value]  # an Opaque stands for it

    def constant(self) -> object:
        kind, text = self.line.tokens[self.line.position]
        self.line.next()
        if kind in ("number", "string") or text in ("None", "True", "False"):
            return ast.literal_eval(text)
        if kind == "opaque":
            return Opaque(text)
        found = builtin(text.removeprefix("builtins.")) if text.startswith("builtins.") else None
        if found is None:
            raise self.line.error(f"{text!r} is no constant")
        return found
