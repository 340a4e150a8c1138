"""What a front end may ask of the kernel. Every command is a value: it can be queued, framed and logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from battui.contracts.cases import Case
from battui.contracts.documents import CatalogCommand
from battui.contracts.methods import FindSelector
from battui.contracts.models import ModelCommand
from battui.contracts.personas import PersonaCommand
from battui.contracts.values import Ref, Value


@dataclass(frozen=True, slots=True)
class Path:
    """A way to an object or slot: names from the lobby (or the image's root), or an oid and then names."""

    names: tuple[str, ...]
    oid: int | None = None

    def __str__(self) -> str:
        start = [] if self.oid is None else [str(Ref(self.oid))]
        return ".".join([*start, *self.names])

    @property
    def holder(self) -> Path:
        """The path without its last name."""
        return Path(self.names[:-1], self.oid)


@dataclass(frozen=True, slots=True)
class Named:
    """An argument that is not a literal: whatever stands at `path` when the command is performed."""

    path: Path


Argument: TypeAlias = "bool | int | float | str | list[Argument] | dict[str, Argument] | Ref | Named | None"


@dataclass(frozen=True, slots=True)
class Read:
    """Answer what stands at `path`."""

    path: Path


@dataclass(frozen=True, slots=True)
class Write:
    """Put `value` into the slot at `path`."""

    path: Path
    value: Argument


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message. `intent` and `expectation` matter only if nobody understands it yet.

    With `wait` the sender gets the answer even if a mission has to find it first; without, the mission's id.
    """

    receiver: Path
    selector: str
    positional: tuple[Argument, ...] = ()
    named: tuple[tuple[str, Argument], ...] = ()
    intent: str = ""
    expectation: str = ""
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Bind:
    """Bind `name` in the lobby to what `source` answers."""

    name: str
    source: Send | Argument


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a question about an object: a mission that answers in words."""

    path: Path
    question: str
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Teach:
    """Have an object learn a message by cases: a mission whose method has to pass them all; answers an Answer.

    Where the object has learned the message already, the method becomes its next version, and has to pass what was
    recorded of the present one, too. Without `intent` it is the present version's. `wait` is as in Send.
    """

    path: Path
    selector: str
    cases: tuple[Case, ...]
    intent: str = ""
    wait: bool = True


@dataclass(frozen=True, slots=True)
class ShowObject:
    """Answer an ObjectView."""

    path: Path


@dataclass(frozen=True, slots=True)
class ShowMethod:
    """Answer a MethodStory: the method in the slot at `path`, or in the slot of that name of a parent."""

    path: Path


@dataclass(frozen=True, slots=True)
class ListObjects:
    """Answer an ObjectList: what is bound in the lobby, by name, then the image's own objects.

    With `limit`, only so many of the lobby, from the name `start` on, the image's own with the first of them; with
    `matching`, only those with this text in their name or number.
    """

    limit: int = 0
    start: str = ""
    matching: str = ""


@dataclass(frozen=True, slots=True)
class ListMissions:
    """Answer a MissionList, newest first."""

    limit: int = 100
    only_open: bool = False


@dataclass(frozen=True, slots=True)
class ShowMission:
    """Answer a MissionView with everything the mission went through."""

    mission: str


@dataclass(frozen=True, slots=True)
class RetryMission:
    """Start a failed mission again from the beginning."""

    mission: str


@dataclass(frozen=True, slots=True)
class CancelMission:
    """End an open mission; its sender is told."""

    mission: str


@dataclass(frozen=True, slots=True)
class ApproveMission:
    """Let the mission install the method that it proposes; answers a MissionView."""

    mission: str


@dataclass(frozen=True, slots=True)
class RejectMission:
    """Refuse the method that the mission proposes; `reason` tells the model what to do better. A MissionView."""

    mission: str
    reason: str


@dataclass(frozen=True, slots=True)
class EditMission:
    """Give a mission the method that a person wrote: reviewed, tried and installed like any other. A MissionView.

    The mission has failed, or waits for approval. Where the source is refused, the mission stays as it is, but
    keeps the source as its best candidate.
    """

    mission: str
    source: str


@dataclass(frozen=True, slots=True)
class EditMethod:
    """Give an object the next version of a learned method, as a person wrote it. Answers a MissionView.

    It is reviewed, tried on what was recorded of the present version, and takes its place where that stands: with the
    holder, if `path` names an object that inherits it. Raises GuardianRefused or Refused where it does not come
    through; it is kept with a failed mission then, and the next edit goes on with that one.
    """

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class SettleFinding:
    """Decide about what a heartbeat's audit has found: accepted, or dismissed. A MissionView.

    The report is words, so the decision is noted with it, and starts nothing.
    """

    mission: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class ListHistory:
    """Answer a HistoryList, newest first; with `path`, only transactions that touched that object."""

    limit: int = 50
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back one mission's installation, or one transaction by its id, as a new transaction."""

    target: str


@dataclass(frozen=True, slots=True)
class ShowStatus:
    """Answer a KernelStatus."""


@dataclass(frozen=True, slots=True)
class ShowStats:
    """Answer a KernelStats."""


@dataclass(frozen=True, slots=True)
class PackImage:
    """Forget what the image was more than `days` ago: older transactions cannot be undone then. An Answer."""

    days: float = 0.0


@dataclass(frozen=True, slots=True)
class InitiateCycle:
    """Start a cognitive cycle about the object at `path`; answers an Answer with the mission's id, and does not wait.

    `brief` says what about, by its `type`: `unhandled_message` (`selector`, `args`, `kwargs`, `intent`,
    `expectation`), `question` (`question`) or `self_audit`.
    """

    path: Path
    brief: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Once:
    """Perform `command` once, however often it is asked for with this key: who asks again gets the first reply.

    The key is committed with what the command changes, so this holds when the kernel is killed in between.
    """

    key: str
    command: Command


Line: TypeAlias = Read | Write | Send | Bind | Ask
Command: TypeAlias = (
    Line
    | Teach
    | ShowObject
    | ShowMethod
    | ListObjects
    | ListMissions
    | ShowMission
    | RetryMission
    | CancelMission
    | ApproveMission
    | RejectMission
    | EditMission
    | EditMethod
    | SettleFinding
    | FindSelector
    | ListHistory
    | Undo
    | ShowStatus
    | ShowStats
    | PackImage
    | InitiateCycle
    | ModelCommand
    | CatalogCommand
    | PersonaCommand
    | Once
)
