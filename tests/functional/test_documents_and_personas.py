"""Documents and personas come in and go through a running kernel: keyed, judged whole, found at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from battui.contracts.commands import ListHistory, Once, Undo
from battui.contracts.documents import Document, DocumentList, IndexDocuments, ListDocuments, RemoveDocuments
from battui.contracts.errors import Refused, UnknownObject, UsageError
from battui.contracts.personas import AddPersona, RemovePersona
from battui.contracts.replies import Answer, HistoryList
from tests.functional.conftest import BODIES, Life, Live, script_of

Scripted = Callable[[str], Path]
TOMATOES = Document("a", "tomatoes", b"Water the tomatoes every evening.")
NAMES = Document("b", "names", b"# Names\n\nA garden has many.", "markdown")
VERA = {"name": "VERA", "title": "the tester", "system_prompt": "You are Vera.", "adapter": None}


async def told(life: Life, *documents: Document, **more: Any) -> dict[str, Any]:
    reply = await life.submit(IndexDocuments(documents, **more))
    assert isinstance(reply, Answer)
    assert isinstance(reply.value, dict)
    return reply.value


async def found(life: Life, query: str) -> list[str]:
    passages: Any = (await life.line(f"knowledge_catalog_obj.search_(query={query!r})")).value
    return [passage["document"] for passage in passages]


async def keys(life: Life, **which: Any) -> list[str]:
    reply = await life.submit(ListDocuments(**which))
    assert isinstance(reply, DocumentList)
    return [document.key for document in reply.documents]


async def test_documents_are_found_left_alone_replaced_and_removed(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        first = {"indexed": 2, "unchanged": 0, "chunks": 2, "skipped": []}
        assert await told(life, TOMATOES, NAMES) == first
        assert await told(life, TOMATOES, NAMES) == {**first, "indexed": 0, "unchanged": 2, "chunks": 0}
        assert await found(life, "tomatoes") == ["tomatoes"]
        changed = await told(life, Document("a", "tomatoes", b"They like the sun."))
        assert changed["indexed"] == 1
        assert (await found(life, "evening"), await found(life, "sun")) == ([], ["tomatoes"])
        assert await keys(life) == ["a", "b"]
        assert await keys(life, after="a") == await keys(life, prefix="b") == ["b"]
        gone = await life.submit(RemoveDocuments(("a", "nowhere")))
        assert isinstance(gone, Answer)
        assert (gone.value, await found(life, "sun")) == (1, [])


async def test_a_batch_says_what_it_skips_and_takes_the_rest(
    scripted_image: Scripted, live: Live, tmp_path: Path
) -> None:
    large, link = tmp_path / "large.txt", tmp_path / "link.txt"
    large.write_text("It rained. " * 20_000)
    link.symlink_to(large)
    async with live(scripted_image(script_of(BODIES))) as life:
        value = await told(
            life,
            Document("l", "large", file=str(large)),
            Document("s", "link", file=str(link)),
            Document("n", "gone", file=str(tmp_path / "gone")),
            Document("e", "empty"),
            Document("p", "no PDF", b"none", "pdf"),
            Document("0", "binary", b"a\0b"),
        )
        assert value["indexed"] == 1
        assert {name for name, _ in value["skipped"]} == {"link", "gone", "empty", "no PDF", "binary"}
        with pytest.raises(UsageError, match="absolute path"):
            await told(life, Document("r", "relative", file="large.txt"))
        with pytest.raises(UsageError, match="language"):
            await told(life, TOMATOES, language="klingon")


async def test_a_keyed_batch_is_indexed_once_also_by_the_next_kernel(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    once = Once("batch 1", IndexDocuments((TOMATOES, NAMES)))
    async with live(folder) as life:
        first = await life.submit(once)
        assert await life.submit(once) == first
    async with live(folder) as life:
        assert await life.submit(once) == first
        history = await life.submit(ListHistory())
        assert isinstance(history, HistoryList)
        assert sum(entry.description == "index 2 documents" for entry in history.entries) == 1


async def test_personas_come_and_go_beside_missions(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        added = await life.submit(Once("vera", AddPersona(VERA)))
        assert isinstance(added, Answer)
        assert added.value == "VERA"
        assert await life.submit(Once("vera", AddPersona(VERA))) == added
        with pytest.raises(Refused, match="of this name"):
            await life.submit(AddPersona(VERA))
        assert (await life.line("personas_obj.VERA.title")).value == "the tester"
        await life.submit(AddPersona({**VERA, "title": "the second"}, replace=True))
        assert (await life.line("personas_obj.VERA.title")).value == "the second"
        await life.submit(RemovePersona("VERA"))
        with pytest.raises(UnknownObject):
            await life.submit(RemovePersona("VERA"))
        with pytest.raises(UsageError):
            await life.submit(AddPersona({"name": "NONE"}))
        history = await life.submit(ListHistory(limit=1))
        assert isinstance(history, HistoryList)
        await life.submit(Undo(history.entries[0].transaction))
        assert (await life.line("personas_obj.VERA.title")).value == "the second"
