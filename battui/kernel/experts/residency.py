"""Which adapters a tier holds: the pinned, the wanted, then the most recently used, as they fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain


class Residency:
    """Who is in a tier of `budget` bytes; no input or output, only the choice.

    `held` is in order of use, the least recently used first.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._held: dict[str, int] = {}

    @property
    def held(self) -> Mapping[str, int]:
        """What the tier holds, in bytes."""
        return self._held

    @property
    def bytes(self) -> int:
        """How much of the budget is used."""
        return sum(self._held.values())

    def touch(self, name: str) -> None:
        """`name` is being used: it is the last to go."""
        if name in self._held:
            self._held[name] = self._held.pop(name)

    def drop(self, name: str) -> None:
        """`name` is no longer there."""
        self._held.pop(name, None)

    def choose(
        self,
        wanted: Sequence[str],
        sizes: Mapping[str, int],
        *,
        pins: Iterable[str] = (),
        hints: Iterable[str] = (),
    ) -> tuple[str, ...]:
        """Who should be in the tier so that `wanted` are, as far as they fit, the first of them first.

        A pin goes before everybody but never pushes out the first that is wanted: that one is there unless it is
        larger than the whole budget. What room is left goes to whom the tier holds already, the most recently used
        first, and then to `hints`.
        """
        first = [name for name in wanted[:1] if sizes.get(name, 0) <= self.budget]
        order = chain(first, pins, wanted, reversed(self._held), hints)
        return tuple(_fitting(order, sizes, self.budget))

    def settle(self, chosen: Iterable[str], sizes: Mapping[str, int]) -> None:
        """The tier now holds `chosen` and nobody else; they keep their order of use, newcomers are the latest."""
        names = set(chosen)
        kept = {name: size for name, size in self._held.items() if name in names}
        self._held = kept | {name: sizes[name] for name in chosen if name not in kept}


def _fitting(order: Iterable[str], sizes: Mapping[str, int], room: int) -> Iterator[str]:
    """Each name that is known and has room, once."""
    met: set[str] = set()
    for name in order:
        if name not in met and name in sizes and sizes[name] <= room:
            met.add(name)
            room -= sizes[name]
            yield name
