"""A grammar for a method's body that keeps a small model to the names its receiver has."""

from __future__ import annotations

import json
import re

from battui.mind.briefs import MethodBrief
from battui.mind.prompts import template

SIGNAL = "_p_changed"


def body_grammar(brief: MethodBrief) -> str:
    """Return a GBNF grammar (llama.cpp's notation) of indented lines in which `self.` is followed by a known name.

    Known are the receiver's slots and messages, the covenant's signal, what the expectation speaks of, and,
    where the intent names no slot at all, its words: the method may be meant to make a slot.
    """
    return template("method")["grammar"].substitute(
        names=" | ".join(
            json.dumps(name) for name in sorted(_names(brief), key=lambda name: (-len(name), name))
        )
    )


def _names(brief: MethodBrief) -> set[str]:
    words = set(re.findall(r"[A-Za-z_]\w*", brief.intent))
    expected = set(re.findall(r"self\.([A-Za-z_]\w*)", brief.expectation))
    known = {name for name in (*brief.slots, *brief.understood) if name.isidentifier()}
    return {SIGNAL} | known | expected | (set() if words & set(brief.slots) else words)
