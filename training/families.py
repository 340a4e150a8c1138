"""Families of examples as they stand in their files: read, and checked for their shape."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from battui.contracts.errors import UsageError
from training.placeholders import Forms

FOLDER = Path(__file__).parent / "families"
TIERS = (1, 2, 3)
FEWEST_INTENTS = 6

_NEEDED = ("id", "tier", "selectors", "intents", "bodies")
_KNOWN = (*_NEEDED, "words", "slots", "parameters", "gives", "gives_word", "positive", "refuses")


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of missing method: what is said, what the object holds, and right methods for it.

    All texts may hold placeholders. `slots` and `parameters` go from a name to a generator's expression, `gives` is
    what the methods could return besides, `positive` a parameter that could be guarded. A family that `refuses` asks
    for what no method may do; its bodies raise NotImplementedError.
    """

    id: str
    tier: int
    file: str
    selectors: tuple[str, ...]
    intents: tuple[str, ...]
    bodies: tuple[str, ...]
    words: Mapping[str, tuple[Forms, ...]] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    gives: str = ""
    gives_word: str = ""
    positive: str = ""
    refuses: bool = False

    @property
    def where(self) -> str:
        """File and id, for messages."""
        return f"{self.file}, family {self.id!r}"

    def texts(self) -> tuple[str, ...]:
        """Every text that may hold placeholders."""
        named = (self.gives, self.gives_word, self.positive)
        generated = (*self.slots, *self.slots.values(), *self.parameters, *self.parameters.values())
        return (*self.selectors, *self.intents, *self.bodies, *generated, *named)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file gave: its families, and the errors of the entries that are none."""

    families: tuple[Family, ...]
    errors: tuple[UsageError, ...]


def read_file(path: Path) -> Reading:
    """The families of a file; an entry that cannot be read does not keep the others from being read."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("family", [])
    except (OSError, ValueError) as error:
        remedy = "Mend the TOML there: a text over several lines stands between three quotes."
        return Reading(
            (), (UsageError(f"this file cannot be read: {error}", about=str(path), remedy=remedy),)
        )
    if not isinstance(tables, list) or not tables:
        remedy = "Start each with the line [[family]]."
        return Reading((), (UsageError("there are no families in it", about=str(path), remedy=remedy),))
    families, errors = [], []
    for number, table in enumerate(tables, start=1):
        try:
            families.append(_family(table, path.name, number))
        except UsageError as error:
            errors.append(error)
    return Reading(tuple(families), tuple(errors))


def read_files(paths: Iterable[Path]) -> Reading:
    """The families of several files; a second family with an id is an error."""
    readings = [read_file(path) for path in paths]
    families: dict[str, Family] = {}
    errors = [error for reading in readings for error in reading.errors]
    for family in (family for reading in readings for family in reading.families):
        if family.id in families:
            taken = families[family.id].file
            errors.append(
                UsageError(
                    f"id: it is taken by a family in {taken}", about=family.where, remedy="Choose another."
                )
            )
        else:
            families[family.id] = family
    return Reading(tuple(families.values()), tuple(errors))


def family_files(folder: Path = FOLDER) -> tuple[Path, ...]:
    """The files of families in a folder, by name."""
    return tuple(sorted(folder.glob("*.toml")))


def _family(table: Mapping[str, Any], file: str, number: int) -> Family:
    where = f"{file}, family {table.get('id', f'number {number}')!r}"
    if missing := [name for name in _NEEDED if name not in table]:
        raise UsageError(f"it has no {missing[0]!r}", about=where, remedy=f"It needs {', '.join(_NEEDED)}.")
    if unknown := [name for name in table if name not in _KNOWN]:
        raise UsageError(
            f"a family has no {unknown[0]!r}", about=where, remedy=f"It has {', '.join(_KNOWN)}."
        )
    tier = table["tier"]
    if tier not in TIERS or isinstance(tier, bool):
        raise UsageError(f"tier: it is {tier!r}", about=where, remedy="Write 1, 2 or 3.")
    return Family(
        id=_text(table, "id", where),
        tier=tier,
        file=file,
        selectors=_texts(table, "selectors", where),
        intents=_texts(table, "intents", where),
        bodies=tuple(textwrap.dedent(body).strip("\n").rstrip() for body in _texts(table, "bodies", where)),
        words={name: _pool(name, pool, where) for name, pool in _table(table, "words", where).items()},
        slots=_generators(table, "slots", where),
        parameters=_generators(table, "parameters", where),
        gives=_text(table, "gives", where, default=""),
        gives_word=_text(table, "gives_word", where, default=""),
        positive=_text(table, "positive", where, default=""),
        refuses=_flag(table, "refuses", where),
    )


def _text(table: Mapping[str, Any], name: str, where: str, *, default: str | None = None) -> str:
    text = table.get(name, default)
    if not isinstance(text, str) or (not text and default is None):
        raise UsageError(f"{name}: it is no text", about=where, remedy="Write it between quotes.")
    return text


def _flag(table: Mapping[str, Any], name: str, where: str) -> bool:
    flag = table.get(name, False)
    if not isinstance(flag, bool):
        raise UsageError(f"{name}: it is {flag!r}", about=where, remedy="Write true or false.")
    return flag


def _texts(table: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    texts = table[name]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise UsageError(f"{name}: it is no list of texts", about=where, remedy='Write ["...", "..."].')
    return tuple(texts)


def _table(table: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    entries = table.get(name, {})
    if not isinstance(entries, Mapping):
        raise UsageError(f"{name}: it is no table", about=where, remedy="Write { name = ... }.")
    return entries


def _generators(table: Mapping[str, Any], name: str, where: str) -> dict[str, str]:
    entries = _table(table, name, where)
    for key, text in entries.items():
        if not isinstance(text, str):
            raise UsageError(
                f"{name}: {key} has {text!r} for a generator",
                about=where,
                remedy='Write a text, such as "int(0, 9)".',
            )
    return dict(entries)


def _pool(name: str, pool: Any, where: str) -> tuple[Forms, ...]:
    remedy = f'Write {name} = ["first", "second"], with forms of one word split by "|".'
    if not isinstance(pool, list) or not pool:
        raise UsageError(f"words: {name} is no list of words", about=where, remedy=remedy)
    forms = tuple(_forms(str(word)) for word in pool if isinstance(word, str | int))
    if len(forms) < len(pool) or not all(all(word) for word in forms):
        raise UsageError(f"words: {name} has something that is no word", about=where, remedy=remedy)
    return forms


def _forms(word: str) -> Forms:
    """The forms of a word. One that is nothing but bars is a word itself."""
    return tuple(word.split("|")) if word.strip("|") else (word,)
