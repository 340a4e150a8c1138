"""One object inside a cell: what came from the snapshot, and what the code made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from battui.cell import wire
from battui.cell.release import release
from battui.contracts.activation import MethodText
from battui.contracts.values import Ref, Value


@dataclass(slots=True)
class Record:
    """`pristine` is never given out, so it tells at the end what changed in `live`, in place or not."""

    oid: int
    pristine: Mapping[str, Value] = field(default_factory=dict)
    parents: Mapping[str, tuple[Ref, ...]] = field(default_factory=dict)
    methods: Mapping[str, MethodText] = field(default_factory=dict)
    primitives: frozenset[str] = frozenset()
    live: dict[str, object] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    signalled: bool = False
    cloned_from: int | None = None

    def has_slot(self, name: str) -> bool:
        """Whether a data slot of that name stands in the object itself."""
        return name in self.live or (name in self.pristine and name not in self.removed)

    def slot_names(self) -> list[str]:
        """The own data slots, as they stand now, in their order."""
        kept = [name for name in self.pristine if name not in self.removed]
        return kept + [name for name in self.live if name not in self.pristine or name in self.removed]

    def behaves(self, name: str) -> bool:
        """Whether the object itself has a method or primitive of that name."""
        return name in self.methods or name in self.primitives

    def put(self, name: str, value: object) -> None:
        """Set a data slot."""
        self.live[name] = value
        self.removed.discard(name)

    def remove(self, name: str) -> None:
        """Remove a data slot that is there."""
        self.live.pop(name, None)
        if name in self.pristine:
            self.removed.add(name)

    def changed_slots(self) -> dict[str, Value]:
        """The slots whose value is not what was loaded; raises NotStorable."""
        changed = {}
        for name, value in self.live.items():
            released = release(value, about=name)
            if name not in self.pristine or wire.pack(released) != wire.pack(self.pristine[name]):
                changed[name] = released
        return changed
