"""Group commit: whatever is to be done to the image waits here, and is done together.

One wait for the disk is the price of a transaction, not of a message. While one group is being committed in a
thread, the next one gathers; so grouping costs no delay, and the busier the kernel, the larger the groups.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import outcome
import trio

from battui.image.image import Done, Image, Work

T = TypeVar("T")

MOST_KEYED = 64
"""Commands with a key that may share a transaction, which has room for that many receipts."""


@dataclass(eq=False)
class _Job:
    note: str
    work: Work[Any]
    mission: str
    keyed: bool = False
    done: trio.Event = field(default_factory=trio.Event)
    result: outcome.Value[Any] | outcome.Error | None = None


class Committer:
    """The only writer of the image."""

    def __init__(self, image: Image, group: int) -> None:
        self._image = image
        self._group = group
        self._waiting: deque[_Job] = deque()
        self._news = trio.Event()

    async def perform(self, note: str, work: Work[T], *, mission: str = "", keyed: bool = False) -> T:
        """Do `work` in a transaction and return what it returns once it is on disk.

        `work` may be done more than once, when others were first; only the last time counts. Work for a mission is
        a transaction of its own, so that it can be taken back alone. `keyed` work notes a receipt. Cancelling the
        wait does not undo the work.
        """
        job = _Job(note, work, mission, keyed)
        self._waiting.append(job)
        self._news.set()
        await job.done.wait()
        assert job.result is not None
        return cast(T, job.result.unwrap())

    async def run(self) -> None:
        """Commit what waits until cancelled; what was begun is finished first."""
        while True:
            while not self._waiting:
                await self._news.wait()
                self._news = trio.Event()
            group = self._next_group()
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(self._commit, group)
            for job in group:
                job.done.set()
            await trio.lowlevel.checkpoint()

    def _next_group(self) -> list[_Job]:
        group = [self._waiting.popleft()]
        keyed = int(group[0].keyed)
        while not group[0].mission and self._waiting and len(group) < self._group:
            keyed += self._waiting[0].keyed
            if self._waiting[0].mission or keyed > MOST_KEYED:
                break
            group.append(self._waiting.popleft())
        return group

    def _commit(self, group: list[_Job]) -> None:
        try:
            if group[0].mission:
                (job,) = group
                job.result = outcome.capture(self._image.perform, job.note, job.work, mission=job.mission)
                return
            for job, result in zip(
                group, self._image.perform_group([(job.note, job.work) for job in group]), strict=True
            ):
                job.result = (
                    outcome.Value(result.value) if isinstance(result, Done) else outcome.Error(result.error)
                )
        except Exception as error:
            # The disk is full: nothing of this group was committed, and each sender is told.
            for job in group:
                job.result = outcome.Error(error)
