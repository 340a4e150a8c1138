"""The language in which families say what slots and arguments hold, such as `many(0, 6, int(1, 9))`.

An expression is parsed, never evaluated: calls of the known generators, and literals. What it comes to draws a value
with a source of chance, in view of the values that were drawn before.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from training import draws, references
from training.draws import Draw
from training.pools import pools

_POOLS = frozenset(
    {
        "person", "city", "fruit", "animal", "colour", "noun", "tag", "product", "weekday", "month", "subject",
        "verb", "letter",
    }
)  # fmt: skip


class GeneratorFault(ValueError):
    """An expression that is none of this language, with what is wrong in it."""


@lru_cache(maxsize=20_000)
def generator(expression: str) -> Draw:
    """What the expression draws; raises GeneratorFault. Drawing raises `draws.Undrawable`."""
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise GeneratorFault(f"{expression!r} is no expression: {error.msg}") from None
    try:
        built = _built(tree)
    except (TypeError, ValueError) as error:
        raise GeneratorFault(f"{expression!r}: {error}") from None
    if not callable(built):
        raise GeneratorFault(f"{expression!r} is a plain value; write const({expression})")
    draw: Draw = built
    return draw


def _built(node: ast.expr) -> Any:
    if not isinstance(node, ast.Call):
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise GeneratorFault(f"{ast.unparse(node)} is neither a literal nor a generator") from None
    if not isinstance(node.func, ast.Name) or node.func.id not in _known():
        raise GeneratorFault(
            f"there is no generator {ast.unparse(node.func)}; known are {', '.join(_known())}"
        )
    if any(keyword.arg is None for keyword in node.keywords):
        raise GeneratorFault(f"{node.func.id}: write name=generator for each field")
    values = [_built(argument) for argument in node.args]
    named = {str(keyword.arg): _built(keyword.value) for keyword in node.keywords}
    try:
        return _known()[node.func.id](*values, **named)
    except TypeError as error:
        raise GeneratorFault(f"{node.func.id}: {error}".replace("<lambda>()", "it")) from None


@lru_cache(maxsize=1)
def _known() -> Mapping[str, Callable[..., Draw]]:
    return {
        **{name: draws.word_of(pools()[name]) for name in _POOLS},
        "int": draws.whole,
        "float": draws.fraction,
        "bool": draws.truth,
        "choice": draws.choice,
        "const": draws.const,
        "code": draws.code,
        "email": draws.email,
        "text": draws.text,
        "sentence": draws.sentence,
        "title": draws.title,
        "date": draws.date,
        "clock": draws.clock,
        "many": draws.many,
        "distinct": draws.distinct,
        "ascending": draws.ascending,
        "mapping": draws.mapping,
        "record": draws.record,
        "maybe": draws.maybe,
        "mixed": draws.mixed,
        "item_of": references.item_of,
        "key_of": references.key_of,
        "value_of": references.value_of,
        "field_of": references.field_of,
        "index_of": references.index_of,
        "near": references.near,
        "stranger_to": references.stranger_to,
    }
