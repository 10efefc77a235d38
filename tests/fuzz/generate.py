"""Random structured Python functions that end: bounded loops, bounded growth.

A program is the syntax tree of a function `program(a, b, c)`. The generator leans towards repeating
an earlier statement slightly changed, and towards keeping every value live to the end.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

T = TypeVar("T")

PARAMETERS = ("a", "b", "c")
LOCALS = ("x", "y", "z", "p", "q")
CONSTANTS = (0, 1, -1, 2, 3, 5, 7, 10, -3, 63, 64, 100, 255, True, False)
EDGE_CONSTANTS = (
    1000003, 2**30, 2**31 - 1, -(2**31), 2**32, 2**40 + 1, 2**62, 2**63 - 1, -(2**63),
)  # fmt: skip
WIDE_CONSTANTS = (2**63, 2**64 - 1, 2**64, -(2**63) - 1, -(10**25))
"""Beyond a register."""
WORD_CONSTANTS = (
    2**63, 2**64 - 1, 2**64 - 59, 0xCBF29CE484222325, 6364136223846793005, 2**32 - 1, 0xDEADBEEF,
)  # fmt: skip
"""Of random number generators and hashes."""
FLOAT_CONSTANTS = (
    0.0, 1.0, 0.5, 2.0, 0.25, 1.5, 3.0, 10.0, 0.1, 1e-3, 100.0, 1e9, 2.0**53, 1e18, 1e308, 5e-324,
)  # fmt: skip
MATH = (
    *((1, name) for name in ("sqrt", "math.sqrt", "math.floor", "math.ceil", "math.trunc")),
    *((1, f"math.{name}") for name in ("sin", "cos", "exp", "log", "atan", "tanh", "log1p")),
    *((1, f"math.{name}") for name in ("isnan", "isfinite", "isinf", "fabs", "erf", "degrees")),
    *((1, f"math.{name}") for name in ("gamma", "lgamma")),
    *((2, f"math.{name}") for name in ("atan2", "copysign", "pow", "hypot", "fmod", "log")),
)
"""How many arguments they take, and their names."""
MASKS = (2**64 - 1, 2**64 - 1, 2**63 - 1, 2**63, 2**48 - 1, 2**32 - 1, 0xFFFF, 255)
MODULI = (97, 2**31 - 1, 2**61 - 1, 2**63 - 25, 2**64 - 59, 2**32 + 1, 2**64 - 2**32 + 1)
BOUNDS = (1000003, 2**31, 2**31 - 1, 2**61 - 1, 2**62, 2**63 - 1)
ERRORS = ("ZeroDivisionError", "ValueError", "OverflowError", "Exception")
HELPERS = ("first", "second", "third")
"""Functions that the program calls, if it has them; each calls those before it."""
DEPTH = "depth"
"""How many calls of a function that calls itself are under way."""
PAIR = "pair"
"""An argument that is a tuple."""
DEEPEST = (0, 6, 3)
"""How deep it goes, by the calls of itself in it: what squares its arguments does so each time."""
FREE_GROWTH = 2
"""Statements outside loops whose value may grow by multiplication without being bounded."""
TRIPS = 90
"""About how many times an innermost loop's body may run in one call."""


@dataclass(frozen=True, slots=True)
class Helper:
    """A function that may be called, and the fewest and most arguments that it takes."""

    fewest: int
    most: int
    gives: int = 0
    """The length of the tuple that it returns; 0 if that is none."""
    takes_pair: bool = False
    """Whether it takes the last two of its arguments as one."""


GIVEN = {"scaled": Helper(1, 1), "elsewhere": Helper(1, 2)}
"""Functions that every program may call: a closure, and one of another module."""


@dataclass(slots=True)
class Place:
    """Where a statement stands."""

    depth: int = 0
    trips: int = 1
    in_loop: bool = False
    in_function: bool = True


@dataclass(slots=True)
class Generator:
    """One program in the making."""

    chooser: Random
    names: list[str] = field(default_factory=lambda: list(PARAMETERS))
    earlier: list[ast.stmt] = field(default_factory=list)
    counters: int = 0
    budget: int = 24
    calm: bool = False
    """Nothing that raises or that the compiler does not know, and few large numbers."""
    unsigned: bool = False
    """Much masked arithmetic, and numbers from 2**63 to 2**64 - 1."""
    floats: bool = False
    """Mostly floats, and little that is only for integers."""
    helpers: dict[str, Helper] = field(default_factory=dict)
    """The functions that may be called."""
    helps: Helper | None = None
    """What is being made, if that is one of them."""

    def chance(self, percent: int) -> bool:
        return self.chooser.randrange(100) >= 100 - percent

    def one_of(self, items: Sequence[T]) -> T:
        return items[self.chooser.randrange(len(items))]

    def weighted(self, table: Sequence[tuple[int, T]]) -> T:
        at = self.chooser.randrange(sum(weight for weight, _ in table))
        for weight, item in table:
            at -= weight
            if at < 0:
                return item
        raise AssertionError("unreachable")

    # Expressions

    def name(self) -> ast.expr:
        return ast.Name(self.one_of(self.names))

    def constant(self) -> ast.expr:
        return ast.Constant(self.number())

    def number(self) -> float:
        if self.floats and self.chance(50):
            return self.one_of(FLOAT_CONSTANTS)
        edges, wide = (4, 0) if self.calm else (14, 2)
        words = 30 if self.unsigned else 0
        pools = [
            (84, CONSTANTS),
            (edges, EDGE_CONSTANTS),
            (wide, WIDE_CONSTANTS),
            (words, WORD_CONSTANTS),
        ]
        return self.one_of(self.weighted(pools))

    def leaf(self) -> ast.expr:
        return self.constant() if self.chance(25) else self.name()

    def expression(self, depth: int = 2) -> ast.expr:
        if depth <= 0 or self.chance(15):
            return self.leaf()
        whole = 0 if self.floats else 1
        kinds: list[tuple[int, Callable[[int], ast.expr]]] = [
            (40, self.arithmetic),
            (14, self.division),
            (12 * whole, self.bitwise),
            (10 * whole, self.shift),
            (3, self.power),
            (8, self.unary),
            (10, self.comparison),
            (5, self.logical),
            (5, self.conditional),
            (10, self.builtin),
            (30 if self.unsigned else 2 * whole, self.masked),
            (12 if self.unsigned else 3 * whole, self.reduced),
            (16 * (1 - whole), self.quotient),
            (18 * (1 - whole), self.conversion),
            (4, self.of_tuple),
            (14 if len(self.helpers) > len(GIVEN) else 2, self.called),
        ]
        return self.weighted(kinds)(depth - 1)

    def masked(self, depth: int) -> ast.expr:
        value = self.one_of((self.arithmetic, self.bitwise, self.shift, self.expression))
        return ast.BinOp(value(depth), ast.BitAnd(), ast.Constant(self.one_of(MASKS)))

    def arithmetic(self, depth: int) -> ast.expr:
        op = self.weighted([(5, ast.Add), (4, ast.Sub), (3, ast.Mult)])
        return ast.BinOp(self.expression(depth), op(), self.expression(depth))

    def division(self, depth: int) -> ast.expr:
        op = self.one_of((ast.FloorDiv, ast.Mod))
        return ast.BinOp(self.expression(depth), op(), self.divisor(depth))

    def quotient(self, depth: int) -> ast.expr:
        return ast.BinOp(self.expression(depth), ast.Div(), self.divisor(depth))

    def conversion(self, depth: int) -> ast.expr:
        value = self.expression(depth)
        match self.one_of(
            ("float", "float", "int", "round", "whole", "power", "math", "math", "digits")
        ):
            case "math":
                arity, name = self.one_of(MATH)
                return named(name, value, *[self.leaf() for _ in range(arity - 1)])
            case "digits":
                return call("round", value, ast.Constant(self.one_of((0, 1, 2, 3, 7, 22, -1))))
            case "whole":
                return method(call("float", value), "is_integer")
            case "power":
                exponent = self.one_of((2, 0.5, -1, -3, 3.0, 1.5))
                return ast.BinOp(value, ast.Pow(), ast.Constant(exponent))
            case name:
                return call(name, value)

    def divisor(self, depth: int) -> ast.expr:
        """Seldom zero."""
        if not self.calm and self.chance(12):
            return self.expression(depth)
        if self.chance(50):
            return ast.Constant(
                self.one_of((2, 3, 7, 8, 10, -3, -4, 65521, 1000003, 2**31, 2**63 - 1))
            )
        if self.floats:
            return ast.BinOp(call("abs", self.expression(depth - 1)), ast.Add(), ast.Constant(0.5))
        return ast.BinOp(self.expression(depth - 1), ast.BitOr(), ast.Constant(1))

    def reduced(self, depth: int) -> ast.expr:
        """A product that outgrows a register and is made smaller at once."""
        if self.chance(15):
            return self.residues()
        wide: ast.expr = ast.BinOp(self.leaf(), ast.Mult(), self.expression(depth))
        if self.chance(40):
            wide = ast.BinOp(wide, self.one_of((ast.Add, ast.Sub))(), self.leaf())
        match self.one_of(("%", "%", "//", ">>", "&", "pow")):
            case "%":
                return ast.BinOp(wide, ast.Mod(), self.modulus(depth))
            case "//":
                return ast.BinOp(wide, ast.FloorDiv(), self.modulus(depth))
            case ">>":
                return ast.BinOp(wide, ast.RShift(), ast.Constant(self.one_of((1, 32, 64, 90))))
            case "&":
                return ast.BinOp(wide, ast.BitAnd(), ast.Constant(self.one_of(MASKS)))
            case _:
                exponent = self.leaf() if self.chance(20) else bounded(self.leaf(), 2**63 - 1)
                return call("pow", self.leaf(), exponent, self.modulus(depth))

    def residues(self) -> ast.expr:
        """A sum or a difference of what is a remainder by the same modulus already."""
        modulus = self.modulus(0) if self.calm else self.name()
        residue = ast.BinOp(self.leaf(), ast.Mod(), modulus)
        op = self.one_of((ast.Add, ast.Sub))
        return ast.BinOp(ast.BinOp(residue, op(), self.leaf()), ast.Mod(), modulus)

    def modulus(self, depth: int) -> ast.expr:
        if self.chance(50):
            return self.divisor(depth)
        return ast.Constant(self.one_of(MODULI))

    def bitwise(self, depth: int) -> ast.expr:
        op = self.one_of((ast.BitAnd, ast.BitOr, ast.BitXor))
        return ast.BinOp(self.expression(depth), op(), self.expression(depth))

    def shift(self, depth: int) -> ast.expr:
        op = self.one_of((ast.LShift, ast.RShift))
        return ast.BinOp(self.expression(depth), op(), self.shift_count())

    def shift_count(self) -> ast.expr:
        if self.chance(40):
            return ast.Constant(self.one_of((0, 1, 3, 13, 31, 33, 62, 63, 64, 70)))
        masked = bounded(self.name(), self.one_of((7, 15, 63, 127)))
        return (
            fixed(ast.BinOp(masked, ast.Sub(), ast.Constant(3)))
            if not self.calm and self.chance(8)
            else masked
        )

    def power(self, depth: int) -> ast.expr:
        exponent = bounded(self.name(), 3) if self.chance(60) else ast.Constant(self.one_of((2, 3)))
        return ast.BinOp(self.name(), ast.Pow(), exponent)

    def unary(self, depth: int) -> ast.expr:
        op = self.one_of((ast.USub, ast.Invert, ast.UAdd, ast.Not))
        return ast.UnaryOp(op(), self.expression(depth))

    def comparison(self, depth: int) -> ast.expr:
        count = 2 if self.chance(15) else 1
        ops = [
            self.one_of((ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq))()
            for _ in range(count)
        ]
        others = [self.expression(depth) for _ in range(count)]
        return ast.Compare(self.expression(depth), ops, others)

    def logical(self, depth: int) -> ast.expr:
        op = self.one_of((ast.And, ast.Or))
        return ast.BoolOp(op(), [self.expression(depth), self.expression(depth)])

    def conditional(self, depth: int) -> ast.expr:
        return ast.IfExp(self.comparison(depth - 1), self.expression(depth), self.expression(depth))

    def builtin(self, depth: int) -> ast.expr:
        kinds = ("abs", "min", "max", "bool", "int", "divmod")
        more = ("min", "max") if self.floats else ("length", "count", "gcd", "isqrt")
        kind = self.one_of((*kinds, *more))
        one = self.expression(depth)
        two = self.divisor(depth) if kind == "divmod" else self.expression(depth)
        match kind:
            case "min" | "max":
                more = [self.leaf()] if self.chance(25) else []
                return call(kind, one, two, *more)
            case "length":
                return method(one, "bit_length")
            case "count":
                return method(one, "bit_count")
            case "gcd":
                return named("math.gcd", one, two)
            case "isqrt":
                return named("math.isqrt", call("abs", one) if self.chance(80) else one)
            case "divmod":
                pair = call("divmod", one, two)
                return ast.Subscript(pair, ast.Constant(self.chooser.randrange(2)))
            case _:
                return call(kind, one)

    def tuple_of(self, length: int) -> ast.Tuple:
        return ast.Tuple([self.leaf() for _ in range(length)])

    def of_tuple(self, depth: int) -> ast.expr:
        """What is in a tuple or a range, or how many, or whether something is."""
        items: ast.expr = self.tuple_of(1 + self.chooser.randrange(4))
        names = ("item", "item", "range", "sum", "any", "all", "min", "len")
        # One float that is no number may be there twice, which nothing in registers tells.
        name = self.one_of((*names, "in", "order") if self.calm else names)
        items = self.made_of(items, can_be_list=name != "order")
        match name:
            case "item" | "range":
                few = ast.Constant(2 + self.chooser.randrange(4))
                at = ast.BinOp(self.expression(depth - 1), ast.Mod(), few)
                index = self.one_of((at, at, self.leaf(), ast.Constant(-1)))
                return ast.Subscript(items if name == "item" else call("range", few), index)
            case "in":
                # CPython goes through all of a range for a number of a subclass.
                few_numbers = call("range", bounded(self.leaf(), 2**16 - 1))
                values = few_numbers if self.chance(25) else items
                op = self.one_of((ast.In, ast.NotIn))
                return ast.Compare(self.leaf(), [op()], [values])
            case "order":
                op = self.one_of((ast.Lt, ast.GtE, ast.Eq, ast.NotEq))
                return ast.Compare(items, [op()], [self.tuple_of(2)])
            case _:
                return call(name, items)

    def made_of(self, items: ast.expr, can_be_list: bool) -> ast.expr:
        """The tuple, or what is made of it: never empty."""
        kind = self.one_of(("tuple", "tuple", "tuple", "starred", "slice", "list"))
        if kind == "starred" or (kind == "list" and can_be_list):
            made = ast.List if kind == "list" else ast.Tuple
            return made([ast.Starred(items), self.leaf()])
        if kind == "slice":
            bounds = ((None, 1), (None, 2), (None, None), (-1, None), (-2, None))
            known = [fixed(ast.Constant(bound)) for bound in self.one_of(bounds)]
            return ast.Subscript(
                items, ast.Slice(*known, fixed(ast.Constant(self.one_of((1, 1, 2)))))
            )
        return items

    def called(self, depth: int) -> ast.expr:
        """A call of one of the helpers, by position and keywords; seldom one that raises."""
        name = self.one_of(list(self.helpers))
        found = self.call_of(name, depth)
        if gives := self.helpers[name].gives:
            at = fixed(ast.Constant(self.chooser.randrange(gives + 1) - 1))
            return ast.Subscript(found, at)
        return found

    def call_of(self, name: str, depth: int) -> ast.expr:
        helper = self.helpers[name]
        fewest, most = helper.fewest, helper.most
        count = fewest + self.chooser.randrange(most - fewest + 1)
        if not self.calm and self.chance(2):
            count += 1
        found = call(name, *[self.expression(depth - 1) for _ in range(count)])
        if helper.takes_pair:
            found.args = with_pair(found.args)
        elif self.chance(20) and name in HELPERS and count <= most:
            by_name = self.chooser.randrange(count + 1)
            pairs = [*zip(PARAMETERS, found.args, strict=False)][by_name:]
            found.args = found.args[:by_name]
            found.keywords = [ast.keyword(parameter, value) for parameter, value in pairs]
        elif self.chance(20):
            at = self.chooser.randrange(count + 1)
            found.args[at:] = [ast.Starred(ast.Tuple(found.args[at:]))]
        elif self.chance(15):
            if self.chance(30):
                found.args = [ast.Starred(ast.Tuple(found.args))]
            return call("applied", ast.Name(name), *found.args)
        return found

    # Statements

    def body(self, place: Place, most: int = 4) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for _ in range(1 + self.chooser.randrange(most)):
            if self.budget <= 0:
                break
            self.budget -= 1
            found += self.statement(place)
        return found or [ast.Pass()]

    def statement(self, place: Place) -> list[ast.stmt]:
        excited = 0 if self.calm else 1
        nesting = 0 if place.depth >= 4 or place.trips >= TRIPS else 1
        kinds: list[tuple[int, Callable[[Place], list[ast.stmt]]]] = [
            (22, self.assign),
            (16, self.augment),
            (10, self.swap),
            (22 if self.earlier else 0, self.repeat),
            (10, self.branch),
            (12 * nesting, self.for_loop),
            (8 * nesting, self.while_loop),
            (0 if self.floats else 4 * nesting, self.counted),
            (3 * nesting, self.polynomials),
            (0 if self.floats else 2 if self.unsigned else 1, self.swap_groups),
            (0 if self.floats else 3 * nesting, self.euclid),
            (5, self.try_statement),
            (3 if place.in_loop else 0, self.leave_loop),
            (2, self.early_return),
            (2 * excited, self.raise_or_assert),
            (6 * excited, self.unsupported),
            (4, self.outside),
            (1 * excited, self.delete),
        ]
        return self.weighted(kinds)(place)

    def target(self) -> str:
        name = self.one_of((*PARAMETERS, *LOCALS))
        if name not in self.names:
            self.names.append(name)
        return name

    def assign(self, place: Place) -> list[ast.stmt]:
        value = self.masked(3) if self.unsigned and self.chance(50) else self.expression(3)
        return self.noted(ast.Assign([ast.Name(self.target())], value))

    def augment(self, place: Place) -> list[ast.stmt]:
        op = self.weighted(
            [(6, ast.Add), (4, ast.Sub), (3, ast.Mult), (2, ast.FloorDiv), (2, ast.Mod)]
            + [
                (1, op)
                for op in (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift)
                if not self.floats
            ]
            + [(3, ast.Div)] * self.floats
        )
        if op in (ast.LShift, ast.RShift):
            value = self.shift_count()
        else:
            value = (
                self.divisor(1) if op in (ast.FloorDiv, ast.Mod, ast.Div) else self.expression(1)
            )
        name = self.one_of(self.names)
        name = name if name in (*PARAMETERS, *LOCALS) else "a"
        return self.noted(ast.AugAssign(ast.Name(name), op(), value))

    def swap(self, place: Place) -> list[ast.stmt]:
        giving = [name for name, helper in self.helpers.items() if helper.gives]
        if self.chance(20):
            value: ast.expr = call("divmod", self.expression(1), self.divisor(1))
            count = 2
        elif giving and self.chance(60):
            name = self.one_of(giving)
            value, count = self.call_of(name, 2), self.helpers[name].gives
        else:
            count = 2 + self.chooser.randrange(2)
            value = ast.Tuple([self.expression(1) for _ in range(count)])
        names = [ast.Name(self.target()) for _ in range(count)]
        return self.noted(ast.Assign([ast.Tuple(list[ast.expr](names))], value))

    def noted(self, statement: ast.stmt) -> list[ast.stmt]:
        self.earlier.append(statement)
        return [statement]

    def repeat(self, place: Place) -> list[ast.stmt]:
        """An earlier statement with one thing in it changed."""
        statement = copy.deepcopy(self.one_of(self.earlier))
        spots = [node for node in changeable(statement) if self.change_of(node) is not None]
        if spots:
            spot = self.one_of(spots)
            change = self.change_of(spot)
            assert change is not None
            change()
        return self.noted(statement)

    def change_of(self, node: ast.AST) -> Callable[[], None] | None:
        """How to change the node a little without giving up the program's bounds."""
        if isinstance(node, ast.Name) and node.id in self.names:
            return lambda: setattr(node, "id", self.one_of(self.names))
        if isinstance(node, ast.Constant):
            return lambda: setattr(node, "value", self.number())
        if isinstance(node, ast.BinOp | ast.AugAssign):
            for group in ((ast.Add, ast.Sub), (ast.BitAnd, ast.BitOr, ast.BitXor),
                          (ast.FloorDiv, ast.Mod), (ast.Mult, ast.Sub)):  # fmt: skip
                if isinstance(node.op, group):
                    return lambda group=group: setattr(node, "op", self.one_of(group)())  # type: ignore[misc]
        if isinstance(node, ast.Compare):
            return lambda: node.ops.__setitem__(0, self.one_of((ast.Lt, ast.GtE, ast.Eq))())
        return None

    def nested(self, place: Place, trips: int = 0, most: int = 4) -> list[ast.stmt]:
        """A body one level deeper, in a loop if it has trips."""
        inner = Place(place.depth + 1, place.trips * max(trips, 1), place.in_loop or trips > 0)
        known = list(self.names)
        found = self.body(inner, most)
        # What only this body assigns may be unbound afterwards; mostly it is not read there.
        if self.calm or not self.chance(4):
            self.names = known
        return found

    def branch(self, place: Place) -> list[ast.stmt]:
        test = self.expression(1) if self.chance(25) else self.comparison(1)
        other = self.nested(place, most=3) if self.chance(45) else []
        return [ast.If(test, self.nested(place, most=3), other)]

    def for_loop(self, place: Place) -> list[ast.stmt]:
        trips = 400 if place.trips == 1 and self.chance(4) else 1 + self.chooser.randrange(9)
        variable = self.one_of((*LOCALS, "i", "j", "k"))
        source: ast.expr
        guard: list[ast.stmt]
        if self.chance(20):
            items = self.tuple_of(1 + self.chooser.randrange(5))
            trips, source, guard = len(items.elts), items, []
        else:
            source, guard = self.range_of(trips)
            source = call("reversed", source) if self.chance(10) else source
        known = list(self.names)
        if variable not in self.names:
            self.names.append(variable)
        body = guard + self.nested(place, trips)
        if (self.calm or not self.chance(10)) and variable not in known:
            self.names.remove(variable)
        otherwise = self.nested(place, most=2) if self.chance(15) else []
        return [*self.start(guard), ast.For(ast.Name(variable), source, body, otherwise)]

    def start(self, guard: list[ast.stmt]) -> list[ast.stmt]:
        if not guard:
            return []
        counter = guard[0]
        assert isinstance(counter, ast.AugAssign)
        assert isinstance(counter.target, ast.Name)
        return [ast.Assign([ast.Name(counter.target.id)], ast.Constant(0))]

    def range_of(self, trips: int) -> tuple[ast.expr, list[ast.stmt]]:
        """A range of few items, or of any with statements that break after so many."""
        leaf, few = self.name(), bounded(self.name(), 7)
        width, step = ast.Constant(trips), self.one_of((1, 2, 3, 7, 2**61))
        match self.one_of(("count", "count", "few", "from", "down", "step", "guarded")):
            case "count":
                return call("range", width), []
            case "few":
                return call("range", few), []
            case "from":
                return call("range", leaf, fixed(plus(leaf, width))), []
            case "down":
                stop = fixed(ast.BinOp(leaf, ast.Sub(), ast.Constant(trips * step)))
                return call("range", leaf, stop, ast.Constant(-step)), []
            case "step":
                stop = fixed(plus(leaf, ast.Constant(trips * step)))
                return call("range", leaf, stop, ast.Constant(step)), []
            case _:
                arguments = [self.leaf() for _ in range(1 + self.chooser.randrange(3))]
                counter = self.counter()
                guard = ast.If(more_than(counter, trips), [ast.Break()], [])
                return call("range", *arguments), [increment(counter), guard]

    def while_loop(self, place: Place) -> list[ast.stmt]:
        trips = 1 + self.chooser.randrange(9)
        counter = self.counter()
        known = list(self.names)
        body = [increment(counter), *self.nested(place, trips)]
        if self.chance(30):
            test: ast.expr = ast.Constant(True)
            body.insert(1, ast.If(more_than(counter, trips), [ast.Break()], []))
        elif self.chance(50):
            test = ast.BoolOp(ast.And(), [self.comparison(0), less_than(counter, trips)])
        else:
            test = less_than(counter, trips)
        self.names = known
        otherwise = self.nested(place, most=2) if self.chance(15) else []
        return [
            ast.Assign([ast.Name(counter)], ast.Constant(0)),
            ast.While(test, body, otherwise),
        ]

    def counted(self, place: Place) -> list[ast.stmt]:
        """A few steps, each with a known number that is larger each time, often by shifts."""
        counter, name = self.counter(), ast.Name(self.one_of(self.names))
        if self.chance(25):
            return gray_code_and_back(name, counter, 1 << self.chooser.randrange(8))
        known = fixed(ast.Name(counter))
        op = self.one_of((ast.RShift, ast.RShift, ast.RShift, ast.Mult, ast.Sub, ast.BitAnd))
        join = self.one_of((ast.BitXor, ast.BitXor, ast.BitOr, ast.Add))
        step = ast.BinOp(name if self.chance(70) else self.name(), op(), known)
        body: list[ast.stmt] = [ast.AugAssign(name, join(), step)]
        first, most = self.chooser.randrange(3), 2 + self.chooser.randrange(8)
        if first == 0 or self.chance(20):
            arguments = [ast.Constant(first), ast.Constant(first + most)]
            return [ast.For(ast.Name(counter), call("range", *arguments), body, [])]
        doubles = self.chance(60)
        grow = ast.Name(counter) if doubles else ast.Constant(1)
        body.append(ast.AugAssign(ast.Name(counter), ast.Add(), grow))
        return [
            ast.Assign([ast.Name(counter)], ast.Constant(first)),
            ast.While(less_than(counter, 1 << most if doubles else most), body, []),
        ]

    def polynomials(self, place: Place) -> list[ast.stmt]:
        """Polynomials of what a loop counts."""
        counter = self.counter()
        start = ast.Constant(self.chooser.randrange(9) - 3)
        first = fixed(plus(start, bounded(self.name(), 255)) if self.chance(30) else start)
        step = self.one_of((1, 1, 2, 7, -1, -3))
        last = fixed(
            plus(copy.deepcopy(first), ast.Constant(step * (1 + self.chooser.randrange(9))))
        )
        body: list[ast.stmt] = []
        for _ in range(1 + self.chance(30)):
            value = self.polynomial(counter, 3)
            if self.chance(60):
                value = ast.BinOp(value, ast.BitAnd(), ast.Constant(self.one_of(MASKS)))
            name = ast.Name(self.one_of(self.names))
            op = self.one_of((ast.BitXor, ast.Add, ast.Sub))
            body.append(ast.Assign([ast.Name(self.target())], ast.BinOp(name, op(), value)))
        if self.chance(15):
            body.append(ast.If(self.comparison(0), [ast.Continue()], []))
        return [
            ast.For(ast.Name(counter), call("range", first, last, ast.Constant(step)), body, [])
        ]

    def polynomial(self, counter: str, depth: int) -> ast.expr:
        if depth == 0 or self.chance(20):
            return ast.Name(counter) if self.chance(60) else self.leaf()
        op = self.weighted([(3, ast.Add), (3, ast.Sub), (5, ast.Mult)])
        x, y = (self.polynomial(counter, depth - 1) for _ in range(2))
        return ast.BinOp(x, op(), y)

    def swap_groups(self, place: Place) -> list[ast.stmt]:
        """Neighbouring groups of bits change places, of all sizes or of some: bytes as well."""
        name, mask = self.target(), self.one_of((2**64 - 1, 2**64 - 1, 2**32 - 1))
        found: list[ast.stmt] = [
            ast.Assign([ast.Name(name)], ast.BinOp(self.leaf(), ast.BitAnd(), ast.Constant(mask)))
        ]
        for bits in (1, 2, 4, 8, 16, 32):
            if bits * 2 > mask.bit_length() or self.chance(35 if bits < 8 else 85):
                low = sum((1 << bits) - 1 << at for at in range(0, mask.bit_length(), 2 * bits))
                low ^= 1 << self.chooser.randrange(64) if self.chance(3) else 0
                text = f"X = X >> {bits} & {low} | (X & {low}) << {bits}"
                found += ast.parse(text.replace("X", name)).body
        return found

    def euclid(self, place: Place) -> list[ast.stmt]:
        """A loop of remainders, of integers of either sign: with anything else it might not end."""
        x, y, z = found = [self.target() for _ in range(3)]
        if len(set(found)) < 3:
            return self.assign(place)
        first, second = (
            ast.BinOp(
                self.leaf(),
                ast.BitAnd(),
                ast.Constant(-1 if self.chance(60) else self.one_of(MASKS)),
            )
            for _ in range(2)
        )
        start: list[ast.stmt] = [
            ast.Assign([ast.Name(z)], ast.Constant(0)),
            ast.Assign([ast.Tuple([ast.Name(x), ast.Name(y)])], ast.Tuple([first, second])),
        ]
        text = self.one_of(REMAINDERS)
        for node in ast.walk(loop := ast.parse(text)):
            if isinstance(node, ast.Name):
                node.id = {"X": x, "Y": y, "Z": z}[node.id]
        return [*start, *loop.body]

    def counter(self) -> str:
        """A new variable that nothing else assigns."""
        self.counters += 1
        return f"t{self.counters}"

    def try_statement(self, place: Place) -> list[ast.stmt]:
        body = self.nested(place, most=3)
        handlers = []
        for _ in range(0 if self.chance(15) else 1 + self.chance(20)):
            name = "error" if self.chance(25) else None
            kind = ast.Name(self.one_of(ERRORS))
            inner = self.nested(place, most=2)
            if self.chance(10):
                inner.append(ast.Raise(None, None))
            handlers.append(ast.ExceptHandler(kind, name, inner))
        otherwise = self.nested(place, most=2) if handlers and self.chance(15) else []
        final = self.nested(place, most=1) if not handlers or self.chance(15) else []
        return [ast.Try(body, handlers, otherwise, without_jumps(final))]

    def leave_loop(self, place: Place) -> list[ast.stmt]:
        jump = ast.Break() if self.chance(50) else ast.Continue()
        return [ast.If(self.comparison(0), [jump], [])]

    def raise_or_assert(self, place: Place) -> list[ast.stmt]:
        if self.chance(50):
            return [ast.Assert(self.comparison(1), self.leaf() if self.chance(50) else None)]
        error = call(self.one_of(("ValueError", "OverflowError", "KeyError")), self.leaf())
        return [ast.If(self.comparison(1), [ast.Raise(error, None)], [])]

    def early_return(self, place: Place) -> list[ast.stmt]:
        result = self.result(1) if self.helps else self.everything()
        return [ast.If(self.comparison(1), [ast.Return(result)], [])]

    def delete(self, place: Place) -> list[ast.stmt]:
        name = self.target()
        return [ast.If(self.comparison(0), [ast.Delete([ast.Name(name)])], [])]

    def unsupported(self, place: Place) -> list[ast.stmt]:
        """Something the compiler does not know."""
        return self.filled(self.one_of(UNSUPPORTED))

    def outside(self, place: Place) -> list[ast.stmt]:
        """An assignment to a variable outside of the function, or what one contains."""
        return self.filled(self.one_of(OUTSIDE))

    def filled(self, text: str) -> list[ast.stmt]:
        value = self.leaf()
        tree = ast.parse(text.replace("TARGET", self.target())).body
        for node in ast.walk(ast.Module(tree, [])):
            if isinstance(node, ast.Name) and node.id == "VALUE":
                node.id = value.id if isinstance(value, ast.Name) else "b"
        return [ast.If(self.comparison(0), tree, [])] if self.chance(50) else tree

    def result(self, depth: int) -> ast.expr:
        """What a helper returns."""
        if self.helps is None or not self.helps.gives:
            return self.expression(depth)
        return ast.Tuple([self.expression(depth - 1) for _ in range(self.helps.gives)])

    def everything(self) -> ast.expr:
        """All that is bound, as a tuple."""
        items: list[ast.expr] = [ast.Name(name) for name in self.names]
        if not self.floats and self.chance(8):
            items.append(call("range", self.leaf(), self.leaf()))
        return ast.Tuple(items)

    def function(self) -> ast.FunctionDef:
        first: list[ast.stmt] = []
        for name in LOCALS[: self.chooser.randrange(len(LOCALS) + 1)]:
            first.append(ast.Assign([ast.Name(name)], self.leaf()))
            self.names.append(name)
        taken: Sequence[str] = PARAMETERS
        body = first
        if self.chance(12):
            taken = (*PARAMETERS[:-2], PAIR)
            body.insert(0, unpack_pair(PARAMETERS[-2:]))
        while self.budget > 0:
            body += self.body(Place(), 8)
        body.append(ast.Return(self.everything()))
        if any(isinstance(n, ast.Name) and n.id == "TALLY" for s in body for n in ast.walk(s)):
            body.insert(0, ast.Global(["TALLY"]))
        return ast.FunctionDef("program", parameters(taken), body, [])

    def helper(self, name: str, helper: Helper) -> ast.FunctionDef:
        """A function of the parameters that are its names, the last of which have defaults."""
        self.helps = helper
        given = [self.constant() for _ in range(helper.most - helper.fewest)]
        calls = self.one_of((1, 2)) if self.chance(35) else 0
        own = [*self.names[:-2], PAIR] if helper.takes_pair else list(self.names)
        count = len(self.names)
        if calls:
            own.append(DEPTH)
            given.append(ast.Constant(0))
        taken = parameters(own, given)
        body: list[ast.stmt] = []
        if helper.takes_pair:
            body.append(unpack_pair(self.names[-2:]))
        if calls:
            body.append(self.bottom(DEEPEST[calls]))
        while self.budget > 0:
            # Its loops are as short as if it were called in one.
            body += self.body(Place(trips=TRIPS // 9), 3)
        for _ in range(calls):
            args = [self.expression(2) for _ in range(count)]
            args = with_pair(args) if helper.takes_pair else args
            deeper = ast.BinOp(ast.Name(DEPTH), ast.Add(), ast.Constant(1))
            names: list[ast.expr] = [ast.Name(self.target()) for _ in range(helper.gives or 1)]
            target = ast.Tuple(names) if helper.gives else names[0]
            body.append(ast.Assign([target], call(name, *args, fixed(deeper))))
        body.append(ast.Return(self.result(2)))
        if any(isinstance(n, ast.Name) and n.id == "TALLY" for s in body for n in ast.walk(s)):
            body.insert(0, ast.Global(["TALLY"]))
        return ast.FunctionDef(name, taken, body, [])

    def bottom(self, most: int) -> ast.stmt:
        """Return where the function has called itself so many times, one inside the other."""
        reached = ast.Compare(ast.Name(DEPTH), [ast.GtE()], [fixed(ast.Constant(most))])
        return ast.If(reached, [ast.Return(self.result(1))], [])


UNSUPPORTED = (
    "LOG.append(VALUE)",
    "note(VALUE)",
    "TARGET = len(f'{VALUE & 1023 if isinstance(VALUE, int) else 0}')",
    "TARGET = VALUE / 3",
    "TARGET = len({VALUE, 1})",
    "TARGET = sum(m for m in range(3))",
    "TARGET = {1: VALUE}[1]",
    "TARGET = (lambda m: m + 1)(VALUE)",
    "TARGET = GLOBAL + VALUE",
    "TARGET = helper(VALUE)",
    "print(VALUE == 1, file=NOWHERE)",
    "TARGET = hash(VALUE) % 7 if VALUE is not None else 0",
    "turn()",
    "TALLY = None",
)


# It lasts from call to call: what is made of it must not grow each time.
OUTSIDE = (
    "TALLY = TALLY + 1",
    "TALLY += VALUE",
    "TALLY = VALUE",
    "TALLY = VALUE > 3",
    "TALLY = TALLY * 0.5",
    "TARGET = TALLY if -1000003 < TALLY < 1000003 else 0",
    "TALLY = TALLY + 1; TARGET = TALLY + VALUE if -1000003 < TALLY < 1000003 else VALUE",
    "TARGET, TALLY = VALUE, TARGET",
    "bump()",
    "TARGET = GLOBAL - 3",
    "TARGET = draw()",
    "TARGET = count(VALUE)",
)


REMAINDERS = (
    "while Y: X, Y = Y, X % Y",
    "while X: Y, X = X, Y % X",
    "while Y > 0: X, Y = Y, X % Y",
    "while Y:\n Z = X % Y\n X = Y\n Y = Z",
    "while True:\n if Y == 0:\n  break\n X, Y = Y, X % Y",
    "while Y: Z, X, Y = X, Y, X % Y",
    "while Y:\n Z += 1\n X, Y = Y, X % Y",
)
"""Euclid's algorithm, and what remembers more than the last divisor and remainder."""


def parameters(names: Sequence[str], defaults: Sequence[ast.expr] = ()) -> ast.arguments:
    return ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [*defaults])


def call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name), list(args), [])


def named(name: str, *args: ast.expr) -> ast.Call:
    """A call of what a name stands for that may be a module's."""
    return ast.Call(ast.parse(name, mode="eval").body, list(args), [])


def method(value: ast.expr, name: str) -> ast.Call:
    # An integer literal needs parentheses before a dot; `abs(...)` keeps the text simple.
    receiver = call("abs", value) if isinstance(value, ast.Constant) else value
    return ast.Call(ast.Attribute(receiver, name), [], [])


def fixed(node: ast.expr) -> ast.expr:
    """The node, which holds a loop or a shift within bounds, marked as not to be changed."""
    for inner in ast.walk(node):
        inner.fixed = True  # type: ignore[attr-defined]
    return node


def unpack_pair(names: Sequence[str]) -> ast.Assign:
    return ast.Assign([ast.Tuple([ast.Name(name) for name in names])], ast.Name(PAIR))


def with_pair(args: Sequence[ast.expr]) -> list[ast.expr]:
    """The arguments of a call, of which the last two are passed as one."""
    return [*args[:-2], ast.Tuple([*args[-2:]])]


def bounded(value: ast.expr, mask: int) -> ast.expr:
    return fixed(ast.BinOp(value, ast.BitAnd(), ast.Constant(mask)))


def plus(value: ast.expr, other: ast.expr) -> ast.expr:
    return ast.BinOp(value, ast.Add(), other)


def gray_code_and_back(name: ast.Name, counter: str, most: int) -> list[ast.stmt]:
    text = f"""
X ^= X >> 1
S = 1
while S < {most}:
    X ^= X >> S
    S += S
"""
    return ast.parse(text.replace("X", name.id).replace("S", counter)).body


def increment(name: str) -> ast.stmt:
    return ast.AugAssign(ast.Name(name), ast.Add(), ast.Constant(1))


def more_than(name: str, most: int) -> ast.expr:
    return ast.Compare(ast.Name(name), [ast.Gt()], [ast.Constant(most)])


def less_than(name: str, most: int) -> ast.expr:
    return ast.Compare(ast.Name(name), [ast.Lt()], [ast.Constant(most)])


def changeable(statement: ast.stmt) -> list[ast.AST]:
    """The nodes that may be changed: none that bounds something, no shift count, no exponent."""
    found: list[ast.AST] = []
    work: list[ast.AST] = [statement]
    while work:
        node = work.pop()
        if getattr(node, "fixed", False):
            continue
        found.append(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift | ast.RShift | ast.Pow):
            work.append(node.left)
        elif isinstance(node, ast.AugAssign):
            if not isinstance(node.op, ast.LShift | ast.RShift):
                work.append(node.value)
        elif isinstance(node, ast.Call):
            work += node.args
        else:
            work += ast.iter_child_nodes(node)
    return found


def without_jumps(body: list[ast.stmt]) -> list[ast.stmt]:
    """The body of a `finally`, where jumps out are warned of by newer Pythons."""
    jumps = (ast.Break, ast.Continue, ast.Return)
    kept = [s for s in body if not any(isinstance(node, jumps) for node in ast.walk(s))]
    return kept or ([ast.Pass()] if body else [])


GROWING = (ast.Mult, ast.Pow, ast.LShift)


class _Bound(ast.NodeTransformer):
    """Puts a bound after each statement that could make values grow exponentially."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.loops = 0
        self.free = FREE_GROWTH

    def visit_For(self, node: ast.For) -> ast.AST:
        return self.loop(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self.loop(node)

    def loop(self, node: ast.AST) -> ast.AST:
        self.loops += 1
        self.generic_visit(node)
        self.loops -= 1
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        return self.bound(node, node.targets[0])

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.stmt]:
        return self.bound(node, node.target)

    def bound(self, node: ast.stmt, target: ast.expr) -> ast.AST | list[ast.stmt]:
        if not any(self.grows(inner) for inner in ast.walk(node)):
            return node
        if not self.loops and self.free > 0:
            self.free -= 1
            return node
        names = [inner.id for inner in ast.walk(target) if isinstance(inner, ast.Name)]
        return [node, *(self.clamp(name) for name in dict.fromkeys(names))]

    def grows(self, node: ast.AST) -> bool:
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        return isinstance(node, GROWING) or (called and node.func.id in HELPERS)  # type: ignore[attr-defined]

    def clamp(self, name: str) -> ast.stmt:
        wide = not self.generator.calm and self.generator.chance(4)
        most = self.generator.one_of(WIDE_CONSTANTS[:3] if wide else BOUNDS)
        variable = ast.Name(name)
        match 2 if self.generator.floats else self.generator.chooser.randrange(3):
            case 0:
                return ast.AugAssign(variable, ast.Mod(), ast.Constant(most))
            case 1:
                return ast.AugAssign(variable, ast.BitAnd(), ast.Constant(most - 1))
            case _:
                test = ast.Compare(
                    ast.Constant(-most), [ast.Lt(), ast.Lt()], [variable, ast.Constant(most)]
                )
                reset = ast.Assign([ast.Name(name)], ast.Constant(7))
                return ast.If(ast.UnaryOp(ast.Not(), test), [reset], [])


def generate(chooser: Random, calm: bool = False) -> tuple[str, bool]:
    """The source of a random function `program(a, b, c)`, and of those that it calls.

    And whether it is about floats.
    """
    budget, family = 6 + chooser.randrange(22), chooser.randrange(4)
    helpers = dict(GIVEN)
    trees: list[ast.stmt] = []
    for name in HELPERS[: max(0, chooser.randrange(6) - 2)]:
        names = list(PARAMETERS[: 1 + chooser.randrange(len(PARAMETERS))])
        most = len(names)
        helper = Helper(
            most - chooser.randrange(most + 1), most, gives=max(0, chooser.randrange(5) - 1)
        )
        if most >= 2 and chooser.randrange(4) == 0:
            helper = Helper(most, most, helper.gives, takes_pair=True)
        inner = Generator(
            chooser, names, budget=1 + chooser.randrange(5), calm=calm, unsigned=family == 0,
            floats=family == 3, helpers=dict(helpers),
        )  # fmt: skip
        trees.append(_Bound(inner).visit(inner.helper(name, helper)))
        helpers[name] = helper
    generator = Generator(
        chooser, budget=budget, calm=calm, unsigned=family == 0, floats=family == 3, helpers=helpers
    )
    trees.append(_Bound(generator).visit(generator.function()))
    module = ast.fix_missing_locations(ast.Module(trees, []))
    return ast.unparse(module) + "\n", generator.floats
