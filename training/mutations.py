"""Right methods made wrong by one change, as a small model gets them wrong."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import TypeAlias

from training.drawing import method_source

Change: TypeAlias = Callable[[ast.AST], None]
"""Changes a node in place."""

_COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OPERATORS: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.FloorDiv,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
}
_NAMES = {
    "max": "min",
    "min": "max",
    "sum": "len",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "append": "remove",
}
_NAMES |= {"upper": "lower", "lower": "upper", "keys": "values", "startswith": "endswith", "ceil": "floor"}


def mutated(body: str, random: Random) -> str:
    """The body with one thing in it changed; the same text where there is nothing to change."""
    tree = ast.parse(method_source("method", (), body))
    places = [
        (place, number) for place, node in enumerate(ast.walk(tree)) for number in range(len(_changes(node)))
    ]
    if not places:
        return body
    place, number = random.choice(places)
    wrong = copy.deepcopy(tree)
    node = list(ast.walk(wrong))[place]
    _changes(node)[number](node)
    (function,) = wrong.body
    assert isinstance(function, ast.FunctionDef)
    return "\n".join(ast.unparse(ast.fix_missing_locations(statement)) for statement in function.body)


def _changes(node: ast.AST) -> list[Change]:
    return [*_of_operators(node), *_of_values(node), *_of_names(node)]


def _of_operators(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=[operator]):
            yield from (_put("ops", [other()]) for other in _COMPARISONS[type(operator)])
        case ast.BoolOp():
            yield _put("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.BinOp() | ast.AugAssign() if type(node.op) in _OPERATORS:
            yield _put("op", _OPERATORS[type(node.op)]())


def _of_values(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.keyword(arg="reverse"):
            yield _put("value", ast.Constant(False))
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            yield _put("value", number + 1)
        case ast.comprehension(ifs=[_, *_]):
            yield _put("ifs", [])
        case ast.Return(value=ast.expr()):
            yield _put("value", None)
        case ast.Call(func=ast.Name(id="sorted"), keywords=[]):
            yield _put("keywords", [ast.keyword("reverse", ast.Constant(True))])


def _of_names(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Name(id=name) if name in _NAMES:
            yield _put("id", _NAMES[name])
        case ast.Attribute(attr=name) if name in _NAMES:
            yield _put("attr", _NAMES[name])
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if name != "_p_changed":
            yield _put("attr", name.removesuffix("s") if name.endswith("s") else f"{name}s")


def _put(field: str, value: object) -> Change:
    return lambda node: setattr(node, field, value)
