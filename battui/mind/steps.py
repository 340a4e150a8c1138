"""What a state answers when it is asked to go on, and what it is told of what came of it.

A state does no input or output. It looks at the cycle and returns a Step; the kernel commits it, performs its
effects and hands the outcomes to the state that the cycle is then in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from battui.contracts.generation import GenerationRequest, GenerationResult
from battui.contracts.review import Certificate
from battui.contracts.values import Value
from battui.mind.briefs import WorkedExample
from battui.mind.choice import Candidate

Purpose = Literal["plan", "facet", "candidates", "answer"]


@dataclass(frozen=True, slots=True)
class Generate:
    """Ask the engine; the requests run together."""

    purpose: Purpose
    requests: tuple[GenerationRequest, ...]


@dataclass(frozen=True, slots=True)
class TryCandidates:
    """Let the guardian review `sources` and a cell try what it accepts, on a copy, with every parked message.

    Each message brings what its sender expects. The sources are counted on from `first`, the number of candidates
    that the mission has had before.
    """

    sources: tuple[str, ...]
    first: int = 0


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """Fetch the record of sends and missions: per method counts, failures and durations."""


@dataclass(frozen=True, slots=True)
class Search:
    """Look these words up in the catalog."""

    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recall:
    """Look for learned methods like the one that is wanted in these words, but for `selector` of object `holder`."""

    wanted: str
    holder: int = 0
    selector: str = ""


@dataclass(frozen=True, slots=True)
class AnswerSender:
    """Send the parked message with this number again, now that it is understood."""

    number: int


@dataclass(frozen=True, slots=True)
class AwaitApproval:
    """Wait until a person has decided about what the cycle proposes."""


Errand: TypeAlias = Generate | TryCandidates | ReadRecord | Search | Recall | AnswerSender
"""What the kernel does by itself; for the rest it needs a person."""

Effect: TypeAlias = Errand | AwaitApproval


class Excerpt(NamedTuple):
    """A passage as a mission reads it: where it begins, its text, the headings that it stands under."""

    place: str
    text: str
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """One request as a mission keeps it: its prompt, and everything else as plain values."""

    prompt: str
    facts: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Generated:
    """The engine's candidates, one result a request, and what a mission keeps of each request (`provenance`)."""

    purpose: Purpose
    results: tuple[GenerationResult, ...]
    records: tuple[GenerationRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """What guardian and cell said of each source, in the order given, and how many parked messages they saw.

    None: all that there are.
    """

    candidates: tuple[Candidate, ...]
    senders: int | None = None


@dataclass(frozen=True, slots=True)
class RecordRead:
    """The record that was asked for."""

    record: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Found:
    """Passages for all queries together, the best first, and how rare each term of the first query is.

    Where nothing at all is `indexed`, other words would find nothing either.
    """

    passages: tuple[Excerpt, ...]
    rarity: Mapping[str, float] = field(default_factory=dict)
    indexed: bool = True


@dataclass(frozen=True, slots=True)
class Recalled:
    """Learned methods whose proof holds, the nearest first."""

    examples: tuple[WorkedExample, ...]


@dataclass(frozen=True, slots=True)
class Approved:
    """The proposal is to be installed."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The proposal is not wanted, and why."""

    reason: str


Decision: TypeAlias = Approved | Rejected
Outcome: TypeAlias = Generated | Tried | RecordRead | Found | Recalled | Decision


@dataclass(frozen=True, slots=True)
class Installation:
    """A method to become part of the cycle's target, in the transaction of this step."""

    selector: str
    parameters: tuple[str, ...]
    source: str
    intent: str
    certificate: Certificate
    provenance: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of a cycle and what is to be done after it.

    `remember` are slots to put into the cycle, `report` is kept with the target, `next_state` names a prototype;
    `ended` closes the cycle. Without effects and not ended, the next state is asked at once.
    """

    remember: Mapping[str, object] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    install: Installation | None = None
    report: str = ""
    next_state: str = ""
    ended: bool = False
