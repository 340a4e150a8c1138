"""From learned methods to examples in the expert's form, and to tasks that are held back from them."""

from __future__ import annotations

import ast
import hashlib
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from battui.cli.bench.expectations import expectation_of
from battui.cli.personal.learned import Learned
from battui.contracts.cases import Case
from battui.contracts.errors import Refused
from battui.mind.briefs import MethodBrief
from battui.mind.method_form import MethodForm

FEWEST = 12
"""Methods that have to be there: with fewer, what is held back tells nothing."""
FEWEST_HELD = 3
SHARE_HELD = 4
"""One in so many methods is held back."""
SHOWN = 4
"""Cases of a method that become examples."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """`examples` are trained on; `tasks`, of other methods, are what the bench is to judge."""

    examples: tuple[dict[str, Any], ...]
    tasks: tuple[dict[str, Any], ...]
    trained: int


def lessons(methods: Sequence[Learned], form: MethodForm) -> Lessons:
    """Divide the methods and write them down; the same methods are always divided in the same way.

    Methods that are held back are not trained on at all, and neither are others with the same body. Raises Refused
    where there are too few.
    """
    ordered = sorted(methods, key=_place)
    telling = [each for each in ordered if _is_telling(each)]
    if len(ordered) < FEWEST or len(telling) < FEWEST_HELD:
        raise Refused(
            f"this image has {len(ordered)} methods to learn from, {len(telling)} of them with two cases or more",
            about="its learned methods",
            remedy=f"{FEWEST} are needed, {FEWEST_HELD} of them with two cases. Every send of a method is a case.",
        )
    held = telling[: max(FEWEST_HELD, len(ordered) // SHARE_HELD)]
    bodies = {body_of(each.method.source) for each in held}
    trained = [each for each in ordered if body_of(each.method.source) not in bodies]
    examples = tuple(example for each in trained for example in _examples(each, form))
    return Lessons(examples, tuple(_task(each, number) for number, each in enumerate(held, 1)), len(trained))


def _place(method: Learned) -> str:
    """Where a method stands in an order that no name decides."""
    return hashlib.sha256(f"{body_of(method.method.source)}\0{method.intent}".encode()).hexdigest()


def _is_telling(method: Learned) -> bool:
    return len(method.cases) > 1 and not all(case.raises for case in method.cases)


def body_of(source: str) -> str:
    """The statements of a method without its docstring, which is the intent; no indentation."""
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not statements:
        return "pass"
    if statements[0].lineno == function.lineno:
        return "\n".join(map(ast.unparse, statements))
    return textwrap.dedent("\n".join(source.split("\n")[statements[0].lineno - 1 :])).strip("\n")


def _examples(method: Learned, form: MethodForm) -> Iterator[dict[str, Any]]:
    """An example for each of some cases; every second one with what the case comes to as its expectation."""
    completion = "\n" + textwrap.indent(body_of(method.method.source), "    ")
    prompts = dict.fromkeys(
        form.prompt(_brief(method, case, expected=bool(number % 2)))
        for number, case in enumerate(method.cases[:SHOWN])
    )
    for prompt in prompts:
        yield {"family": "own", "tier": 1, "prompt": prompt, "completion": completion}


def _brief(method: Learned, case: Case, *, expected: bool) -> MethodBrief:
    return MethodBrief(
        selector=method.selector,
        parameters=method.method.parameters,
        arguments=case.arguments,
        intent=method.intent,
        expectation=expectation_of(case)[0] if expected and not case.raises else "",
        slots=case.slots,
        understood=(),
    )


def _task(method: Learned, number: int) -> dict[str, Any]:
    """The method as a task of `battui bench jit`."""
    return {
        "id": f"held-{number}",
        "tier": "own",
        "selector": method.selector,
        "params": list(method.method.parameters),
        "intent": method.intent,
        "cases": [_entry(case) for case in method.cases],
    }


def _entry(case: Case) -> dict[str, Any]:
    told: dict[str, Any] = {
        "slots": dict(case.slots),
        "args": dict(case.arguments),
        "after": dict(case.after),
    }
    if case.raises:
        return {**told, "raises": case.raises}
    return {**told, "result": case.result} if case.answers else told
