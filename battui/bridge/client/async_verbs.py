"""What can be asked of a kernel, a method for each with the type of its answer: for asynchronous programs.

verbs.py has the same for plain ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from battui.bridge.client.pending import OnProgress
from battui.bridge.client.verbs import narrowed, path_of
from battui.contracts import commands
from battui.contracts.cases import Case
from battui.contracts.commands import Command, Path
from battui.contracts.documents import Document, DocumentList, IndexDocuments, ListDocuments, RemoveDocuments
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


class AsyncVerbs(ABC):
    """The verbs of an asynchronous program. Each raises the errors of `battui.contracts.errors`."""

    @abstractmethod
    async def submit(
        self,
        command: Command,
        *,
        key: str = "",
        deadline_s: float = 0.0,
        progress: OnProgress | None = None,
    ) -> Reply:
        """Perform any command of `battui.contracts.commands`."""

    async def line(
        self, text: str, *, key: str = "", deadline_s: float = 0.0, progress: OnProgress | None = None
    ) -> Answer:
        """Perform a message line such as `account.deposit_(amount=50)`."""
        reply = await self.submit(parse_line(text), key=key, deadline_s=deadline_s, progress=progress)
        return narrowed(reply, Answer)

    async def ask(self, path: str, question: str, *, wait: bool = True, key: str = "") -> Answer:
        """Ask a question about an object; without `wait` the answer names the mission."""
        return narrowed(await self.submit(commands.Ask(path_of(path), question, wait), key=key), Answer)

    async def teach(
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
        return narrowed(await self.submit(lesson, key=key), Answer)

    async def initiate_cognitive_cycle(self, target_oid: int, mission_brief: Mapping[str, Value]) -> Answer:
        """Start a cognitive cycle about the object with that oid; the answer names the mission."""
        return narrowed(
            await self.submit(commands.InitiateCycle(Path((), target_oid), mission_brief)), Answer
        )

    async def objects(self) -> ObjectList:
        """What is bound in the lobby, then the image's own objects."""
        return narrowed(await self.submit(commands.ListObjects()), ObjectList)

    async def show(self, path: str) -> ObjectView:
        """An object with its own slots and those that it inherits."""
        return narrowed(await self.submit(commands.ShowObject(path_of(path))), ObjectView)

    async def method(self, path: str) -> MethodStory:
        """A method with its versions, such as `account.deposit_`."""
        return narrowed(await self.submit(commands.ShowMethod(path_of(path))), MethodStory)

    async def missions(self, *, limit: int = 100, only_open: bool = False) -> MissionList:
        """Missions, newest first."""
        return narrowed(await self.submit(commands.ListMissions(limit, only_open)), MissionList)

    async def mission(self, mission: str) -> MissionView:
        """One mission with everything that it went through."""
        return narrowed(await self.submit(commands.ShowMission(mission)), MissionView)

    async def approve(self, mission: str, *, key: str = "") -> MissionView:
        """Install the method that the mission proposes."""
        return narrowed(await self.submit(commands.ApproveMission(mission), key=key), MissionView)

    async def reject(self, mission: str, reason: str, *, key: str = "") -> MissionView:
        """Refuse it; the reason tells the model what to do better."""
        return narrowed(await self.submit(commands.RejectMission(mission, reason), key=key), MissionView)

    async def retry(self, mission: str, *, key: str = "") -> MissionView:
        """Start a failed mission again."""
        return narrowed(await self.submit(commands.RetryMission(mission), key=key), MissionView)

    async def cancel(self, mission: str, *, key: str = "") -> MissionView:
        """End an open mission."""
        return narrowed(await self.submit(commands.CancelMission(mission), key=key), MissionView)

    async def history(self, *, limit: int = 50, path: str = "") -> HistoryList:
        """Transactions, newest first; with `path` those that touched the object."""
        about = path_of(path) if path else None
        return narrowed(await self.submit(commands.ListHistory(limit, about)), HistoryList)

    async def undo(self, target: str, *, key: str = "") -> Answer:
        """Take back a mission's method or one transaction, as a new transaction."""
        return narrowed(await self.submit(commands.Undo(target), key=key), Answer)

    async def index(
        self,
        documents: Iterable[Document],
        *,
        language: str = "english",
        metadata: Mapping[str, Value] | None = None,
        key: str = "",
    ) -> Answer:
        """Make documents searchable, together at most about 1 MB; the answer's value counts them."""
        command = IndexDocuments(tuple(documents), language, metadata or {})
        return narrowed(await self.submit(command, key=key), Answer)

    async def unindex(self, keys: Iterable[str], *, key: str = "") -> Answer:
        """Take documents out of the catalog; the answer's value counts them."""
        return narrowed(await self.submit(RemoveDocuments(tuple(keys)), key=key), Answer)

    async def documents(self, *, prefix: str = "", after: str = "", limit: int = 1_000) -> DocumentList:
        """The catalog's documents in the order of their keys, from the one after `after` on."""
        return narrowed(await self.submit(ListDocuments(prefix, after, limit)), DocumentList)

    async def models(self) -> ModelList:
        """The models of the image, the one in use first."""
        return narrowed(await self.submit(ListModels()), ModelList)

    async def adapters(self) -> AdapterList:
        """The adapters of the image with their tiers."""
        return narrowed(await self.submit(ListAdapters()), AdapterList)

    async def status(self) -> KernelStatus:
        """How the kernel is."""
        return narrowed(await self.submit(commands.ShowStatus()), KernelStatus)

    async def stats(self) -> KernelStats:
        """What the kernel has done since its start."""
        return narrowed(await self.submit(commands.ShowStats()), KernelStats)
