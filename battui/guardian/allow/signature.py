"""The form of a method: one function, `self` first, plain parameters, literal defaults."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

import libcst as cst

from battui.guardian.allow.names import normal

MAX_PARAMETERS = 24
Fault = tuple[cst.CSTNode, str, str]


def only_function(module: cst.Module) -> cst.FunctionDef | None:
    """The function of a source that is one function and nothing else."""
    if len(module.body) == 1 and isinstance(module.body[0], cst.FunctionDef):
        return module.body[0]
    return None


def faults(function: cst.FunctionDef) -> Iterator[Fault]:
    """What is wrong with the signature of a method."""
    params = function.params
    if keyword.iskeyword(function.name.value) or len(function.name.value) > 80:
        yield function, "this is no name for a method", "Choose a name of at most 80 letters."
    first = params.params[0].name.value if params.params and not params.posonly_params else ""
    if first != "self":
        yield (
            function,
            "the first parameter is not self",
            f"Begin with `def {function.name.value}(self, ...):`.",
        )
    elif params.params[0].default is not None:
        yield function, "self has a default value", "Write plain `self`."
    if params.posonly_params or isinstance(params.star_arg, cst.Param) or params.star_kwarg is not None:
        yield (
            function,
            "the parameters are not all plain",
            "Name each parameter; use no /, *args or **kwargs.",
        )
    every = [*params.params, *params.kwonly_params]
    if len(every) > MAX_PARAMETERS:
        yield function, f"there are more than {MAX_PARAMETERS} parameters", "Pass a dictionary."
    if any(normal(param.name.value) == "self" for param in every[1:]):
        yield function, "two parameters are called self", "Name the other one differently."
    for param in every:
        if param.default is not None and not is_literal(param.default):
            name = param.name.value
            yield (
                function,
                f"the default of {name} is no plain constant",
                f"Write `{name}=None` and give it its value in the body.",
            )


def is_literal(node: cst.BaseExpression) -> bool:
    """A constant that cannot change: a number, text, True, False, None, or a tuple of such."""
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer | cst.Float)
    if isinstance(node, cst.Tuple):
        return all(isinstance(one, cst.Element) and is_literal(one.value) for one in node.elements)
    if isinstance(node, cst.Name):
        return node.value in ("True", "False", "None")
    return isinstance(node, cst.Integer | cst.Float | cst.SimpleString)
