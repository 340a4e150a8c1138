"""Completion scripts, made from the parser: whatever it takes is what the shell offers.

A script is a template in `shells/` with the command tree put in. It asks nobody when it completes, so it is at once.
"""

from __future__ import annotations

import shlex
from argparse import Action, ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SHELLS = Path(__file__).parent / "shells"
FILES = "<files>"
ANYTHING = "<any>"
_FILE_WORDS = ("FILE", "FOLDER", "PATH", "PLACE", "TASKS")


@dataclass(frozen=True, slots=True)
class Offer:
    """What may stand somewhere: `value` is empty for a flag that takes none, else its choices, FILES or ANYTHING."""

    word: str
    meaning: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A command, by its words after `battui`: its verbs, its flags, and what its other arguments are."""

    words: str
    verbs: tuple[Offer, ...]
    flags: tuple[Offer, ...]
    arguments: str


def script_for(shell: str, parser: ArgumentParser) -> str:
    """The script for `bash`, `zsh` or `fish`."""
    places = list(_places(parser, ""))
    template = (_SHELLS / f"battui.{shell}").read_text(encoding="utf-8")
    if shell == "fish":
        return template.replace("#COMMANDS#", "\n".join(_fish(places)))
    return template.replace("#COMMANDS#", "\n".join(_cases(places)))


def _places(parser: ArgumentParser, words: str) -> Iterator[Place]:
    verbs: list[Offer] = []
    below: list[tuple[str, ArgumentParser]] = []
    arguments = ANYTHING
    for action in parser._actions:
        if isinstance(action.choices, dict):
            # argparse keeps what it lists for the verbs here, and nowhere else.
            meanings = {each.dest: each.help or "" for each in getattr(action, "_choices_actions", ())}
            verbs += [Offer(name, meanings.get(name, "")) for name in action.choices]
            below += action.choices.items()
        elif not action.option_strings:
            arguments = _value(action)
    yield Place(words, tuple(verbs), tuple(_flags(parser)), arguments)
    for name, inner in below:
        yield from _places(inner, f"{words} {name}".strip())


def _flags(parser: ArgumentParser) -> Iterator[Offer]:
    for action in parser._actions:
        value = _value(action) if action.nargs != 0 else ""
        for flag in action.option_strings:
            if not isinstance(action.choices, dict):
                yield Offer(flag, action.help or "", value)


def _value(action: Action) -> str:
    """What an argument or a flag's value may be."""
    if action.choices:
        return " ".join(map(str, action.choices))
    names = (action.metavar,) if isinstance(action.metavar, str) else ()
    object_path = action.dest == "path" and action.type is None
    return FILES if not object_path and any(name in _FILE_WORDS for name in names) else ANYTHING


def _cases(places: list[Place]) -> Iterator[str]:
    """For bash and zsh: arms of a case over `command`, and over `command flag`."""
    for place in places:
        verbs = " ".join(offer.word for offer in place.verbs)
        flags = " ".join(offer.word for offer in place.flags)
        yield f"        {shlex.quote(place.words)}) verbs={shlex.quote(verbs)} flags={shlex.quote(flags)}"
        yield f"            arguments={shlex.quote(place.arguments)}"
        yield "            case $flag in"
        for offer in place.flags:
            if offer.value:
                yield f"                {offer.word}) value={shlex.quote(offer.value)} ;;"
        yield "            esac ;;"


def _fish(places: list[Place]) -> Iterator[str]:
    for place in places:
        at = f"__battui_at {_fish_quoted(place.words)}{' exactly' if place.verbs else ''}"
        here = f"complete -c battui -n {_fish_quoted(at)}"
        for offer in place.verbs:
            yield f"{here} -a {offer.word} -d {_fish_quoted(offer.meaning)}"
        for offer in place.flags:
            option = f"-l {offer.word[2:]}" if offer.word.startswith("--") else f"-s {offer.word[1:]}"
            yield f"{here} {option} -d {_fish_quoted(offer.meaning)}{_fish_value(offer.value)}"
        if place.arguments == FILES:
            yield f"{here} -F"
        elif place.arguments != ANYTHING:
            yield f"{here} -a {_fish_quoted(place.arguments)}"


def _fish_value(value: str) -> str:
    if value == FILES:
        return " -r -F"
    if value == ANYTHING:
        return " -x"
    return f" -x -a {_fish_quoted(value)}" if value else ""


def _fish_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
