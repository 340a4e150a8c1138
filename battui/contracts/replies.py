"""What the kernel answers: plain values for a screen, a frame or a line of text. Times are Unix seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from battui.contracts.cases import Case
from battui.contracts.documents import DocumentList
from battui.contracts.generation import EngineStatus
from battui.contracts.methods import SelectorUses
from battui.contracts.models import AdapterList, ModelList
from battui.contracts.values import Value

StateName: TypeAlias = str
"""IDLE, DECOMPOSING, DELEGATING, SYNTHESIZING, COMPLETE, FAILED, or a state that a user has added."""

OPEN_STATES = ("IDLE", "DECOMPOSING", "DELEGATING", "SYNTHESIZING")

APPROVAL = "your approval"
"""What `waiting` says of a mission whose proposal a person has to decide about."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a message line came to. `text` is the value for a person; `mission` the one that found it."""

    value: Value = None
    text: str = ""
    mission: str = ""
    learned: bool = False


@dataclass(frozen=True, slots=True)
class MethodView:
    """A method as an inspector shows it; `cases` counts the sends that were kept of it."""

    selector: str
    parameters: tuple[str, ...]
    source: str
    primitive: bool = False
    intent: str = ""
    mission: str = ""
    installed_at: float = 0.0
    ruleset: str = ""
    tree_hash: str = ""
    trials: tuple[str, ...] = ()
    cases: int = 0
    versions: int = 1


@dataclass(frozen=True, slots=True)
class MethodStory:
    """How a method came about: its versions, the present one first.

    `cases` are what every later version has to pass. `provenance` is what the present version keeps of the model and
    the request that it came from; a person's method has none.
    """

    holder: str
    versions: tuple[MethodView, ...] = ()
    cases: tuple[Case, ...] = ()
    provenance: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot: `kind` tells data, parent, method and primitive apart; `holder` is empty for own slots."""

    name: str
    kind: Literal["data", "parent", "method", "primitive"]
    text: str
    value: Value = None
    holder: str = ""
    method: MethodView | None = None


@dataclass(frozen=True, slots=True)
class ObjectView:
    """An object with its own slots and those it inherits."""

    oid: int
    name: str
    slots: tuple[SlotView, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectSummary:
    """An object as a list shows it. `system` marks the image's own objects."""

    oid: int
    name: str
    slots: int
    methods: int
    system: bool = False


@dataclass(frozen=True, slots=True)
class ObjectList:
    """Objects; `next` is the name with which the next page of the lobby starts, empty where there is none."""

    objects: tuple[ObjectSummary, ...] = ()
    next: str = ""


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One candidate and its fate: `verdict` is what guardian and cell said."""

    index: int
    source: str
    verdict: str
    accepted: bool
    repaired: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class MissionView:
    """A mission. `trail` holds the states it went through with their times; `waiting` what it waits for.

    `proposal` is the source that waits for approval, `replaces` that of the method it would take the place of.
    `sources` are the places in documents that an answer was given from. `proof` is what the proposal was tried on and
    with which rules, `draft` the source that a person would go on from: the proposal, or the best candidate of a
    mission that failed. `seconds` is how long was thought, `budget` how much may be (`tokens`, `seconds`).
    `intent` and `expectation` are the sender's. `provenance` says what was asked of which model and adapters; only a
    mission shown alone has it. `settled` is what was decided about an audit's findings: accepted, dismissed, or
    nothing yet.
    """

    id: str
    kind: str
    state: StateName
    title: str
    target: str
    started_at: float
    ended_at: float = 0.0
    waiting: str = ""
    plan: Mapping[str, Value] = field(default_factory=dict)
    facets: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[CandidateView, ...] = ()
    answer: str = ""
    failure: str = ""
    tokens: int = 0
    senders: int = 0
    trail: tuple[tuple[StateName, float], ...] = ()
    proposal: str = ""
    replaces: str = ""
    sources: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    draft: str = ""
    intent: str = ""
    expectation: str = ""
    seconds: float = 0.0
    budget: Mapping[str, Value] = field(default_factory=dict)
    provenance: Mapping[str, Value] = field(default_factory=dict)
    settled: str = ""

    @property
    def plan_lines(self) -> tuple[str, ...]:
        """The plan for a reader, a line an entry, without what is empty or said by the strategy already."""
        strategy = str(self.plan.get("strategy", ""))
        return tuple(
            f"{name.replace('_', ' ')}: {_listed(value)}"
            for name, value in self.plan.items()
            if value and not (name in ("way", "reason") and str(value) in strategy)
        )


def _listed(value: Value) -> str:
    """A value of a plan in a reader's words."""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {one}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True, slots=True)
class MissionList:
    missions: tuple[MissionView, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One transaction of the image."""

    transaction: str
    at: float
    description: str
    mission: str = ""
    undoable: bool = True


@dataclass(frozen=True, slots=True)
class HistoryList:
    entries: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class KernelStatus:
    """How the kernel is. `sandbox` names the guarantees in force, `missing` those that this machine lacks.

    `sequence` is the number of the event announced last.
    """

    image: str
    objects: int
    open_missions: int
    queued: int
    engine: EngineStatus
    sandbox: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    next_heartbeat_at: float = 0.0
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class KernelStats:
    """What the kernel has done since `started_at`, and what there is now.

    `commands` are those performed, `failed` those of them that ended with an error, `busy` those turned away.
    `within` counts message lines and lessons by how long their senders waited: up to so many seconds, so many, each
    counted in every later pair, too; `seconds` is the sum. `missions` are the image's by state, ended ones as often
    as they ended. `working_s` is how long the engine had something to do. `tiers` are adapters by tier,
    `activations` learned methods run, `kills` those that were stopped.
    """

    started_at: float
    commands: int = 0
    failed: int = 0
    busy: int = 0
    queued: int = 0
    performing: int = 0
    messages: int = 0
    seconds: float = 0.0
    within: tuple[tuple[float, int], ...] = ()
    missions: Mapping[StateName, int] = field(default_factory=dict)
    engine: str = ""
    restarts: int = 0
    generations: int = 0
    tokens: int = 0
    working_s: float = 0.0
    tiers: Mapping[str, int] = field(default_factory=dict)
    hot_bytes: int = 0
    warm_bytes: int = 0
    activations: int = 0
    kills: int = 0


Reply: TypeAlias = (
    Answer
    | ObjectView
    | MethodStory
    | SelectorUses
    | ObjectList
    | MissionView
    | MissionList
    | HistoryList
    | KernelStatus
    | KernelStats
    | ModelList
    | AdapterList
    | DocumentList
)
