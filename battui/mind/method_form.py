"""How an expert is asked for a missing method: the form it was trained on, kept as data beside its weights."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from string import Template
from typing import Any

from battui.contracts.errors import ModelUnavailable
from battui.contracts.resources import folder
from battui.contracts.values import Value
from battui.mind.briefs import Measure, MethodBrief, abridge

FILE = "expert.toml"
SHIPPED = "jit"
LINES = ("slot", "argument", "intent", "expectation", "note", "head")


@dataclass(frozen=True, slots=True)
class MethodForm:
    """The lines of a prompt by what they tell, and how much of everything is shown.

    Training renders its examples with the very same object, so that what the expert reads in a mission is what it
    has learned from.
    """

    name: str
    lines: Mapping[str, Template]
    measure: Measure
    slots: int
    words: int

    def prompt(self, brief: MethodBrief) -> str:
        """Everything that the expert is told of a message, down to the `def` line that it goes on from."""
        return "\n".join(self._told(brief))

    def _told(self, brief: MethodBrief) -> Iterator[str]:
        for name, value in list(telling(brief).items())[: self.slots]:
            yield self.lines["slot"].substitute(name=name, value=abridge(value, self.measure))
        for name in brief.parameters:
            value = abridge(brief.arguments[name], self.measure)
            yield self.lines["argument"].substitute(name=name, value=value)
        yield self._line("intent", brief.wish)
        if brief.expectation:
            yield self._line("expectation", brief.expectation)
        for note in brief.feedback:
            yield self._line("note", note)
        yield self.lines["head"].substitute(text=brief.head)

    def _line(self, kind: str, text: str) -> str:
        return self.lines[kind].substitute(text=one_line(text, self.words))


@dataclass(frozen=True, slots=True)
class MethodExpert:
    """The adapter that writes methods, and the form in which it is asked."""

    adapter: str
    form: MethodForm


def telling(brief: MethodBrief) -> dict[str, Value]:
    """The object's slots, those first that the message names."""
    words = set(re.findall(r"\w+", f"{brief.intent} {brief.expectation}"))
    named = {name: value for name, value in brief.slots.items() if name in words}
    return {**named, **brief.slots}


def one_line(text: str, longest: int = 300) -> str:
    """`text` without line breaks and control characters, cut to `longest` characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:longest]


def shipped_form() -> MethodForm:
    """The form of the expert that comes with battui."""
    path = folder("adapters") / SHIPPED / FILE
    return read_form(path.read_bytes(), about=str(path))


def read_form(text: bytes, *, about: str) -> MethodForm:
    """The form that an `expert.toml` describes; raises ModelUnavailable where it describes none."""
    try:
        table = tomllib.loads(text.decode("utf-8"))
        lines = {kind: Template(_text(table["form"], kind)) for kind in LINES}
        limits = {name: int(table["limits"][name]) for name in ("slots", "words")}
        measure = Measure(**{held.name: int(table["limits"][held.name]) for held in fields(Measure)})
        return MethodForm(_text(table["form"], "name"), lines, measure, **limits)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(f"its {FILE} is no form ({error!r})", about=about) from error


def _text(table: Mapping[str, Any], key: str) -> str:
    text = table[key]
    if not isinstance(text, str):
        raise TypeError(f"{key} is no text")
    return text
