"""The record of sends and missions that the heartbeat's audit reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from battui.contracts.values import Value
from battui.image.world import World
from battui.kernel.transactions.committer import Committer


@dataclass(slots=True)
class _Tally:
    sends: int = 0
    failures: int = 0
    seconds: float = 0.0

    def add(self, sends: int, failures: int, seconds: float) -> None:
        self.sends += sends
        self.failures += failures
        self.seconds += seconds


@dataclass(slots=True)
class _Counts:
    sends: dict[str, _Tally] = field(default_factory=dict)
    missions: dict[str, int] = field(default_factory=dict)

    def add_send(self, selector: str, sends: int, failures: int, seconds: float) -> None:
        self.sends.setdefault(selector, _Tally()).add(sends, failures, seconds)

    def add_mission(self, state: str, number: int) -> None:
        self.missions[state] = self.missions.get(state, 0) + number

    def add(self, other: _Counts) -> None:
        for selector, tally in other.sends.items():
            self.add_send(selector, tally.sends, tally.failures, tally.seconds)
        for state, number in other.missions.items():
            self.add_mission(state, number)

    def add_to(self, world: World) -> Mapping[str, Value]:
        """Add to ALFRED's record, and return the whole of it."""
        alfred = world.root["alfred_prototype_obj"]
        record = alfred._slots.get("record") or {"methods": {}, "missions": {}}
        methods = {name: dict(counts) for name, counts in record["methods"].items()}
        for selector, tally in self.sends.items():
            counts = methods.setdefault(selector, {"sends": 0, "failures": 0, "seconds": 0.0})
            counts["sends"] += tally.sends
            counts["failures"] += tally.failures
            counts["seconds"] = round(counts["seconds"] + tally.seconds, 6)
        missions = dict(record["missions"])
        for state, number in self.missions.items():
            missions[state] = missions.get(state, 0) + number
        if self.sends or self.missions:
            alfred.record = {"methods": methods, "missions": missions}
        return {"methods": methods, "missions": missions}


class Ledger:
    """Counts in memory, and adds the counts to the image when it is told to; a crash loses what was not added."""

    def __init__(self) -> None:
        self._counts = _Counts()

    def record_send(self, selector: str, seconds: float, *, failed: bool) -> None:
        """A learned method was run."""
        self._counts.add_send(selector, 1, failed, seconds)

    def record_mission(self, state: str) -> None:
        """A mission ended in `state`."""
        self._counts.add_mission(state, 1)

    @property
    def missions(self) -> Mapping[str, int]:
        """How many missions have ended in which state, those that were added already apart."""
        return dict(self._counts.missions)

    def empty(self) -> bool:
        """Whether there is nothing to add."""
        return not self._counts.sends and not self._counts.missions

    async def save(self, committer: Committer) -> Mapping[str, Value]:
        """Add the counts to the image, each of them once, and return the whole record.

        What is counted meanwhile waits for the next time, and so do these where they cannot be committed: then
        raises what the committer raises.
        """
        counts, self._counts = self._counts, _Counts()
        try:
            return await committer.perform("record", counts.add_to)
        except Exception:
            self._counts.add(counts)
            raise
