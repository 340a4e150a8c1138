"""The image as one connection sees it: names, paths and objects."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import chain, islice
from typing import Any, TypeVar

from persistent import Persistent
from ZODB.POSException import POSKeyError

from battui.contracts.commands import Named, Path
from battui.contracts.errors import NotStorable, UnknownObject, UnknownSlot
from battui.contracts.values import Ref, Value, check_name, storable
from battui.image.lookup import Found, find
from battui.image.naming import Naming, naming_of
from battui.image.objects import UvmObject
from battui.image.touched import Savepoint

Stored = TypeVar("Stored", bound=Persistent)

LOBBY = "lobby"
SIZE = "lobby_size"
MISSIONS = "missions"
_READ_FOR_A_NEAR_NAME = 1000


def oid_of(target: Persistent) -> int:
    """The number by which a stored object is known outside the image."""
    return int.from_bytes(target._p_oid, "big")


class World:
    """Root, lobby and objects of one connection. Lives as long as its unit of work, and no longer."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.root = connection.root()

    @property
    def lobby(self) -> Any:
        """What users have bound: name to value."""
        return self.root[LOBBY]

    @property
    def size(self) -> int:
        """How many names are bound in the lobby: kept count of, for a tree does not know how many it holds."""
        counted = self.root.get(SIZE)
        return len(self.lobby) if counted is None else int(counted())

    def count(self) -> None:
        """Count anew: what was bound before there was a count may have been taken back since."""
        if self.size != (bound := len(self.lobby)):
            self.root[SIZE].set(bound)

    @property
    def missions(self) -> Any:
        """All missions, finished ones included: id to cycle."""
        return self.root[MISSIONS]

    def object_at(self, oid: int) -> UvmObject:
        """The object with that oid; raises UnknownObject."""
        try:
            found = self._connection.get(oid.to_bytes(8, "big"))
        except (POSKeyError, KeyError, OverflowError):
            found = None
        if not isinstance(found, UvmObject):
            raise UnknownObject(
                "there is no object with that oid",
                about=str(Ref(oid)),
                remedy="List the objects with: battui show",
            )
        return found

    def store(self, target: Stored) -> Stored:
        """Give a new object, or a method, its oid now, before the commit."""
        if target._p_jar is None:
            self._connection.add(target)
        return target

    @property
    def transaction(self) -> Any:
        """The running transaction, for storages that take part in it."""
        return self._connection.transaction_manager.get()

    def savepoint(self) -> Savepoint:
        """A point that this unit of work can be rolled back to."""
        return Savepoint(self._connection)

    def lobby_objects(self, start: str = "") -> Iterator[tuple[str, UvmObject]]:
        """The objects that users have bound, by name from `start` on."""
        for name, value in self.lobby.items(start):
            if isinstance(value, UvmObject):
                yield str(name), value

    def system_objects(self) -> Iterator[tuple[str, UvmObject]]:
        """The image's own objects with their names."""
        for name, value in self.root.items():
            if isinstance(value, UvmObject):
                yield name, value

    def resolve(self, path: Path) -> Any:
        """What stands at `path`; raises UnknownObject or UnknownSlot with what there is instead."""
        names = list(path.names)
        current: Any
        if path.oid is not None:
            current = self.object_at(path.oid)
            passed = str(Ref(path.oid))
        else:
            passed = names.pop(0)
            current = self._bound(passed)
        for name in names:
            current = self._slot(current, passed, name)
            passed = f"{passed}.{name}"
        return current

    def receiver(self, path: Path) -> UvmObject:
        """The object at `path`; raises UnknownObject where a plain value stands there."""
        found = self.resolve(path)
        if not isinstance(found, UvmObject):
            raise UnknownObject(
                "this is a value, and only objects understand messages",
                about=str(path),
                remedy=f"Name the object that has it: {path.holder}",
            )
        return found

    def bind(self, name: str, value: Value | UvmObject) -> None:
        """Bind `name` in the lobby; the names of the image's own objects are not to be had."""
        check_name(name)
        if name in self.root:
            raise UnknownObject(
                "this name belongs to battui itself",
                about=name,
                remedy="Choose another name for your object.",
            )
        if SIZE in self.root and name not in self.lobby:
            self.root[SIZE].change(1)
        self.lobby[name] = value
        if isinstance(value, UvmObject):
            self._naming.note(oid_of(self.store(value)), name)

    def name_of(self, target: UvmObject) -> str:
        """How a person would call the object: its name in the image or lobby, else its oid."""
        for name, value in self.system_objects():
            if value is target:
                return name
        if target._p_oid is None:
            return repr(target)
        bound = ((name, oid_of(value)) for name, value in self.lobby_objects())
        names = self._naming.candidates(oid_of(target), bound)
        return next((name for name in names if self.lobby.get(name) is target), repr(target))

    def stored(self, value: object, *, about: str = "", depth: int = 0) -> Any:
        """A message's argument as a slot holds it: names resolved, references as objects, containers fresh."""
        # The depth and the keys of a container are checked before what it holds.
        storable(dict.fromkeys(value) if isinstance(value, dict) else None, about=about, depth=depth)
        if isinstance(value, Named):
            return self.stored(self.resolve(value.path), about=about, depth=depth)
        if isinstance(value, Ref):
            return self.object_at(value.oid)
        if isinstance(value, UvmObject):
            return value
        if isinstance(value, list | tuple):
            return [self.stored(item, about=about, depth=depth + 1) for item in value]
        if isinstance(value, dict):
            return {key: self.stored(item, about=about, depth=depth + 1) for key, item in value.items()}
        return storable(wire(value, about=about), about=about, depth=depth)

    @property
    def _naming(self) -> Naming:
        return naming_of(self._connection.db())

    def _bound(self, name: str) -> Any:
        if name in self.lobby:
            return self.lobby[name]
        value = self.root.get(name)
        if isinstance(value, UvmObject):
            return value
        near = self._like(name)
        meant = f"Did you mean {near}? Else bind it first" if near else "Bind it first"
        raise UnknownObject(
            "nothing is bound to this name", about=name, remedy=f"{meant}: {name} = genesis_obj.clone()"
        )

    def _like(self, name: str) -> str:
        """The bound name nearest to a mistyped one; empty where none is near. Of a large lobby, a part is read."""
        bound = islice(chain(self.lobby.keys(name[:1]), self.lobby.keys()), _READ_FOR_A_NEAR_NAME)
        system = (own for own, _ in self.system_objects())
        near = get_close_matches(name, chain(bound, system), n=1, cutoff=0.75)
        return near[0] if near else ""

    def _slot(self, current: Any, passed: str, name: str) -> Any:
        if not isinstance(current, UvmObject):
            raise UnknownSlot(
                f"it is a value and has no slot {name!r}", about=passed, remedy="Only objects have slots."
            )
        if name.startswith("_"):
            raise UnknownSlot(f"{name!r} is no slot", about=passed, remedy="Slot names start with a letter.")
        match find(current, name):
            case Found(value=value):
                return value
        own = ", ".join(sorted(current._slots)[:12]) or "none"
        raise UnknownSlot(f"no slot {name!r}", about=passed, remedy=f"Its own slots: {own}.")


def is_system_object(target: UvmObject) -> bool:
    """Whether the object is one of the image's own, bound in its root."""
    jar = target._p_jar
    return jar is not None and any(value is target for value in jar.root().values())


def wire(value: object, *, about: str = "") -> Value:
    """A slot's value as it travels: objects become references. Raises NotStorable for blobs, trees and methods."""
    if isinstance(value, UvmObject):
        if value._p_oid is None:
            raise NotStorable("this object is not part of the image yet", about=about)
        return Ref(oid_of(value))
    if isinstance(value, Persistent):
        # A tree is a mapping, too, but would come back as a plain dictionary.
        raise NotStorable(f"a value of type {type(value).__name__} stays in its own slot", about=about)
    if isinstance(value, list | tuple):
        return [wire(item, about=about) for item in value]
    if isinstance(value, dict):
        return {key: wire(item, about=about) for key, item in value.items()}
    return storable(value, about=about)
