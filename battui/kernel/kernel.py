"""The kernel: one nursery tree that owns everything that lives in a running image.

    kernel
    ├── committer      the only writer
    ├── cells          the zygote and its children
    ├── inference      the engine's process
    ├── worker         one task a command
    ├── missions       one task a mission
    └── heartbeat

A child that dies takes the tree down in order; the image is closed last.
"""

from __future__ import annotations

from pathlib import Path

import trio

from battui.cell.sandbox import SandboxReport
from battui.contracts.activation import CellLimits
from battui.contracts.errors import Unreachable
from battui.contracts.generation import EngineOptions, EngineStatus, ModelFiles
from battui.contracts.portal import Portal
from battui.contracts.replies import KernelStatus
from battui.contracts.settings import Settings
from battui.image.image import Image
from battui.image.models import model_files
from battui.image.world import World
from battui.kernel.bus import Bus
from battui.kernel.cells import CellBlock
from battui.kernel.commands import Commands
from battui.kernel.committer import Committer
from battui.kernel.effects import Effects
from battui.kernel.heartbeat import Heartbeat
from battui.kernel.inference import Inference
from battui.kernel.ledger import Ledger
from battui.kernel.lines import Lines
from battui.kernel.mailbox import Mailbox
from battui.kernel.missions import Missions
from battui.kernel.portal import KernelPortal
from battui.kernel.services import Services
from battui.kernel.trials import Trials
from battui.kernel.worker import Worker
from battui.mind.cycle import active_cycles
from battui.mind.personas import shipped_personas
from battui.mind.states import MindContext, state_functions

DRAIN_SECONDS = 2.0


class Kernel:
    """Everything that runs while an image is open. Made in any thread, run in Trio's."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = trio.Event()
        self._portal: Portal | None = None

    @property
    def portal(self) -> Portal:
        """The door for front ends, once the kernel has started."""
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
            await self._live(image, task_status)
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(image.close)

    async def _live(self, image: Image, task_status: trio.TaskStatus[None]) -> None:
        settings = self._settings
        bus = Bus(settings.kernel.event_memory)
        mailbox = Mailbox(settings.kernel.mailbox)
        committer = Committer(image, settings.kernel.group)
        ledger = Ledger()
        limits = _limits(settings)
        model = await trio.to_thread.run_sync(
            image.read, lambda world: model_files(world, settings.engine.model)
        )

        def engine_changed(status: EngineStatus) -> None:
            bus.announce(
                "engine",
                status.message or status.state,
                data={"state": status.state, "progress": status.progress},
            )
            effects.engine_has_changed()

        inference = Inference(
            _engine_name(settings, model),
            model,
            EngineOptions(settings.engine.threads, settings.engine.parallel, settings.engine.context),
            log_path=Path(settings.state_dir) / "engine.log",
            announce=engine_changed,
        )
        cells = CellBlock(
            ahead=settings.cell.ahead, log=lambda text: bus.announce("cell", text, level="debug")
        )
        services = Services(inference, committer)
        trials = Trials(image, cells, services, bus, limits)
        effects = Effects(
            image=image,
            committer=committer,
            inference=inference,
            trials=trials,
            cells=cells,
            services=services,
            bus=bus,
            ledger=ledger,
            limits=limits,
        )
        context = MindContext(shipped_personas(), settings.mission)
        missions = Missions(
            committer=committer,
            effects=effects,
            bus=bus,
            ledger=ledger,
            context=context,
            functions=state_functions(),
        )
        lines = Lines(
            image=image,
            committer=committer,
            cells=cells,
            missions=missions,
            services=services,
            bus=bus,
            ledger=ledger,
            limits=limits,
        )
        heartbeat = Heartbeat(settings.heartbeat, committer, missions, ledger, bus)

        def status(world: World) -> KernelStatus:
            report = cells.guarantees()
            return KernelStatus(
                image=image.location,
                objects=len(world.lobby),
                open_missions=sum(1 for _ in active_cycles(world)),
                queued=mailbox.waiting,
                engine=inference.status,
                sandbox=_in_force(report),
                missing=report.absent,
                next_heartbeat_at=heartbeat.next_at,
            )

        worker = Worker(mailbox, bus, Commands(image, lines, missions, bus, status).perform)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(committer.run)
            await nursery.start(cells.run)
            await nursery.start(inference.run)
            await nursery.start(missions.run)
            nursery.start_soon(heartbeat.run)
            self._portal = KernelPortal(mailbox, bus)
            bus.announce("kernel", "started", about=image.location)
            task_status.started()
            async with trio.open_nursery() as working:
                working.start_soon(worker.run)
                await self._stop.wait()
                bus.announce("kernel", "stopping")
                mailbox.close()
                working.cancel_scope.deadline = trio.current_time() + DRAIN_SECONDS
            with trio.CancelScope(shield=True):
                await heartbeat.save_record()
            bus.end()
            nursery.cancel_scope.cancel()


def _limits(settings: Settings) -> CellLimits:
    cell = settings.cell
    return CellLimits(
        wall_s=cell.wall_s,
        cpu_s=cell.cpu_s,
        memory_bytes=cell.memory_mb << 20,
        output_bytes=cell.output_kb << 10,
    )


def _in_force(report: SandboxReport) -> tuple[str, ...]:
    guarantees = {
        f"landlock {report.landlock_abi}": report.landlock_abi > 0,
        "seccomp": report.seccomp,
        "limits": report.rlimits,
        "own user": report.own_uid,
        "no network": report.own_network,
    }
    return tuple(name for name, held in guarantees.items() if held)


def _engine_name(settings: Settings, model: ModelFiles | None) -> str:
    """`auto` is what can run the model at hand."""
    if settings.engine.name != "auto":
        return settings.engine.name
    return "llama.cpp" if model is not None else "none"
