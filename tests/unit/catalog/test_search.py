"""What is found: words, phrases, operators, metadata, in the index and in the queue alike."""

from __future__ import annotations

import random

import pytest

from battui.catalog.analysis import terms_of
from battui.catalog.index import ChunkIndex
from battui.catalog.passages import ranking, search
from battui.catalog.postings import Postings
from battui.catalog.query import Words
from battui.catalog.ranking import Ranked, rank
from battui.catalog.shelf import CATALOG
from battui.catalog.storing import merge, put_at_once, remove_document
from battui.contracts.errors import UsageError
from battui.image.image import Image
from battui.image.world import World
from tests.unit.catalog.library import draft, found, put, shelf

ZOO = (
    draft("lions", "The lions hunt at night in the grass", kind_of_text="fable", year=1990),
    draft("tigers", "Tigers hunt alone, and lions do not", year=2005),
    draft("zebras", "A zebra sleeps in the grass at night", year=2010),
)
QUERIES = [
    ("lion", {"lions", "tigers"}),
    ("hunting", {"lions", "tigers"}),
    ("the", set()),
    ("lion zebra", {"lions", "tigers", "zebras"}),
    ("lion AND grass", {"lions"}),
    ("lion AND NOT grass", {"tigers"}),
    ("lion NOT grass", {"tigers"}),
    ("lion -grass", {"tigers"}),
    ('"night in the grass"', {"lions"}),
    ('"grass night"', {"zebras"}),
    ('hunt "lions hunt"', {"lions"}),
    ("(lion OR zebra) AND night", {"lions", "zebras"}),
    ("alone OR sleeps", {"tigers", "zebras"}),
    ('"hunt alone" OR "zebra sleeps"', {"tigers", "zebras"}),
    ("NOT lion", {"zebras"}),
]


@pytest.mark.parametrize("merged", [False, True], ids=["queued", "merged"])
@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_queries(image: Image, query: str, expected: set[str], merged: bool) -> None:
    put(image, *ZOO, merged=merged)
    assert set(found(image, query)) == expected


@pytest.mark.parametrize("merged", [False, True], ids=["queued", "merged"])
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("kind_of_text=Fable", {"lions"}),
        ("year=2000..2020", {"tigers", "zebras"}),
        ("year=1990", {"lions"}),
        ("kind=text", {"lions", "tigers", "zebras"}),
        ("colour=red", set()),
    ],
)
def test_conditions(image: Image, where: str, expected: set[str], merged: bool) -> None:
    put(image, *ZOO, merged=merged)
    assert set(found(image, "lion OR zebra", where)) == expected


@pytest.mark.parametrize("query", ["(lion", "lion)", "lion AND", "NOT", "OR lion", "()", "-"])
def test_what_cannot_be_read_is_refused_in_words(image: Image, query: str) -> None:
    put(image, *ZOO)
    if query == "-":
        assert found(image, query) == []
        return
    with pytest.raises(UsageError, match=r"missing|closed"):
        found(image, query)


def test_words_have_their_stems_in_the_language_of_their_document(image: Image) -> None:
    put(image, draft("de", "Die Häuser und die Bäume", language="german"), *ZOO)
    assert found(image, "Haus") == ["de"]
    assert found(image, "und") == []
    assert found(image, "lions", "language=german") == []
    assert terms_of("naming_of_parts") == ["name", "part"]


def both(image: Image, query: str) -> tuple[tuple[Ranked, ...], list[tuple[int, float]]]:
    """The ten best by our ranking, and by zope.index's own scores: chunks and scores."""

    def look(world: World) -> tuple[tuple[Ranked, ...], list[tuple[int, float]]]:
        scores = shelf(world).index.search(query).items()
        best = sorted(scores, key=lambda item: (-item[1], item[0]))[:10]
        return rank(shelf(world), Postings(), Words(query)), best

    return image.read(look)


def test_scores_and_order_are_those_of_the_index_itself(image: Image) -> None:
    parts = (("lion", 4), ("tiger", 3), ("cub", 7))
    texts = [" ".join(word for word, cycle in parts for _ in range(number % cycle)) for number in range(200)]
    drafts = [draft(f"d{number}", text) for number, text in enumerate(texts)]
    image.perform("all", lambda world: put_at_once(world, drafts))
    for query in ("lion", "lion tiger", "cub lion tiger lion", "tiger unknown"):
        ranked, expected = both(image, query)
        assert [each.chunk for each in ranked] == [chunk for chunk, _ in expected]
        assert [each.score for each in ranked] == pytest.approx([score for _, score in expected])


@pytest.mark.parametrize("seed", range(8))
def test_near_ties_are_in_the_order_of_the_index_itself(image: Image, seed: int) -> None:
    draws = random.Random(seed)
    rare = ["lion", "tiger", "cub", "zebra", "otter", "heron"]
    common = ["water", "grass", "stone"]
    drafts = []
    for number in range(90):
        words = [*draws.sample(rare, 2), *draws.choices(common, k=3)] if number % 4 == 0 else common * 2
        drafts.append(draft(f"d{number}", " ".join(draws.sample(words, len(words)))))
    for half in (drafts[:45], drafts[45:]):
        image.perform("half", lambda world, half=half: put_at_once(world, half))  # type: ignore[misc]
    # As an index has its rare terms' chunks once it has been through many batches: in no order.
    image.perform("shuffle", lambda world: shuffled(shelf(world).index, draws))
    for query in ("lion tiger water", "cub zebra otter stone", "heron lion water grass stone", "lion otter"):
        ranked, expected = both(image, query)
        assert [each.chunk for each in ranked] == [chunk for chunk, _ in expected]


def shuffled(index: ChunkIndex, draws: random.Random) -> None:
    for number, held in index._wordinfo.items():
        if isinstance(held, dict):
            index._wordinfo[number] = dict(draws.sample(list(held.items()), len(held)))


def test_what_is_taken_out_leaves_nothing_behind(image: Image) -> None:
    put(image, *ZOO, merged=True)
    for each in ZOO:
        image.perform("remove", lambda world, key=each.key: remove_document(world, key))  # type: ignore[misc]
    assert found(image, "lion OR zebra") == []
    image.perform("merge", merge)

    def left(world: object) -> list[int]:
        held = shelf(world)  # type: ignore[arg-type]
        index = held.index
        counts = (index.documentCount(), index.wordCount(), index._totaldoclen())
        trees = (held.documents, held.queue, held.fields.words, held.fields.numbers)
        inner = (index._wordinfo, index._docweight, index._docwords)
        return [*counts, *map(len, trees), *map(len, inner)]

    assert set(image.read(left)) == {0}


def test_a_cache_sees_what_others_commit(image: Image) -> None:
    postings = Postings()
    put(image, *ZOO)
    assert found(image, "elephant", postings=postings) == []
    put(image, draft("elephants", "An elephant remembers"))
    assert found(image, "elephant", postings=postings) == ["elephants"]
    put(image, merged=True)
    assert found(image, "elephant", postings=postings) == ["elephants"]
    put(image, draft("elephants", "Nobody remembers"), merged=True)
    assert found(image, "elephant", postings=postings) == []
    assert found(image, "remembers", postings=postings) == ["elephants"]


def test_a_passage_shows_the_words_and_their_place(image: Image) -> None:
    filler = "Nothing of note stands in this sentence.\n" * 30
    put(image, draft("long", f"{filler}Here a lion\nand a tiger meet.\n{filler}"))
    (passage,) = image.read(lambda world: search(world, Postings(), "lions tigers"))
    marked = [passage.text[start:end] for start, end in passage.marks]
    assert marked == ["lion", "tiger"]
    assert len(passage.text) <= 320
    begins = f"{filler}Here a lion\nand a tiger meet.\n{filler}".split("\n")[passage.line - 1]
    assert passage.text.split("\n")[0] in begins


def test_a_ranking_names_each_document_once(image: Image) -> None:
    put(image, draft("many", *["a lion"] * 30), draft("one", "a lion and much else besides it"))
    ranked = image.read(lambda world: ranking(world, Postings(), "lion", top=2))
    assert [name for name, _ in ranked] == ["many", "one"]


def test_an_image_that_never_indexed_anything_has_nothing_to_find(image: Image) -> None:
    assert image.read(lambda world: search(world, Postings(), "lion")) == ()
    assert "shelf" not in image.read(lambda world: list(world.root[CATALOG]._slots))
