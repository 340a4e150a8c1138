"""The living image: opened once per process, worked on through units of work, read through snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

import transaction
from ZODB.POSException import ConflictError

from battui.contracts.errors import Conflict
from battui.image import touched
from battui.image.genesis import awaken
from battui.image.storage import open_database, unwritable
from battui.image.world import World

T = TypeVar("T")
Work = Callable[[World], T]
ATTEMPTS = 8
MISSION_KEY = "mission"


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """A job of a group that went through, with what it answered."""

    value: T


@dataclass(frozen=True, slots=True)
class Undone:
    """A job of a group that was refused, or met a fault, and left no trace."""

    error: Exception


class Image:
    """Owner of the database. Everything here blocks; none of it awaits."""

    def __init__(self, database: Any, location: str) -> None:
        self.database = database
        self.location = location

    @classmethod
    def open(cls, location: str, *, create: bool = True) -> Image:
        """Open the image, after genesis where it is new.

        Raises ImageInUse, ImageDamaged, ImageUnwritable, and UnknownObject where there is none and `create` is false.
        """
        image = cls(open_database(location, create=create), location)
        try:
            with image.unit_of_work("genesis") as world:
                awaken(world.root)
        except BaseException:
            image.close()
            raise
        return image

    @classmethod
    def look(cls, location: str) -> Image:
        """Open the image for `read` alone, beside whoever owns it; what is committed from now on is not seen.

        Raises ImageDamaged, and UnknownObject where there is none.
        """
        return cls(open_database(location, create=False, read_only=True), location)

    def close(self) -> None:
        """Give the image back; what was committed stays."""
        self.database.close()

    def __enter__(self) -> Image:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def unit_of_work(self, note: str, *, mission: str = "") -> Iterator[World]:
        """One transaction on a connection of its own: committed at the end, gone if anything is raised."""
        manager = transaction.TransactionManager(explicit=True)
        connection = self.database.open(manager)
        try:
            self._begin(manager, note, mission)
            touched.begin(connection)
            yield World(connection)
            self._commit(manager)
        except BaseException:
            # After a failed commit, too: a connection that still belongs to a transaction cannot be closed.
            manager.abort()
            raise
        finally:
            connection.close()

    def read(self, work: Work[T]) -> T:
        """Return what `work` reads; what it writes is dropped."""
        manager = transaction.TransactionManager(explicit=True)
        connection = self.database.open(manager)
        try:
            manager.begin()
            return work(World(connection))
        finally:
            manager.abort()
            connection.close()

    def perform(self, note: str, work: Work[T], *, mission: str = "") -> T:
        """Do `work` in a unit of work, again from the start when somebody else was first.

        Raises Conflict after ATTEMPTS times, and whatever `work` raises.
        """
        for _ in range(ATTEMPTS):
            try:
                with self.unit_of_work(note, mission=mission) as world:
                    return work(world)
            except ConflictError:
                continue
        raise Conflict("others keep changing the same slot", about=note, remedy="Try again in a moment.")

    def perform_group(self, jobs: Sequence[tuple[str, Work[Any]]]) -> list[Done[Any] | Undone]:
        """Do several jobs as one transaction: one wait for the disk for all of them.

        A job that raises is rolled back alone. If others were first, each job is tried by itself.
        """
        if len(jobs) == 1:
            return [self._perform_alone(*jobs[0])]
        note = "; ".join(note for note, _ in jobs)[:1000]
        try:
            with self.unit_of_work(note) as world:
                return [self._perform_within(world, work) for _, work in jobs]
        except ConflictError:
            return [self._perform_alone(note, work) for note, work in jobs]

    def _perform_alone(self, note: str, work: Work[Any]) -> Done[Any] | Undone:
        try:
            return Done(self.perform(note, work))
        except Exception as error:
            return Undone(error)

    def _perform_within(self, world: World, work: Work[Any]) -> Done[Any] | Undone:
        savepoint = world.savepoint()
        try:
            return Done(work(world))
        except ConflictError:
            raise
        except Exception as error:
            savepoint.rollback()
            return Undone(error)

    def _begin(self, manager: Any, note: str, mission: str) -> None:
        current = manager.begin()
        current.note(note)
        if mission:
            current.setExtendedInfo(MISSION_KEY, mission)

    def _commit(self, manager: Any) -> None:
        try:
            manager.commit()
        except OSError as error:
            raise unwritable(error, self.location) from error
