"""Under which names objects are bound: found without going through the lobby each time."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock, RLock
from typing import Any
from weakref import WeakKeyDictionary

_known: WeakKeyDictionary[Any, Naming] = WeakKeyDictionary()
_making = Lock()


class Naming:
    """What one process knows of the names of one database's lobby.

    Every name that an object may have is among them, and some that it has not: what was rolled back, taken back, or
    bound anew leaves its name here. Who asks looks the name up in the lobby that it sees. In memory, because an index
    in the image would have to be undone with each binding. `shared` says that other processes bind names, too.
    """

    def __init__(self) -> None:
        self._names: dict[int, set[str]] = {}
        self._complete = False
        self.shared = False
        # Kernels read and write in several threads.
        self._lock = RLock()

    def note(self, oid: int, name: str) -> None:
        """The object may be bound to this name from now on."""
        with self._lock:
            self._names.setdefault(oid, set()).add(name)

    def forget(self) -> None:
        """Names may have come back that nobody here has bound: the lobby is to be read again."""
        self._complete = False

    def candidates(self, oid: int, bound: Iterable[tuple[str, int]]) -> list[str]:
        """The names that the object may have, in order.

        `bound`, the whole lobby, is read once; in a shared database once more for each object without a known name.
        """
        with self._lock:
            if not self._complete or (self.shared and oid not in self._names):
                self._complete = True
                self._read(bound)
            return sorted(self._names.get(oid, ()))

    def _read(self, bound: Iterable[tuple[str, int]]) -> None:
        try:
            for name, oid in bound:
                self.note(oid, name)
        except BaseException:
            self._complete = False
            raise


def naming_of(database: Any) -> Naming:
    """What is known of the lobby of this database."""
    with _making:
        return _known.setdefault(database, Naming())
