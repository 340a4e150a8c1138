"""How an object finds what it was sent: its own slot, else along its parents, depth first, left to right.

Results are cached per connection. An entry stays valid until a slot that could change an answer does: a method,
a parent or a slot that appears or goes, in this connection, in another one, by abort or by savepoint rollback.
Entries hold their chain strongly, because ZODB only tells objects in its cache that they are stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from battui.image.slots import Slotted, parents_of

Object = TypeVar("Object", bound=Slotted)

MAX_ENTRIES = 50_000


@dataclass(frozen=True, slots=True)
class Found(Generic[Object]):
    """`value` stands in a slot of `holder`, the receiver itself or an ancestor."""

    holder: Object
    value: Any


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing along the chain has that slot."""

    name: str


_caches: WeakKeyDictionary[Any, dict[tuple[bytes, str], tuple[Found[Any], tuple[Slotted, ...]]]] = (
    WeakKeyDictionary()
)


def find(receiver: Object, name: str) -> Found[Object] | Missing:
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


def chain(receiver: Object) -> Iterator[Object]:
    """The receiver, then its ancestors in lookup order, each once; cycles end where they close."""
    seen: set[int] = set()
    waiting = [receiver]
    while waiting:
        current = waiting.pop()
        if id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting.extend(reversed(list(parents_of(current))))


def forget(jar: Any) -> None:
    """Drop what is remembered for a connection; a transient object has none."""
    if jar is not None:
        cache = _caches.get(jar)
        if cache:
            cache.clear()


def _search(receiver: Object, name: str) -> tuple[Found[Object] | Missing, tuple[Object, ...]]:
    passed: list[Object] = []
    for current in chain(receiver):
        passed.append(current)
        own = current._slots
        if name in own:
            return Found(current, own[name]), tuple(passed)
    return Missing(name), ()
