"""What can be asked of a kernel, a method for each with the type of its answer: for plain programs.

async_verbs.py has the same for asynchronous ones; a test holds the two together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TypeVar

from battui.bridge.client.pending import OnProgress
from battui.contracts import commands
from battui.contracts.cases import Case
from battui.contracts.commands import Command, Path
from battui.contracts.documents import Document, DocumentList, IndexDocuments, ListDocuments, RemoveDocuments
from battui.contracts.errors import Unreachable, UsageError
from battui.contracts.message_line import parse_line
from battui.contracts.models import AdapterList, ListAdapters, ListModels, ModelList
from battui.contracts.replies import (
    Answer,
    HistoryList,
    KernelStats,
    KernelStatus,
    MethodStory,
    MissionList,
    MissionView,
    ObjectList,
    ObjectView,
    Reply,
)
from battui.contracts.values import Value

R = TypeVar("R")


def narrowed(reply: Reply, kind: type[R]) -> R:
    """The reply as what its command is answered with; raises Unreachable where it is something else."""
    if not isinstance(reply, kind):
        raise Unreachable(
            f"the kernel answered {type(reply).__name__} where {kind.__name__} was due",
            remedy="Use the same version on both sides.",
        )
    return reply


def path_of(text: str) -> Path:
    """The path that `text` spells, such as account.owner or @1f; raises UsageError."""
    command = parse_line(text)
    if not isinstance(command, commands.Read):
        raise UsageError("this is no path", about=text, remedy="Write names with dots between, or @oid.")
    return command.path


class Verbs(ABC):
    """The verbs of a plain program. Each raises the errors of `battui.contracts.errors`."""

    @abstractmethod
    def submit(
        self,
        command: Command,
        *,
        key: str = "",
        deadline_s: float = 0.0,
        progress: OnProgress | None = None,
    ) -> Reply:
        """Perform any command of `battui.contracts.commands`."""

    def line(
        self, text: str, *, key: str = "", deadline_s: float = 0.0, progress: OnProgress | None = None
    ) -> Answer:
        """Perform a message line such as `account.deposit_(amount=50)`."""
        reply = self.submit(parse_line(text), key=key, deadline_s=deadline_s, progress=progress)
        return narrowed(reply, Answer)

    def ask(self, path: str, question: str, *, wait: bool = True, key: str = "") -> Answer:
        """Ask a question about an object; without `wait` the answer names the mission."""
        return narrowed(self.submit(commands.Ask(path_of(path), question, wait), key=key), Answer)

    def teach(
        self,
        path: str,
        selector: str,
        cases: Iterable[Case],
        *,
        intent: str = "",
        wait: bool = True,
        key: str = "",
    ) -> Answer:
        """Have an object learn a message whose method has to pass every case."""
        lesson = commands.Teach(path_of(path), selector, tuple(cases), intent, wait)
        return narrowed(self.submit(lesson, key=key), Answer)

    def initiate_cognitive_cycle(self, target_oid: int, mission_brief: Mapping[str, Value]) -> Answer:
        """Start a cognitive cycle about the object with that oid; the answer names the mission."""
        return narrowed(self.submit(commands.InitiateCycle(Path((), target_oid), mission_brief)), Answer)

    def objects(self) -> ObjectList:
        """What is bound in the lobby, then the image's own objects."""
        return narrowed(self.submit(commands.ListObjects()), ObjectList)

    def show(self, path: str) -> ObjectView:
        """An object with its own slots and those that it inherits."""
        return narrowed(self.submit(commands.ShowObject(path_of(path))), ObjectView)

    def method(self, path: str) -> MethodStory:
        """A method with its versions, such as `account.deposit_`."""
        return narrowed(self.submit(commands.ShowMethod(path_of(path))), MethodStory)

    def missions(self, *, limit: int = 100, only_open: bool = False) -> MissionList:
        """Missions, newest first."""
        return narrowed(self.submit(commands.ListMissions(limit, only_open)), MissionList)

    def mission(self, mission: str) -> MissionView:
        """One mission with everything that it went through."""
        return narrowed(self.submit(commands.ShowMission(mission)), MissionView)

    def approve(self, mission: str, *, key: str = "") -> MissionView:
        """Install the method that the mission proposes."""
        return narrowed(self.submit(commands.ApproveMission(mission), key=key), MissionView)

    def reject(self, mission: str, reason: str, *, key: str = "") -> MissionView:
        """Refuse it; the reason tells the model what to do better."""
        return narrowed(self.submit(commands.RejectMission(mission, reason), key=key), MissionView)

    def retry(self, mission: str, *, key: str = "") -> MissionView:
        """Start a failed mission again."""
        return narrowed(self.submit(commands.RetryMission(mission), key=key), MissionView)

    def cancel(self, mission: str, *, key: str = "") -> MissionView:
        """End an open mission."""
        return narrowed(self.submit(commands.CancelMission(mission), key=key), MissionView)

    def history(self, *, limit: int = 50, path: str = "") -> HistoryList:
        """Transactions, newest first; with `path` those that touched the object."""
        about = path_of(path) if path else None
        return narrowed(self.submit(commands.ListHistory(limit, about)), HistoryList)

    def undo(self, target: str, *, key: str = "") -> Answer:
        """Take back a mission's method or one transaction, as a new transaction."""
        return narrowed(self.submit(commands.Undo(target), key=key), Answer)

    def index(
        self,
        documents: Iterable[Document],
        *,
        language: str = "english",
        metadata: Mapping[str, Value] | None = None,
        key: str = "",
    ) -> Answer:
        """Make documents searchable, together at most about 1 MB; the answer's value counts them."""
        command = IndexDocuments(tuple(documents), language, metadata or {})
        return narrowed(self.submit(command, key=key), Answer)

    def unindex(self, keys: Iterable[str], *, key: str = "") -> Answer:
        """Take documents out of the catalog; the answer's value counts them."""
        return narrowed(self.submit(RemoveDocuments(tuple(keys)), key=key), Answer)

    def documents(self, *, prefix: str = "", after: str = "", limit: int = 1_000) -> DocumentList:
        """The catalog's documents in the order of their keys, from the one after `after` on."""
        return narrowed(self.submit(ListDocuments(prefix, after, limit)), DocumentList)

    def models(self) -> ModelList:
        """The models of the image, the one in use first."""
        return narrowed(self.submit(ListModels()), ModelList)

    def adapters(self) -> AdapterList:
        """The adapters of the image with their tiers."""
        return narrowed(self.submit(ListAdapters()), AdapterList)

    def status(self) -> KernelStatus:
        """How the kernel is."""
        return narrowed(self.submit(commands.ShowStatus()), KernelStatus)

    def stats(self) -> KernelStats:
        """What the kernel has done since its start."""
        return narrowed(self.submit(commands.ShowStats()), KernelStats)
