"""How an object finds what it was sent: its own slot, else along its parents, depth first, left to right.

Results are cached per connection. An entry stays valid until a slot that could change an answer does: a method,
a parent or a slot that appears or goes, in this connection, in another one, by abort or by savepoint rollback.
Entries hold their chain strongly, because ZODB only tells objects in its cache that they are stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from battui.image.objects import UvmObject

MAX_ENTRIES = 50_000


@dataclass(frozen=True, slots=True)
class Found:
    """`value` stands in a slot of `holder`, the receiver itself or an ancestor."""

    holder: UvmObject
    value: Any


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing along the chain has that slot."""

    name: str


_caches: WeakKeyDictionary[Any, dict[tuple[bytes, str], tuple[Found, tuple[UvmObject, ...]]]] = (
    WeakKeyDictionary()
)


def find(receiver: UvmObject, name: str) -> Found | Missing:
    """Look `name` up along the delegation chain of `receiver`; raises MissingParent for a broken chain."""
    own = receiver._slots
    if name in own:
        return Found(receiver, own[name])
    jar = receiver._p_jar
    if jar is None:
        return _search(receiver, name)[0]
    cache = _caches.setdefault(jar, {})
    key = (receiver._p_oid, name)
    if key in cache:
        found, _ = cache[key]
        # The value is read afresh: a data slot may have been assigned since.
        return Found(found.holder, found.holder._slots[name])
    result, chain = _search(receiver, name)
    if isinstance(result, Found):
        if len(cache) >= MAX_ENTRIES:
            cache.clear()
        cache[key] = (result, chain)
    return result


def chain(receiver: UvmObject) -> Iterator[UvmObject]:
    """The receiver, then its ancestors in lookup order, each once; cycles end where they close."""
    seen: set[int] = set()
    waiting = [receiver]
    while waiting:
        current = waiting.pop()
        if id(current) not in seen:
            seen.add(id(current))
            yield current
            # Through the type: `parents` is a name that a slot may have, too.
            waiting.extend(reversed(list(type(current).parents(current))))


def forget(jar: Any) -> None:
    """Drop what is remembered for a connection; a transient object has none."""
    if jar is not None:
        cache = _caches.get(jar)
        if cache:
            cache.clear()


def _search(receiver: UvmObject, name: str) -> tuple[Found | Missing, tuple[UvmObject, ...]]:
    passed = []
    for current in chain(receiver):
        passed.append(current)
        own = current._slots
        if name in own:
            return Found(current, own[name]), tuple(passed)
    return Missing(name), ()
