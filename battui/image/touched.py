"""Which objects a unit of work has changed so far.

Several messages share one transaction, and none of them is committed before all are. A change set that was made
from what stood there before must not be put over what an earlier message of the same group has just written;
the object's serial cannot tell, because it is that of the last commit.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

_touched: WeakKeyDictionary[Any, set[bytes]] = WeakKeyDictionary()


def begin(connection: Any) -> None:
    """A new unit of work: nothing is changed yet."""
    _touched[connection] = set()


def note(target: Any) -> None:
    """`target` is being changed."""
    jar = target._p_jar
    if jar is not None and jar in _touched:
        _touched[jar].add(target._p_oid)


class Savepoint:
    """A point that a unit of work can be rolled back to, with what it had changed until then."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._point = connection.transaction_manager.savepoint()
        self._until_here = set(_touched.get(connection, ()))

    def rollback(self) -> None:
        """Take back what was changed since."""
        self._point.rollback()
        _touched[self._connection] = self._until_here.copy()


def is_touched(target: Any) -> bool:
    """Whether this unit of work has changed `target` already."""
    return target._p_oid in _touched.get(target._p_jar, ())
