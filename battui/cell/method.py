"""Learned methods inside a cell: compiled from their source, called with arguments that fit."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import CodeType, FunctionType

from battui.cell.living import label
from battui.cell.world import World
from battui.contracts.activation import MethodText


class Mismatch(TypeError):
    """Wrong number or names of arguments for a method that exists."""

    def __init__(self, oid: int, selector: str, problem: str) -> None:
        super().__init__(f"{label(oid)} {selector}: {problem}")
        self.oid = oid
        self.selector = selector


class Methods:
    """The methods of one activation. `names` is what they find; each gets a namespace of its own."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names
        self._functions: dict[tuple[str, str], FunctionType] = {}
        self.sources: dict[str, list[str]] = {}

    def run(
        self,
        world: World,
        receiver: int,
        selector: str,
        holder: int,
        method: MethodText,
        /,
        *values: object,
        **named: object,
    ) -> object:
        """Call `method`, found in `holder`, with `receiver` as its self; raises Mismatch."""
        function = self._function(selector, holder, method)
        living = world.living(receiver)
        try:
            bound = inspect.signature(function).bind(living, *values, **named)
        except TypeError as error:
            raise Mismatch(receiver, selector, str(error)) from None
        return function(*bound.args, **bound.kwargs)

    def evaluate(self, expression: str, names: Mapping[str, object]) -> object:
        """The value of an expression over `names` and what is offered."""
        code = self._compile(expression, "<expectation>", "eval")
        return eval(code, {**self._names, **names})

    def _function(self, selector: str, holder: int, method: MethodText) -> FunctionType:
        key = (selector, method.source)
        if key not in self._functions:
            namespace = dict(self._names)
            exec(self._compile(method.source, f"<{selector} of {label(holder)}>", "exec"), namespace)
            self._functions[key] = _defined(namespace, selector)
        return self._functions[key]

    def _compile(self, source: str, filename: str, mode: str) -> CodeType:
        self.sources[filename] = source.splitlines()
        return compile(source, filename, mode, dont_inherit=True)


def _defined(namespace: Mapping[str, object], selector: str) -> FunctionType:
    function = namespace.get(selector)
    if isinstance(function, FunctionType):
        return function
    raise NameError(f"the source defines no function {selector!r}")
