"""battui's catalog in an image on disk."""

from __future__ import annotations

import time
from functools import partial

from benchmarks.searching.collection import Rank, Rows

SINGLE_ADDS = 300


class Battui:
    """The catalog, on disk, with one commit for each batch that `battui index` would make."""

    def __init__(self, folder: str) -> None:
        from battui.image.image import Image

        self.image = Image.open(folder)
        self._connection = self.image.database.open()

    def close(self) -> None:
        self._connection.close()
        self.image.close()

    def build(self, documents: Rows) -> Rank:
        from battui.catalog.ingestion import Ingestion
        from battui.catalog.sources import Manner, given_source

        manner = Manner()
        ingestion = Ingestion(self.image, manner)
        for number, text in documents:
            ingestion.take(given_source(number, number, text.encode(), manner, kind="row"))
        ingestion.finish()
        return self.ranker()

    def ranker(self) -> Rank:
        """Names of documents are looked up beforehand, as the peers do."""
        from battui.catalog.postings import Postings
        from battui.catalog.query import Words
        from battui.catalog.ranking import rank
        from battui.catalog.shelf import chunk_numbers, shelf_of
        from battui.image.world import World

        self._connection.sync()
        world = World(self._connection)
        shelf, postings = shelf_of(world), Postings()
        assert shelf is not None
        names = {
            chunk: document.name for document in shelf.documents.values() for chunk in chunk_numbers(document)
        }
        return lambda text, top: [names[each.chunk] for each in rank(shelf, postings, Words(text), top=top)]

    def single_adds(self, documents: Rows) -> tuple[float, float]:
        """Durable one-document adds a second, and the same number of bare commits with an fsync each."""
        from battui.catalog.sources import Manner, draft_of, given_source
        from battui.catalog.storing import put_document
        from battui.image.world import World

        def put_number(world: World, number: int) -> None:
            world.lobby["bare"] = number

        manner = Manner()
        drafts = [
            draft_of(given_source(f"new {number}", number, text.encode(), manner, kind="row"), manner)
            for number, text in documents[:SINGLE_ADDS]
        ]
        begun = time.perf_counter()
        for draft in drafts:
            self.image.perform("add", partial(put_document, draft=draft))
        adds = len(drafts) / (time.perf_counter() - begun)
        begun = time.perf_counter()
        for number in range(SINGLE_ADDS):
            self.image.perform("bare", partial(put_number, number=number))
        return adds, SINGLE_ADDS / (time.perf_counter() - begun)
