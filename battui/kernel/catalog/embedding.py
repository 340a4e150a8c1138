"""Vectors for chunks and queries: an engine process of its own, beside the one that generates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread
from types import TracebackType

import trio

from battui.catalog.hybrid import Nearness, VectorMemory
from battui.catalog.vectors import lacking_vectors, put_vectors, without_vectors
from battui.contracts.generation import EngineOptions, EngineStatus, ModelFiles
from battui.contracts.settings import Settings
from battui.image.image import Image
from battui.image.models import model_files
from battui.image.world import World
from battui.kernel.inference.inference import Inference

TOGETHER = 64
"""Chunks that are embedded and committed at a time: what a crash, or an impatient user, can lose."""


def embedding_model(world: World, settings: Settings) -> ModelFiles | None:
    """The model that the settings name; None where vectors are turned off. Raises UnknownObject."""
    name = settings.catalog.embeddings
    return model_files(world, name) if name else None


def embedding_engine(settings: Settings, model: ModelFiles) -> Inference:
    """The engine for it; not yet running."""
    engine = "scripted" if settings.engine.name == "scripted" else "llama.cpp"
    options = EngineOptions(settings.engine.threads, 1, settings.engine.context)
    return Inference(
        engine, model, options, log_path=settings.state_dir / "embeddings.log", announce=_unannounced
    )


class Embeddings:
    """One model's vectors: the engine that makes them, and those of the image as they are remembered."""

    def __init__(self, settings: Settings, model: ModelFiles) -> None:
        self.engine = embedding_engine(settings, model)
        self.model = model.sha256
        self._memory = VectorMemory()

    async def near(self, query: str) -> Nearness:
        """The query as a search by vectors needs it; raises what the engine raises."""
        (vector,) = await self.engine.embed([query])
        return Nearness(self.model, vector, self._memory)

    def lacking(self, world: World) -> list[tuple[int, str]]:
        """The next chunks without a vector: number and text."""
        return without_vectors(world, self.model, TOGETHER)

    async def made(self, lacking: Sequence[tuple[int, str]]) -> Callable[[World], None]:
        """Their vectors, as work that puts them into the image."""
        vectors = await self.engine.embed([text for _, text in lacking])
        pairs = [(number, vector) for (number, _), vector in zip(lacking, vectors, strict=True)]
        return lambda world: put_vectors(world, self.model, pairs)


class EmbeddingThread:
    """Embeddings for commands without a kernel: the engine lives in a thread while the context lasts."""

    def __init__(self, settings: Settings, model: ModelFiles) -> None:
        self._embeddings = Embeddings(settings, model)
        self._began = Event()
        self._token: trio.lowlevel.TrioToken | None = None
        self._end: trio.Event | None = None
        self._thread = Thread(target=trio.run, args=(self._live,), name="embeddings")

    def __enter__(self) -> EmbeddingThread:
        self._thread.start()
        self._began.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._token is not None
        assert self._end is not None
        self._token.run_sync_soon(self._end.set)
        self._thread.join()

    def near(self, query: str) -> Nearness:
        """The query as a search by vectors needs it; raises what the engine raises."""
        return trio.from_thread.run(self._embeddings.near, query, trio_token=self._token)

    def count_lacking(self, world: World) -> int:
        """How many chunks have no vector yet."""
        return sum(1 for _ in lacking_vectors(world, self._embeddings.model))

    def fill(self, image: Image) -> Iterator[int]:
        """Make the vectors that are lacking, some chunks a commit; yield how many after each."""
        while lacking := image.read(self._embeddings.lacking):
            put = trio.from_thread.run(self._embeddings.made, lacking, trio_token=self._token)
            image.perform(f"embed {len(lacking)} chunks", put)
            yield len(lacking)

    async def _live(self) -> None:
        self._token, self._end = trio.lowlevel.current_trio_token(), trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(self._embeddings.engine.run)
            self._began.set()
            await self._end.wait()
            nursery.cancel_scope.cancel()


def _unannounced(_status: EngineStatus) -> None:
    """Nobody watches: whoever needs a vector is told where there is none."""
