"""The record of sends and missions that the heartbeat's audit reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from battui.contracts.values import Value
from battui.image.world import World


@dataclass(slots=True)
class _Tally:
    sends: int = 0
    failures: int = 0
    seconds: float = 0.0


class Ledger:
    """Counts in memory, and adds the counts to the image when it is told to; a crash loses what was not added."""

    def __init__(self) -> None:
        self._sends: dict[str, _Tally] = {}
        self._missions: dict[str, int] = {}

    def record_send(self, selector: str, seconds: float, *, failed: bool) -> None:
        """A learned method was run."""
        tally = self._sends.setdefault(selector, _Tally())
        tally.sends += 1
        tally.failures += failed
        tally.seconds += seconds

    def record_mission(self, state: str) -> None:
        """A mission ended in `state`."""
        self._missions[state] = self._missions.get(state, 0) + 1

    def empty(self) -> bool:
        """Whether there is nothing to add."""
        return not self._sends and not self._missions

    def add_to(self, world: World) -> Mapping[str, Value]:
        """Add the counts to ALFRED's record and return the whole of it; call `clear` once that is committed."""
        alfred = world.root["alfred_prototype_obj"]
        record = alfred._slots.get("record") or {"methods": {}, "missions": {}}
        methods = {name: dict(counts) for name, counts in record["methods"].items()}
        for selector, tally in self._sends.items():
            counts = methods.setdefault(selector, {"sends": 0, "failures": 0, "seconds": 0.0})
            counts["sends"] += tally.sends
            counts["failures"] += tally.failures
            counts["seconds"] = round(counts["seconds"] + tally.seconds, 6)
        missions = dict(record["missions"])
        for state, number in self._missions.items():
            missions[state] = missions.get(state, 0) + number
        if not self.empty():
            alfred.record = {"methods": methods, "missions": missions}
        return {"methods": methods, "missions": missions}

    def clear(self) -> None:
        """What was counted so far is in the image."""
        self._sends.clear()
        self._missions.clear()
