"""The kernel: one nursery tree that owns everything that lives in a running image.

    kernel
    ├── committer      the only writer
    ├── cells          the zygote and its children
    ├── inference      the engine's process
    ├── experts        which adapters are in it
    ├── embeddings     another one, where vectors are turned on
    ├── missions       one task a mission
    ├── heartbeat
    ├── librarian      merges what is queued for the catalog
    └── worker         one task a command

A fault in any of them takes the tree down in order; the image is closed last.
"""

from __future__ import annotations

from contextlib import closing

import trio

from battui.contracts.errors import Unreachable
from battui.contracts.generation import ModelFiles
from battui.contracts.portal import Portal
from battui.contracts.settings import Settings
from battui.image.image import Image
from battui.kernel.catalog.embedding import embedding_model
from battui.kernel.experts.experts import incarnate_shipped
from battui.kernel.measures.metrics_endpoint import serve_metrics
from battui.kernel.organs import Organs, model_in_use
from battui.kernel.portal import KernelPortal

DRAIN_SECONDS = 2.0
"""How long accepted commands may take to finish once the end is asked for; missions resume on the next start."""


class Kernel:
    """Everything that runs while an image is open. Made in any thread, run in Trio's.

    `on_demand`: the engine starts when something has to be thought about. `at_rest`: for one command that looks, or
    changes the image by itself; no mission goes on, and neither cells nor an engine are there.
    """

    def __init__(self, settings: Settings, *, on_demand: bool = False, at_rest: bool = False) -> None:
        self._settings = settings
        self._on_demand = on_demand or at_rest
        self._at_rest = at_rest
        self._stop = trio.Event()
        self._portal: Portal | None = None

    @property
    def portal(self) -> Portal:
        """The door for front ends, once the kernel has started; raises Unreachable before."""
        if self._portal is None:
            raise Unreachable("the kernel has not started")
        return self._portal

    def stop(self) -> None:
        """Ask for an orderly end: what was accepted is finished or parked, then the image is closed."""
        self._stop.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Open the image and live until `stop`; raises BattuiError where the image cannot be had."""
        image = await trio.to_thread.run_sync(Image.open, self._settings.image)
        try:
            await trio.to_thread.run_sync(incarnate_shipped, image)
            model = await trio.to_thread.run_sync(
                image.read, lambda world: model_in_use(world, self._settings)
            )
            embedding = None if self._at_rest else await trio.to_thread.run_sync(self._embedding, image)
            organs = Organs(image, self._settings, model, embedding, on_demand=self._on_demand)
            with closing(organs.log):
                await self._live(organs, task_status)
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(image.close)

    def _embedding(self, image: Image) -> ModelFiles | None:
        return image.read(lambda world: embedding_model(world, self._settings))

    async def _live(self, organs: Organs, task_status: trio.TaskStatus[None]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(organs.committer.run)
            await nursery.start(organs.inference.run)
            await nursery.start(organs.experts.run)
            if not self._at_rest:
                await self._wake(organs, nursery)
            self._portal = KernelPortal(organs.mailbox, organs.bus, organs.metrics)
            if not self._at_rest:
                organs.bus.announce("kernel", "started", about=self._settings.image)
            if self._settings.metrics.port and not self._at_rest:
                nursery.start_soon(serve_metrics, self._portal, self._settings.metrics.port, organs.bus)
            task_status.started()
            await self._work(organs)
            with trio.CancelScope(shield=True):
                await organs.heartbeat.save_record()
            organs.bus.end()
            nursery.cancel_scope.cancel()

    async def _wake(self, organs: Organs, nursery: trio.Nursery) -> None:
        """Start what thinks and what runs learned code."""
        await nursery.start(organs.cells.run)
        nursery.start_soon(organs.foresee)
        if organs.embeddings is not None:
            await nursery.start(organs.embeddings.engine.run)
        await nursery.start(organs.missions.run)
        nursery.start_soon(organs.heartbeat.run)
        nursery.start_soon(organs.librarian.run)

    async def _work(self, organs: Organs) -> None:
        """Serve until the end is asked for, then give what was accepted a moment to finish."""
        async with trio.open_nursery() as working:
            working.start_soon(organs.worker.run)
            await self._stop.wait()
            if not self._at_rest:
                organs.bus.announce("kernel", "stopping")
            organs.mailbox.close()
            working.cancel_scope.deadline = trio.current_time() + DRAIN_SECONDS
