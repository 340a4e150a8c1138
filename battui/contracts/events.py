"""The stream that panes, bridge subscribers and the log follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from battui.contracts.values import Value

EventKind: TypeAlias = Literal[
    "kernel",  # started, stopping
    "message",  # a command was accepted
    "answer",  # a sender got an answer
    "object",  # a commit changed objects: data["oids"]
    "mission",  # a mission entered a state: data["state"]
    "plan",  # the steward's plan
    "facet",  # a facet has spoken: data["facet"], data["text"]
    "token",  # a piece of text while it is generated: data["candidate"], data["text"]
    "candidate",  # a candidate was judged: data["index"], data["source"], data["verdict"], data["accepted"]
    "installed",  # a method is now part of an object: data["selector"], data["source"]
    "model",  # a model's file is on its way into the image: data["step"], data["done"], data["bytes"]
    "engine",  # the engine's state changed: data["state"], data["progress"]
    "expert",  # an adapter changed its tier: data["adapter"], data["from"], data["to"], data["bytes"], data["ms"]
    "cell",  # a cell was stopped
    "heartbeat",  # the autotelic loop woke up
    "bridge",  # a client was refused or dropped
    "error",
]
Level: TypeAlias = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class KernelEvent:
    """One thing that happened. `sequence` counts up by one per kernel; `at` is Unix time in seconds."""

    sequence: int
    at: float
    kind: EventKind
    text: str
    level: Level = "info"
    mission: str = ""
    about: str = ""
    data: Mapping[str, Value] = field(default_factory=dict)
