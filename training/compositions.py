"""What is composed around a family's own wish and method: guards in front, answers behind, a place for the result."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from training.drawing import Member
from training.facts import Facts
from training.pools import table
from training.wish import Wish

_SPEAKS_OF_CASES = re.compile(
    r"\b(if|unless|when|else|otherwise|raise|error|empty|nothing|none|missing|except|without|but)\b|[;?]",
    re.I,
)
_FILLED = re.compile(r"^(?:many|distinct|ascending|(mapping))\([1-9]")
_LOOKED_UP = re.compile(r"""^(key|item|index)_of\(['"](\w+)['"]\)$""")


@dataclass(frozen=True, slots=True)
class Watched:
    """A slot or parameter that a guard can watch: what `of` the guard has to be, and where it is looked up."""

    of: str
    name: str
    holder: str = ""


def composed(wish: Wish, member: Member, facts: Facts, random: Random) -> Wish:
    """The wish, by chance with something composed around it; never what its own words speak of."""
    chances = _data()["chances"]
    if speaks_of_cases(wish.intent):
        return wish
    watched = list(_watched(member, wish))
    if member.gives and not facts.answering and random.random() < chances["gives"]:
        wish, facts = _giving(wish, member, random), replace(facts, answering=True)
    if watched and not facts.raising and random.random() < chances["guard"]:
        return _guarded(wish, random.choice(watched), facts, random)
    return _stored(wish, member, facts, random) if random.random() < chances["store"] else wish


def speaks_of_cases(intent: str) -> bool:
    """Whether a wish tells one case from another, or asks a question: nothing can be hung on it then."""
    return _SPEAKS_OF_CASES.search(intent) is not None


def _watched(member: Member, wish: Wish) -> Iterator[Watched]:
    if "raise" in wish.body or wish.body.startswith("if "):
        return
    if member.positive:
        yield Watched("positive", member.positive)
    for name, text in member.slots.items():
        found = _FILLED.match(text)
        # What is not named cannot be spoken of, and what is not used makes no difference.
        if found and re.search(rf"\b{name}\b", wish.intent) and f"self.{name}" in wish.body:
            yield Watched("keys" if found.group(1) else "entries", name)
    for name, text in member.parameters.items():
        if looked_up := _LOOKED_UP.match(text):
            yield Watched(looked_up.group(1), name, looked_up.group(2))


def _guarded(wish: Wish, watched: Watched, facts: Facts, random: Random) -> Wish:
    data = _data()
    guard = random.choice([guard for guard in data["guard"] if guard["of"] == watched.of])
    actions = [action for action in data["action"] if facts.meet(action["needs"])]
    action = random.choices(actions, [action["weight"] for action in actions])[0]
    words = {"name": watched.name, "holder": watched.holder, "exception": guard["exception"]}
    words["message"] = guard["message"].format(**words)
    intent = random.choice(data["clauses"]["guard"]).format(
        intent=wish.intent.rstrip("."),
        action=random.choice(action["words"]).format(**words),
        condition=random.choice(guard["conditions"]).format(**words),
    )
    test, code = guard["test"].format(**words), action["code"].format(**words)
    return replace(
        wish,
        intent=intent,
        body=f"if {test}:\n    {code}\n{wish.body}",
        tier=max(wish.tier, 2),
        instead={watched.name: guard["otherwise"].format(**words)},
        often=data["chances"]["guarded"],
    )


def _giving(wish: Wish, member: Member, random: Random) -> Wish:
    word = member.gives_word.removeprefix("the ")
    intent = random.choice(_data()["clauses"]["gives"]).format(intent=wish.intent.rstrip("."), word=word)
    return replace(wish, intent=intent, body=f"{wish.body}\nreturn {member.gives}")


def _stored(wish: Wish, member: Member, facts: Facts, random: Random) -> Wish:
    """`return the sum of prices` as `store the sum of prices in latest`."""
    data = _data()
    lines = wish.body.split("\n")
    what = _what_is_returned(wish.intent, data["clauses"]["returns"])
    if not what or not facts.kind or facts.changing or facts.raising or not _returns_last(lines):
        return wish
    free = [
        name for name in data["stored"]["names"] if not re.search(rf"\b{name}\b", wish.body + wish.intent)
    ]
    taken = {*member.slots, *member.parameters, *(forms[0] for forms in member.words.values())}
    slot = random.choice([name for name in free if name not in taken])
    keeping = [f"self.{slot} = {lines[-1].removeprefix('return ')}", "self._p_changed = True"]
    returning = random.random() < 0.25
    forms = data["clauses"]["store_and_return" if returning else "store"]
    return replace(
        wish,
        intent=random.choice(forms).format(what=what, slot=slot),
        body="\n".join([*lines[:-1], *keeping, *([f"return self.{slot}"] if returning else [])]),
        tier=max(wish.tier, 2) if returning else wish.tier,
        slots={slot: data["stored"][facts.kind]},
    )


def _what_is_returned(intent: str, starts: list[str]) -> str:
    found = next((start for start in starts if intent.startswith(start)), "")
    what = intent.removeprefix(found).rstrip(".") if found else ""
    return what if what.startswith(("the ", "how many ", "whether ", "a ", "all ")) else ""


def _returns_last(lines: list[str]) -> bool:
    """Whether the last line, and no other, returns."""
    tree = ast.parse("def method():\n" + "\n".join(f"    {line}" for line in lines))
    returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return len(returns) == 1 and lines[-1].startswith("return ") and returns[0].lineno == len(lines) + 1


def _data() -> Mapping[str, Any]:
    return table("compositions.toml")
