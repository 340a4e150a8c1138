"""Completion of names and messages in the message line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from battui.contracts.commands import ListObjects, Path, ShowObject
from battui.contracts.errors import BattuiError
from battui.contracts.replies import ObjectList, ObjectView
from battui.tui.conversation import Conversation

MOST_NAMES = 200
"""Objects of the lobby that a word is completed from."""

_UNFINISHED = re.compile(r"(?:@([0-9a-f]{1,16})\.)?((?:[^\W\d]\w*\.)*)([^\W\d]\w*)?$")


async def completions(conversation: Conversation, line: str) -> tuple[str, list[str]]:
    """Return the unfinished word at the end of `line` and what it could become, in order.

    A first word is the name of an object; after a dot stands a slot of the object before it. Nothing is found
    where the object does not exist.
    """
    match = _UNFINISHED.search(line)
    if match is None:
        return "", []
    oid, names, word = match.group(1), tuple(filter(None, match.group(2).split("."))), match.group(3) or ""
    try:
        candidates = await _candidates(conversation, Path(names, int(oid, 16) if oid else None), word)
    except BattuiError:
        return word, []
    return word, sorted({name for name in candidates if name.startswith(word)})


async def _candidates(conversation: Conversation, path: Path, word: str) -> Iterable[str]:
    if not path.names and path.oid is None:
        # The first page has the image's own names, the second what the lobby has from the word on.
        pages = [ListObjects(1), ListObjects(MOST_NAMES, word)] if word else [ListObjects(MOST_NAMES)]
        replies = [await conversation.submit(page) for page in pages]
        lists = [reply.objects for reply in replies if isinstance(reply, ObjectList)]
        return [known.name for objects in lists for known in objects]
    reply = await conversation.submit(ShowObject(path))
    slots = reply.slots if isinstance(reply, ObjectView) else ()
    return [slot.name if slot.method is None else f"{slot.name}(" for slot in slots if slot.kind != "parent"]


def completed(line: str, word: str, candidates: list[str]) -> str:
    """Return `line` with `word` continued as far as all candidates agree."""
    if not candidates:
        return line
    agreed = takewhile(lambda letters: len(set(letters)) == 1, zip(*candidates, strict=False))
    return line[: len(line) - len(word)] + "".join(letters[0] for letters in agreed)
