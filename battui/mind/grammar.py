"""A grammar for a method's body that keeps a small model to the names its receiver has."""

from __future__ import annotations

import json
import re

from battui.contracts.values import Value
from battui.mind.briefs import MethodBrief
from battui.mind.prompts import template

SIGNAL = "_p_changed"
MOST_KEYS = 50
# A quote inside a word is an apostrophe.
_QUOTED = re.compile(r"(?<!\w)'([^'\n]{1,80})'(?!\w)|(?<!\w)\"([^\"\n]{1,80})\"(?!\w)")


def body_grammar(brief: MethodBrief) -> str:
    """Return a GBNF grammar (llama.cpp's notation) of indented lines in which `self.` is followed by a known name.

    Known are the receiver's slots and messages, the covenant's signal, what the expectation speaks of, and,
    where the intent names no slot at all, its words: the method may be meant to make a slot. Where the intent
    quotes texts, the method says those, keys of the slots' dictionaries, a space or nothing; words of its own
    it may have for errors only.
    """
    names = sorted(_names(brief), key=lambda name: (-len(name), name))
    return template("method")["grammar"].substitute(
        names=" | ".join(json.dumps(name) for name in names),
        texts=" | ".join(json.dumps(repr(text)) for text in _texts(brief)) or "text",
    )


def _names(brief: MethodBrief) -> set[str]:
    words = set(re.findall(r"[A-Za-z_]\w*", brief.intent))
    expected = set(re.findall(r"self\.([A-Za-z_]\w*)", brief.expectation))
    known = {name for name in (*brief.slots, *brief.understood) if name.isidentifier()}
    return {SIGNAL} | known | expected | (set() if words & set(brief.slots) else words)


def _texts(brief: MethodBrief) -> list[str]:
    quoted = [one or two for one, two in _QUOTED.findall(brief.intent)]
    keys = [key for value in brief.slots.values() for key in _keys(value)]
    return list(dict.fromkeys([*quoted, *keys, " ", ""])) if quoted else []


def _keys(value: Value) -> list[str]:
    entry = value[0] if isinstance(value, list) and value else value
    return list(entry)[:MOST_KEYS] if isinstance(entry, dict) else []
