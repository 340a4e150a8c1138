"""Ranking by words and vectors: vectors made by hand here, where the first number says lion and the second zebra."""

from __future__ import annotations

import pytest

from battui.catalog.conditions import condition
from battui.catalog.hybrid import Nearness, VectorMemory, fused
from battui.catalog.passages import search
from battui.catalog.postings import Postings
from battui.catalog.ranking import Ranked
from battui.catalog.storing import merge, remove_document
from battui.catalog.vectors import put_vectors, vectors_of, without_vectors
from battui.image.history import list_history, take_back
from battui.image.image import Image
from tests.unit.catalog.library import draft, put, shelf

MODEL = "model by hand"
LION, ZEBRA = (1.0, 0.0), (0.0, 2.0)


def embed(image: Image) -> int:
    """Give every chunk that lacks one its vector; how many lacked."""
    lacking = image.read(lambda world: without_vectors(world, MODEL))
    made = [(number, ZEBRA if "stripes" in text or "zebra" in text else LION) for number, text in lacking]
    image.perform("embed", lambda world: put_vectors(world, MODEL, made))
    return len(made)


def near(
    image: Image, query: str, memory: VectorMemory, *where: str, vector: tuple[float, ...] = LION
) -> list[str]:
    asked = Nearness(MODEL, vector, memory)
    conditions = [condition(text) for text in where]
    found = image.read(lambda world: search(world, Postings(), query, where=conditions, near=asked))
    return [passage.document for passage in found]


@pytest.fixture
def zoo(image: Image) -> Image:
    put(
        image,
        draft("mane", "a mane and a roar", year=1),
        draft("lion", "the lion hunts", year=2),
        merged=True,
    )
    put(image, draft("stripes", "stripes in the grass", year=3))
    assert embed(image) == 3
    return image


def test_vectors_find_what_has_none_of_the_words(zoo: Image) -> None:
    assert near(zoo, "lion", VectorMemory())[:2] == ["lion", "mane"]
    assert near(zoo, "horse", VectorMemory(), vector=ZEBRA)[0] == "stripes"


def test_operators_and_conditions_decide_all_the_same(zoo: Image) -> None:
    assert near(zoo, "lion AND hunts", VectorMemory()) == ["lion"]
    assert near(zoo, '"lion hunts"', VectorMemory()) == ["lion"]
    assert near(zoo, "lion", VectorMemory(), "year=1") == ["mane"]


def test_vectors_follow_the_documents(zoo: Image) -> None:
    memory = VectorMemory()
    put(zoo, draft("mane", "stripes now"))
    assert "mane" in near(zoo, "stripes", memory)
    assert near(zoo, "horse", memory) == ["lion", "stripes"]
    assert embed(zoo) == 1
    assert near(zoo, "horse", memory, vector=ZEBRA)[:2] == ["stripes", "mane"]
    zoo.perform("remove", lambda world: remove_document(world, "lion"))
    assert "lion" not in near(zoo, "horse", memory)
    zoo.perform("merge", merge)
    assert zoo.read(lambda world: len(vectors_of(shelf(world), MODEL).places)) == 2  # type: ignore[union-attr]
    assert embed(zoo) == 0


def test_vectors_can_be_undone(zoo: Image) -> None:
    memory = VectorMemory()
    assert "stripes" in near(zoo, "horse", memory)
    (entry,) = (entry for entry in list_history(zoo) if entry.description == "embed")
    take_back(zoo, entry.transaction, "undo")
    assert near(zoo, "horse", memory) == []
    assert embed(zoo) == 3
    assert "stripes" in near(zoo, "horse", memory)


def test_another_model_starts_anew(zoo: Image) -> None:
    assert len(zoo.read(lambda world: without_vectors(world, "another"))) == 3
    zoo.perform("embed", lambda world: put_vectors(world, "another", [(0, LION)]))
    assert zoo.read(lambda world: vectors_of(shelf(world), MODEL)) is None
    assert near(zoo, "lion", VectorMemory()) == ["lion"]


def test_what_is_gone_before_its_vector_comes_gets_none(image: Image) -> None:
    put(image, draft("a", "a lion"))
    ((number, _),) = image.read(lambda world: without_vectors(world, MODEL))
    put(image, draft("a", "a zebra"))
    image.perform("embed", lambda world: put_vectors(world, MODEL, [(number, LION)]))
    assert embed(image) == 1


def test_places_in_two_rankings_are_added() -> None:
    words = [Ranked(1, 9.0), Ranked(2, 8.0), Ranked(3, 7.0)]
    vectors = [Ranked(3, 0.9), Ranked(2, 0.8), Ranked(4, 0.7)]
    found = fused((words, vectors), 4)
    assert [each.chunk for each in found] == [3, 2, 1, 4]
    assert found[0].score == pytest.approx(1 / 63 + 1 / 61)
