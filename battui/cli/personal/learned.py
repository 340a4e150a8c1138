"""What an image can teach: its verified methods, with those recorded cases that they still pass by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import trio

from battui.cli.bench.judging import judge
from battui.contracts.activation import CellLimits, MethodText
from battui.contracts.cases import Case, case_record
from battui.guardian import verify
from battui.image.cases import cases_of
from battui.image.image import Image
from battui.image.inventory import learned_methods
from battui.image.method import Method
from battui.image.world import World
from battui.kernel.cells.cells import CellBlock


@dataclass(frozen=True, slots=True)
class Learned:
    """A method that can be taught further: what was wished for, what answers it, and what came of sending it."""

    holder: str
    selector: str
    intent: str
    method: MethodText
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.holder}.{self.selector}"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What an image can teach, and the methods that were left out, each with the reason."""

    methods: tuple[Learned, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def gather(location: str, limits: CellLimits) -> Gathered:
    """Look through the image, beside whoever works on it, and run every method in cells on its recorded cases.

    Raises UnknownObject where there is no image, ImageDamaged.
    """
    with Image.look(location) as image:
        found = image.read(lambda world: list(_methods(world)))
    proper = [(each, reason) for each, reason in found if not reason]
    passing = trio.run(_passing, [each for each, _ in proper], limits) if proper else []
    reasons = [(each.name, reason) for each, reason in found if reason]
    reasons += [
        (each.name, "alone on a fresh object it passes none of its cases")
        for each in passing
        if not each.cases
    ]
    return Gathered(tuple(_distinct([each for each in passing if each.cases])), tuple(reasons))


def _methods(world: World) -> Iterator[tuple[Learned, str]]:
    """Every method, and why it cannot be used, if so."""
    for holder, selector, method in learned_methods(world):
        cases = [case for case in cases_of(world, method) if _is_plain(case)]
        numbered = tuple(replace(case, name=f"case {number}") for number, case in enumerate(cases))
        yield Learned(holder, selector, method.intent, method.text, numbered), _objection(method, cases)


def _objection(method: Method, cases: Sequence[Case]) -> str:
    try:
        findings = verify(method.source, method.certificate)
    except (KeyError, TypeError, AttributeError):
        return "it has no certificate that can be read"
    if findings:
        return f"it does not pass review any more: {findings[0]}"
    return "" if cases else "nothing is recorded of it but what refers to other objects, or nothing at all"


def _is_plain(case: Case) -> bool:
    """Whether the case is about values alone; an object of the image cannot be shown to a fresh one."""
    try:
        json.dumps(case_record(case))
    except TypeError:
        return False
    return True


async def _passing(methods: Sequence[Learned], limits: CellLimits) -> list[Learned]:
    """The methods, each with the cases that it passes."""
    cells = CellBlock()
    async with trio.open_nursery() as nursery:
        await nursery.start(cells.run)
        kept = []
        for each in methods:
            lacking = await judge(cells, each.selector, each.method, each.cases, limits)
            kept.append(replace(each, cases=tuple(case for case in each.cases if not lacking[case.name])))
        nursery.cancel_scope.cancel()
    return kept


def _distinct(methods: Sequence[Learned]) -> Iterator[Learned]:
    """One of those that say the same and do the same."""
    met: set[tuple[str, str]] = set()
    for each in methods:
        key = (each.intent.strip().lower(), each.method.source)
        if key not in met:
            met.add(key)
            yield each
