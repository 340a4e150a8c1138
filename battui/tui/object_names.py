"""What people call the objects that the terminal has met."""

from __future__ import annotations

from collections.abc import Iterable

from battui.contracts.replies import ObjectSummary, ObjectView
from battui.contracts.values import Ref


class ObjectNames:
    """Names of the lobby and the image; for objects without one, the first path that led there."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._paths: dict[int, str] = {}

    def take_list(self, objects: Iterable[ObjectSummary]) -> None:
        """Learn the bound names; those that are gone are forgotten."""
        self._names = {known.oid: known.name for known in objects if known.name}

    def take_view(self, view: ObjectView) -> None:
        """Learn the paths to what the object refers to, and the names by which the kernel calls it."""
        start = self.shown(Ref(view.oid))
        for slot in view.slots:
            if not isinstance(slot.value, Ref) or slot.value.oid in self._names:
                continue
            if slot.text.isidentifier():
                self._paths[slot.value.oid] = slot.text
            elif slot.kind == "data":
                self._paths.setdefault(slot.value.oid, f"{start}.{slot.name}")

    def knows(self, name: str) -> bool:
        """Whether an object is bound to that name."""
        return name in self._names.values()

    def shown(self, ref: Ref) -> str:
        """Return name, path or number, as the message line reads it."""
        return self._names.get(ref.oid) or self._paths.get(ref.oid) or str(ref)
