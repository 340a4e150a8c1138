"""Several connections at once, and a merge that never got to its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from ZODB.POSException import ConflictError

from battui.catalog.storing import merge, put_document
from battui.image.image import Image
from battui.image.storage import DATA_FILE
from tests.unit.catalog.library import draft, found, kernel, put, shelf


def test_two_may_add_at_once_and_both_are_found(image: Image) -> None:
    put(image, *(draft(f"old{number}", "a tiger") for number in range(40)), merged=True)
    put(image, draft("b", "a zebra"))
    with kernel(image) as (one, first), kernel(image) as (other, second):
        put_document(one, draft("a", "a lion"))
        put_document(other, draft("old7", "a lion that was a tiger"))
        first.commit()
        second.commit()
    assert set(found(image, "lion")) == {"a", "old7"}
    assert len(found(image, "tiger", top=100)) == 40


def test_of_two_merges_at_once_one_begins_again(image: Image) -> None:
    put(image, draft("a", "a lion"), draft("b", "a tiger"))
    with kernel(image) as (one, first), kernel(image) as (other, second):
        merge(one)
        merge(other)
        first.commit()
        with pytest.raises(ConflictError):
            second.commit()
    assert image.read(lambda world: shelf(world).index.documentCount()) == 2
    assert found(image, "lion OR tiger") == ["a", "b"]


def test_a_merge_that_was_cut_off_leaves_the_queue_as_it_was(tmp_path: Path) -> None:
    """The process died while it wrote the transaction: the file ends in the middle of it."""
    with Image.open(str(tmp_path / "image")) as image:
        put(image, *(draft(f"d{number}", f"a lion and cub {number}") for number in range(20)))
        before = found(image, "lion")
        size = (tmp_path / "image" / DATA_FILE).stat().st_size
        image.perform("merge", merge)
    with (tmp_path / "image" / DATA_FILE).open("r+b") as file:
        file.truncate(size + 1000)
    (tmp_path / "image" / f"{DATA_FILE}.index").unlink(missing_ok=True)
    with Image.open(str(tmp_path / "image")) as image:
        assert image.read(lambda world: len(shelf(world).queue)) == 20
        assert found(image, "lion") == before
        image.perform("merge", merge)
        assert found(image, "lion") == before
