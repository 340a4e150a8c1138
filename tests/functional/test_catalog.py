"""The catalog in a running kernel: by message, in missions, merged in the background, and through a kill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from battui.catalog.shelf import CATALOG
from battui.catalog.storing import put_document
from battui.contracts.commands import Undo
from battui.contracts.errors import MissionFailed
from battui.image.image import Image
from tests.functional.conftest import BODIES, Live, script_of
from tests.unit.catalog.library import draft, found, shelf

Scripted = Callable[[str], Path]
MAKE = "account = genesis_obj.clone(balance=100)"
NOTE = "knowledge_catalog_obj.index_document_(name='rules', text='An account below zero is overdrawn.')"
SOURCE = (
    "[[rules]]\nmatch = 'From memory: .rules:1. An account below zero'\nanswers = ['Below zero (rules:1).']\n"
)


def queue_length(image: Image) -> int:
    return image.read(lambda world: len(shelf(world).queue))


async def test_objects_search_by_message(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        assert (await life.line("knowledge_catalog_obj.search_(query='overdrawn')")).value == []
        await life.line(NOTE)
        (passage,) = await life.records("knowledge_catalog_obj.search_(query='overdrawn accounts')")
        assert (passage["document"], passage["line"]) == ("rules", 1)
        assert (await life.line("knowledge_catalog_obj.unindex_document_(name='rules')")).value is True
        assert (await life.line("knowledge_catalog_obj.search_(query='overdrawn')")).value == []


async def test_learned_code_may_search_and_not_change_the_catalog(
    scripted_image: Scripted, live: Live
) -> None:
    bodies = {
        "def find": [
            "\n    return [each['document'] for each in self.search_(query='overdrawn', where={'kind': 'text'})]\n"
        ],
        "def forget": ["\n    return self.unindex_document_(name='rules')\n"],
    }
    async with live(scripted_image(script_of(bodies)), mission__attempts=1) as life:
        await life.line(f"reader = {CATALOG}.clone()")
        await life.line(NOTE)
        assert (await life.line("reader.find_()")).value == ["rules"]
        with pytest.raises(MissionFailed):
            await life.line("reader.forget_()")
        assert (await life.line("reader.find_()")).value == ["rules"]


async def test_a_question_is_answered_from_what_was_indexed_and_names_its_source(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES, SOURCE))) as life:
        await life.line(MAKE)
        await life.line(NOTE)
        answer = await life.line("account ? 'When is an account overdrawn?'")
        assert answer.value == "Below zero. (rules:1)"
        assert (await life.mission(answer.mission)).sources == ("rules:1",)


async def test_a_wrong_answer_gives_way_to_what_stands_there(scripted_image: Scripted, live: Live) -> None:
    async with live(
        scripted_image(script_of(BODIES, SOURCE.replace("Below zero", "Above a million")))
    ) as life:
        await life.line(MAKE)
        await life.line(NOTE)
        answer = await life.line("account ? 'When is an account overdrawn?'")
        assert answer.value == "An account below zero is overdrawn. (rules:1)"


async def test_what_nothing_speaks_of_is_not_answered(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(NOTE)
        answer = await life.line("account ? 'Who painted the cathedral of the account?'")
        assert answer.value == (
            "I do not know. What I looked at does not speak of painted, cathedral. "
            "I looked at rules:1, account.balance."
        )
        assert (await life.mission(answer.mission)).sources == ()


async def test_what_is_queued_is_merged_by_the_kernel(scripted_image: Scripted, live: Live) -> None:
    folder = scripted_image(script_of(BODIES))
    with Image.open(str(folder)) as image:
        image.perform("queue", lambda world: put_document(world, draft("a", "a lion")))
    async with live(folder) as life:
        found_there = await life.records(f"{CATALOG}.search_(query='lion')")
        assert [each["document"] for each in found_there] == ["a"]
        await life.until(lambda event: "merged" in event.text)
    with Image.open(str(folder)) as image:
        assert queue_length(image) == 0
        assert found(image, "lion") == ["a"]


async def test_what_was_learned_is_found_until_it_is_undone(scripted_image: Scripted, live: Live) -> None:
    looked = f"{CATALOG}.search_(query='add to the balance', where={{'kind': 'skill'}})"
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line("account.deposit_(amount=50)   # add amount to balance")
        (skill,) = await life.records(looked)
        assert skill["document"] == "account.deposit_"
        assert "self.balance += amount" in str(skill["text"])
        await life.submit(Undo("m1"))
        assert (await life.line(looked)).value == []


async def test_vectors_are_made_in_the_background_and_find_what_words_do_not(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(f"{script_of(BODIES)}\n[meanings]\novertaxed = 'overdrawn'\n")
    asked = "knowledge_catalog_obj.search_(query='overtaxed')"
    async with live(folder, catalog__embeddings="script") as life:
        await life.line(NOTE)
        await life.until(lambda event: "has its vector" in event.text)
        assert [each["document"] for each in await life.records(asked)] == ["rules"]
    async with live(folder) as life:
        assert (await life.line(asked)).value == []


POLISH = "\n    self.shine += gloss * 7\n    self._p_changed = True\n"
SHOWN = r"(?s)# .*add gloss times seven to shine.*self\.shine \+= gloss \* 7.*def rub_"


async def test_a_learned_method_is_a_worked_example_for_the_next_mission(
    scripted_image: Scripted, live: Live
) -> None:
    """The script writes the second method only where the first one stands in the prompt."""
    script = script_of({"def polish_": [POLISH], SHOWN: [POLISH], "def rub_": ["\n    return undefined\n"]})
    async with live(scripted_image(script), mission__attempts=1) as life:
        await life.line("spoon = genesis_obj.clone(shine=0)")
        await life.line("fork = genesis_obj.clone(shine=1)")
        await life.line("spoon.polish_(gloss=1)   # add gloss times seven to shine => self.shine == 7")
        await life.line("fork.rub_(gloss=2)   # add gloss times seven to shine => self.shine == 15")
        assert (await life.line("fork.shine")).value == 15


async def test_what_was_undone_is_no_example(scripted_image: Scripted, live: Live) -> None:
    script = script_of({"def polish_": [POLISH], SHOWN: [POLISH], "def rub_": ["\n    return undefined\n"]})
    async with live(scripted_image(script), mission__attempts=1) as life:
        await life.line("spoon = genesis_obj.clone(shine=0)")
        await life.line("spoon.polish_(gloss=1)   # add gloss times seven to shine => self.shine == 7")
        await life.submit(Undo("m1"))
        with pytest.raises(MissionFailed):
            await life.line("spoon.rub_(gloss=2)   # add gloss times seven to shine => self.shine == 14")


def test_an_image_from_before_learns_to_search(tmp_path: Path) -> None:
    with Image.open(str(tmp_path / "image")) as image:
        image.perform("as it was", lambda world: delattr(world.root[CATALOG], "search_"))
    with Image.open(str(tmp_path / "image")) as image:
        assert "search_" in image.read(lambda world: list(world.root[CATALOG]._slots))
