"""Whatever is done to the catalog, in whatever order: search agrees with a catalog made afresh."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from ZODB.POSException import ConflictError

from battui.catalog.postings import Postings
from battui.catalog.storing import merge, put_at_once, put_document, remove_document
from battui.contracts.errors import Conflict
from battui.image.history import list_history, take_back
from battui.image.image import Image
from battui.image.storage import DATA_FILE
from battui.image.world import World
from tests.unit.catalog.library import draft, kernel, scored, shelf

KEYS = st.sampled_from(["a", "b", "c", "d", "e"])
WORDS = ["lion", "lions", "tiger", "zebra", "the", "cub", "hunts", "sleeps"]
UNDONE = ("put", "put many", "remove", "merge", "undo")
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=3)


class Catalog(RuleBasedStateMachine):
    """Index, edit, delete, merge, undo, crash and race, read through a cache that is never thrown away."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.image = Image.open(str(Path(self.folder.name) / "image"))
        self.postings = Postings()
        self.late = Postings()
        self.image.perform("first", lambda world: put_document(world, draft("first", "lion and tiger")))

    @rule(key=KEYS, texts=TEXTS)
    def put(self, key: str, texts: list[str]) -> None:
        self.image.perform("put", lambda world: put_document(world, draft(key, *texts)))

    @rule(keys=st.lists(KEYS, min_size=1, unique=True), texts=TEXTS)
    def put_many(self, keys: list[str], texts: list[str]) -> None:
        self.image.perform("put many", lambda world: put_at_once(world, [draft(key, *texts) for key in keys]))

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        self.image.perform("remove", lambda world: remove_document(world, key))

    @rule(most=st.integers(1, 3))
    def merge(self, most: int) -> None:
        self.image.perform("merge", lambda world: merge(world, most))

    @rule(back=st.integers(0, 4))
    def undo(self, back: int) -> None:
        entries = [entry for entry in list_history(self.image) if entry.description in UNDONE]
        if back < len(entries):
            try:
                take_back(self.image, entries[back].transaction, "undo")
            except Conflict:
                # Later changes build on it: then nothing has happened at all.
                return

    @rule(texts=TEXTS)
    def look_before_commit(self, texts: list[str]) -> None:
        """What a unit of work sees of its own changes must not stay when it is given up."""

        def look(world: World) -> None:
            put_document(world, draft("never kept", *texts))
            merge(world, 2)
            assert scored(world, " ".join(WORDS), self.postings) == _afresh(world)

        self.image.read(look)

    @rule(most=st.integers(1, 3), share=st.floats(0, 1))
    def crash_in_merge(self, most: int, share: float) -> None:
        """The process dies while it writes a merge: so much of the transaction is in the file, and no more."""
        file = Path(self.folder.name) / "image" / DATA_FILE
        before = file.stat().st_size
        self.image.perform("merge", lambda world: merge(world, most))
        written = file.stat().st_size - before
        self.image.close()
        with file.open("r+b") as opened:
            opened.truncate(before + int(written * share))
        file.with_name(f"{DATA_FILE}.index").unlink(missing_ok=True)
        self.image = Image.open(str(file.parent))

    @rule(key=KEYS, texts=TEXTS, other=KEYS, most=st.integers(1, 3), merging=st.booleans())
    def two_at_once(self, key: str, texts: list[str], other: str, most: int, merging: bool) -> None:
        """Two kernels write without having seen each other; the second may have to begin again."""
        with kernel(self.image) as (one, first), kernel(self.image) as (two, second):
            put_document(one, draft(key, *texts))
            if merging:
                merge(two, most)
            else:
                remove_document(two, other)
            assert scored(two, " ".join(WORDS), self.postings) == _afresh(two)
            first.commit()
            try:
                second.commit()
            except ConflictError:
                return

    @rule(key=KEYS, texts=TEXTS)
    def an_older_view(self, key: str, texts: list[str]) -> None:
        """A kernel that has not gone on sees what it saw, whatever others have committed and asked meanwhile."""
        with kernel(self.image) as (world, _):
            before = scored(world, " ".join(WORDS), self.postings)
            self.image.perform("put many", lambda other: put_at_once(other, [draft(key, *texts)]))
            self.image.read(self._agrees)
            assert scored(world, " ".join(WORDS), self.postings) == before == _afresh(world)

    @rule()
    def second_kernel_looks(self) -> None:
        """Its own cache has not seen what happened since it last looked."""
        asked = " ".join(WORDS)
        self.image.read(lambda world: self._same(scored(world, asked, self.late), _afresh(world)))

    @staticmethod
    def _same(found: object, expected: object) -> None:
        assert found == expected

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "image"):
            self.image.read(self._agrees)

    def _agrees(self, world: World) -> None:
        asked = " ".join(WORDS)
        assert scored(world, asked, self.postings) == _afresh(world)
        if not shelf(world).queue:
            index = shelf(world).index
            index_says = sorted(index.search(asked).items()) if index.documentCount() else []
            ours = [(chunk, score) for chunk, score in index_says if score > 0]
            assert len(ours) == len(scored(world, asked, self.postings))

    def teardown(self) -> None:
        if hasattr(self, "image"):
            self.image.close()
            self.folder.cleanup()


def _afresh(world: World) -> list[tuple[str, int, float]]:
    """The same documents in a new image, merged in one go, asked through a new cache."""
    drafts = [
        draft(key, *[chunk.text for chunk in document.chunks])
        for key, document in shelf(world).documents.items()
    ]
    with TemporaryDirectory() as folder, Image.open(folder) as image:
        image.perform("all", lambda other: put_at_once(other, drafts))
        return image.read(lambda other: scored(other, " ".join(WORDS), Postings()))


Catalog.TestCase.settings = settings(max_examples=14, stateful_step_count=16, deadline=None)
TestCatalog = Catalog.TestCase
