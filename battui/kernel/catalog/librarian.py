"""The catalog in a running kernel: searched beside the commits, fed through them, merged in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import trio

from battui.catalog.analysis import DEFAULT_LANGUAGE, check_language
from battui.catalog.conditions import Condition, condition
from battui.catalog.hybrid import Nearness
from battui.catalog.passages import LONGEST, Passage, rarity, search
from battui.catalog.postings import Postings
from battui.catalog.shelf import shelf_of
from battui.catalog.sources import Manner, draft_of, given_source
from battui.catalog.storing import is_current, merge, put_document, remove_document
from battui.contracts.errors import (
    ArgumentMismatch,
    Conflict,
    EngineFailed,
    ImageUnwritable,
    ModelUnavailable,
)
from battui.contracts.values import Ref, Value
from battui.image.image import Image
from battui.image.world import World, oid_of
from battui.kernel.catalog.embedding import Embeddings
from battui.kernel.events.bus import Bus
from battui.kernel.transactions.committer import Committer
from battui.mind.briefs import WorkedExample
from battui.mind.recall import recalled
from battui.mind.steps import Recall

MOST_FOUND = 50
LONGEST_READ = 2400
"""Characters of a passage that a mission looks through for what it was asked: most chunks as a whole."""
LONGEST_NOTE = 1 << 20
NOTES = "note:"


class Librarian:
    """Performs what missions and messages ask of the catalog."""

    def __init__(
        self, image: Image, committer: Committer, bus: Bus, embeddings: Embeddings | None = None
    ) -> None:
        self._embeddings = embeddings
        self._image = image
        self._committer = committer
        self._bus = bus
        self._postings = Postings()
        self._queued = trio.Event()

    async def run(self) -> None:
        """Merge what is queued, now and whenever more comes, until cancelled."""
        while True:
            # Before looking, so that what comes meanwhile is not missed.
            queued = self._queued = trio.Event()
            try:
                if await self._left():
                    while await self._committer.perform("merge the catalog's queue", merge):
                        pass
                    self._bus.announce("kernel", "the catalog's queue is merged", level="debug")
                await self._fill()
            except (ImageUnwritable, Conflict, EngineFailed, ModelUnavailable) as error:
                # What is queued is found all the same; the next document brings the next try.
                self._bus.announce("error", str(error), level="warning")
            await queued.wait()

    def look_again(self) -> None:
        """Documents have come: see what is left to do for them."""
        self._queued.set()

    async def look_up(self, queries: Sequence[str], top: int) -> tuple[Passage, ...]:
        """The best passages for several queries in words, the best of each first, each passage once."""
        found = [await self._search(query, top, (), plain=True, longest=LONGEST_READ) for query in queries]
        ranked = sorted(
            ((place, passage) for passages in found for place, passage in enumerate(passages)),
            key=lambda pair: pair[0],
        )
        return tuple({passage.chunk: passage for _, passage in ranked}.values())[:top]

    async def rarity(self, query: str) -> Mapping[str, float]:
        """How much each term of a query tells, by how few chunks have it."""

        def work(world: World) -> Mapping[str, float]:
            return rarity(world, self._postings, query)

        return await trio.to_thread.run_sync(self._image.read, work)

    async def is_empty(self) -> bool:
        """Whether nothing has ever been indexed, and no method learned."""
        return await self._read(lambda world: shelf_of(world) is None)

    async def recall(self, wanted: Recall) -> tuple[WorkedExample, ...]:
        """Learned methods like the one that is wanted."""

        def work(world: World) -> tuple[WorkedExample, ...]:
            return recalled(world, self._postings, wanted.wanted, but=(wanted.holder, wanted.selector))

        return await trio.to_thread.run_sync(self._image.read, work)

    async def search(self, arguments: Mapping[str, Value]) -> Value:
        """`search_(query, top=, where=)`: passages as dictionaries, with a reference to each chunk."""
        top = arguments.get("top", 10)
        if not isinstance(top, int) or not 1 <= top <= MOST_FOUND:
            raise ArgumentMismatch(f"top is a number from 1 to {MOST_FOUND}", about="search_")
        found = await self._search(_text(arguments, "query"), top, _conditions(arguments.get("where")))
        return [_told(passage) for passage in found]

    async def index_document(self, arguments: Mapping[str, Value]) -> Value:
        """`index_document_(name, text, language=, metadata=)`: keep a text; a reference to its document."""
        name, text = _text(arguments, "name"), _text(arguments, "text")
        metadata = arguments.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise ArgumentMismatch("metadata is a dictionary", about="index_document_")
        language = check_language(str(arguments.get("language") or DEFAULT_LANGUAGE))
        manner = Manner(language=language, metadata=metadata)
        source = given_source(f"{NOTES}{name}", name, text.encode(), manner)
        draft = await trio.to_thread.run_sync(draft_of, source, manner)

        def put(world: World) -> Ref:
            document = put_document(world, draft)
            return Ref(oid_of(document))

        if await self._read(partial(is_current, key=source.key, content_hash=source.content_hash)):
            return None
        reference = await self._committer.perform(f"index {name}", put)
        self._queued.set()
        return reference

    async def unindex_document(self, arguments: Mapping[str, Value]) -> Value:
        """`unindex_document_(name)`: take a text out again; whether there was one."""
        name = _text(arguments, "name")
        gone = await self._committer.perform(
            f"unindex {name}",
            lambda world: remove_document(world, f"{NOTES}{name}") or remove_document(world, name),
        )
        self._queued.set()
        return gone

    async def _search(
        self, query: str, top: int, where: Sequence[Condition], *, plain: bool = False, longest: int = LONGEST
    ) -> tuple[Passage, ...]:
        near = await self._near(query)

        def work(world: World) -> tuple[Passage, ...]:
            return search(
                world, self._postings, query, top=top, where=where, plain=plain, longest=longest, near=near
            )

        return await trio.to_thread.run_sync(self._image.read, work)

    async def _near(self, query: str) -> Nearness | None:
        """The query's vector; None where vectors are off, or cannot be had now: then the words have to do."""
        if self._embeddings is None:
            return None
        try:
            return await self._embeddings.near(query)
        except (EngineFailed, ModelUnavailable) as error:
            self._bus.announce("error", str(error), level="warning")
            return None

    async def _fill(self) -> None:
        """Make the vectors that are lacking."""
        if self._embeddings is None:
            return
        made = 0
        while lacking := await trio.to_thread.run_sync(self._image.read, self._embeddings.lacking):
            await self._committer.perform("embed chunks", await self._embeddings.made(lacking))
            made += len(lacking)
        if made:
            self._bus.announce("kernel", "every chunk has its vector", level="debug")

    async def _left(self) -> bool:
        return bool(await self._read(_is_queued))

    async def _read(self, work: Callable[[World], bool]) -> bool:
        return await trio.to_thread.run_sync(self._image.read, work)


def _is_queued(world: World) -> bool:
    shelf = shelf_of(world)
    return shelf is not None and bool(shelf.queue)


def _told(passage: Passage) -> Value:
    return {
        "text": passage.text,
        "document": passage.document,
        "line": passage.line,
        "headings": list(passage.headings),
        "score": passage.score,
        "chunk": Ref(passage.chunk),
    }


def _conditions(where: Value) -> tuple[Condition, ...]:
    if where is None:
        return ()
    if not isinstance(where, dict):
        raise ArgumentMismatch(
            "where is a dictionary", about="search_", remedy="For example: {'kind': 'text'}"
        )
    return tuple(condition(f"{name}={value}") for name, value in where.items())


def _text(arguments: Mapping[str, Value], name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NOTE:
        raise ArgumentMismatch(f"{name} is a text of 1 to {LONGEST_NOTE} characters", about=name)
    return value
