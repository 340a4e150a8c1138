"""Whose turn it is where only jobs with the same adapter can run together: changes are few, and nobody starves."""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeAlias, TypeVar

from battui.contracts.generation import AdapterUse

Use: TypeAlias = tuple[str, float]
"""Adapter and scale: what the computed part of a prompt is good for."""
ALONE: Use = ("", 0.0)


def use_of(adapter: AdapterUse | None) -> Use:
    """What a request's adapter comes to; at scale nothing it is the model alone."""
    return (adapter.name, adapter.scale) if adapter and adapter.scale else ALONE


class Waiting(Protocol):
    """A job in the queue: with which adapter, and how many places it takes."""

    @property
    def use(self) -> Use: ...

    @property
    def size(self) -> int: ...


Job = TypeVar("Job", bound=Waiting)


class AdapterTurns(Generic[Job]):
    """A queue in which the jobs of the turn's adapter go first. Who calls it holds the lock.

    `longest` is how many places of a turn may pass those that have waited longer for another adapter.
    """

    def __init__(self, longest: int) -> None:
        self.waiting: deque[Job] = deque()
        self.use = ALONE
        self._longest = longest
        self._passed = 0

    @property
    def is_over(self) -> bool:
        """Whether somebody else's turn is to begin as soon as nothing runs: that of the one who waited longest."""
        return bool(self.waiting) and (
            self._passed >= self._longest or all(job.use != self.use for job in self.waiting)
        )

    def begin(self, use: Use) -> None:
        """From now on it is the turn of `use`."""
        self.use = use
        self._passed = 0

    def admitted(self, room: float = float("inf")) -> list[Job]:
        """Take those of the turn out of the queue that may begin now, in order, as they fit into `room`."""
        chosen: list[Job] = []
        passing = False
        for job in list(self.waiting):
            if job.use != self.use:
                passing = True
                continue
            if job.size > room or (passing and self._passed >= self._longest):
                break
            room -= job.size
            self._passed += job.size if passing else 0
            self.waiting.remove(job)
            chosen.append(job)
        return chosen
