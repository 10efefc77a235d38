"""`jit("a * b + c")`: a function made from an expression."""

from __future__ import annotations

import ast
import builtins
import itertools
import linecache
import symtable
from collections.abc import Iterator
from types import FunctionType
from typing import Final

_serial: Final = itertools.count(1)


def function_of(expression: str) -> FunctionType:
    """A function that evaluates the expression, taking its names in order of appearance.

    A name that is called and that `builtins` knows (`max(a, b)`) is that builtin; every other name
    is a parameter. Raises TypeError if the expression is not a string, and SyntaxError, pointing at
    the place, if it is malformed.
    """
    if not isinstance(expression, str):
        given = type(expression).__name__
        raise TypeError(f"jit takes an expression as a string, like 'a * b + c', not {given}")
    expression = expression.lstrip(" \t")  # as `eval` does
    filename = f"<tracejit expression {next(_serial)}>"
    linecache.cache[filename] = (len(expression), None, expression.splitlines(True), filename)
    tree = ast.parse(expression, filename, "eval")
    names = _parameters(tree, symtable.symtable(f"lambda: ({expression}\n)", filename, "eval"))
    args = [ast.arg(name) for name in names]
    parameters = ast.arguments(
        posonlyargs=[], args=args, kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    tree.body = ast.copy_location(ast.Lambda(parameters, tree.body), tree.body)
    ast.fix_missing_locations(tree)
    function = eval(compile(tree, filename, "eval"), {"__name__": __name__})
    assert isinstance(function, FunctionType)
    function.__code__ = function.__code__.replace(co_name="expression", co_qualname="expression")
    function.__name__ = function.__qualname__ = "expression"
    function.__doc__ = expression
    return function


def _parameters(tree: ast.Expression, top: symtable.SymbolTable) -> list[str]:
    outer = {
        symbol.get_name()
        for table in _tables(top)
        for symbol in table.get_symbols()
        if symbol.is_global()
    }
    nodes = list(ast.walk(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    reads = [
        node
        for node in nodes
        if isinstance(node, ast.Name)
        and node.id in outer.difference(("__debug__",))
        and not (id(node) in called and hasattr(builtins, node.id))
    ]
    reads.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in reads))


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)
