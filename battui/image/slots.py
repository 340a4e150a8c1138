"""An object as nothing but its own slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from persistent import Persistent

from battui.contracts.errors import MissingParent
from battui.contracts.values import is_parent_slot


class Slotted(Persistent):
    """Named slots in one record. All names but those with an underscore are free for slots."""

    @property
    def _slots(self) -> Mapping[str, Any]:
        """Read-only view of the object's own slots."""
        self._p_activate()
        return MappingProxyType(self.__dict__)

    def __repr__(self) -> str:
        """Name the object without loading it, and without storing anything."""
        oid = self._p_oid
        return "<object, not yet stored>" if oid is None else f"@{int.from_bytes(oid, 'big'):x}"


def parents_of(child: Slotted) -> Iterator[Any]:
    """The objects in the parent slots, in their order; raises MissingParent for anything else there."""
    for name, value in child._slots.items():
        if is_parent_slot(name):
            for parent in value if isinstance(value, list | tuple) else (value,):
                if not isinstance(parent, Slotted):
                    raise MissingParent(
                        f"the parent slot {name!r} holds {type(parent).__name__}, which is no object",
                        about=repr(child),
                        remedy="Put an object there, or remove the slot.",
                    )
                yield parent
