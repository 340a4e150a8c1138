"""What a running image consists of, made and connected in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, cast

import trio

from battui.cell.sandbox import SandboxReport
from battui.contracts.activation import CellLimits
from battui.contracts.events import Level
from battui.contracts.generation import EngineOptions, EngineStatus, ModelFiles
from battui.contracts.replies import KernelStatus
from battui.contracts.settings import CellSettings, EngineSettings, Settings
from battui.contracts.values import Value
from battui.image.image import Image
from battui.image.models import model_files
from battui.image.world import World
from battui.kernel.activation.activations import Activations
from battui.kernel.activation.senders import Senders
from battui.kernel.activation.services import Services
from battui.kernel.activation.trials import Trials
from battui.kernel.catalog.embedding import Embeddings
from battui.kernel.catalog.librarian import Librarian
from battui.kernel.cells.cells import CellBlock
from battui.kernel.commands.catalog_commands import CatalogCommands
from battui.kernel.commands.commands import Commands
from battui.kernel.commands.lines import Lines
from battui.kernel.commands.model_commands import ModelCommands
from battui.kernel.commands.stats import Figures
from battui.kernel.events.bus import Bus
from battui.kernel.events.event_log import EventLog
from battui.kernel.experts.expert_memory import ExpertMemory
from battui.kernel.experts.experts import method_expert
from battui.kernel.experts.foresight import foresee
from battui.kernel.experts.warm_shelf import Move
from battui.kernel.heartbeat import Heartbeat
from battui.kernel.inference.inference import Inference
from battui.kernel.inference.loadout import WholeLoadout
from battui.kernel.measures.metrics import Metrics
from battui.kernel.messages.mailbox import Mailbox
from battui.kernel.missions.effects import Effects
from battui.kernel.missions.missions import Missions
from battui.kernel.transactions.committer import Committer
from battui.kernel.transactions.ledger import Ledger
from battui.kernel.worker import Worker
from battui.mind.briefs import Persona
from battui.mind.cycle import active_cycles
from battui.mind.method_form import MethodExpert
from battui.mind.personas import personas_in, shipped_personas
from battui.mind.states import MindContext, state_functions


class Organs:
    """The parts of one kernel. Nothing runs yet; the kernel's nursery gives them life."""

    def __init__(
        self,
        image: Image,
        settings: Settings,
        model: ModelFiles | None,
        embedding: ModelFiles | None = None,
        *,
        on_demand: bool = False,
    ) -> None:
        self._image = image
        self._settings = settings
        self.embeddings = Embeddings(settings, embedding) if embedding is not None else None
        self.log = EventLog(settings)
        self.bus = Bus(settings.kernel.event_memory, self.log.write)
        self.mailbox = Mailbox(settings.kernel.mailbox)
        self.metrics = Metrics()
        self.committer = Committer(image, settings.kernel.group)
        self.cells = CellBlock(ahead=settings.cell.ahead, log=self._note_cell)
        self.experts = self._expert_memory(settings, model)
        self._models = ModelCommands(
            image,
            self.experts,
            settings.engine.model,
            pinned=settings.mission.expert,
            announce=self.bus.announce,
        )
        self.inference = Inference(
            engine_name(settings.engine, model),
            model,
            engine_options(settings),
            log_path=settings.state_dir / "engine.log",
            announce=self._note_engine,
            loadout=WholeLoadout() if serves_elsewhere(settings.engine) else self.experts,
            on_demand=on_demand,
        )
        ledger = Ledger()
        limits = cell_limits(settings.cell)
        self.librarian = Librarian(image, self.committer, self.bus, self.embeddings)
        services = Services(self.inference, self.committer, self.librarian, self.experts)
        activations = Activations(
            image=image, cells=self.cells, services=services, ledger=ledger, bus=self.bus, limits=limits
        )
        self._effects = Effects(
            committer=self.committer,
            inference=self.inference,
            trials=Trials(image, self.cells, services, self.bus, limits),
            senders=Senders(self.committer, activations, self.bus),
            librarian=self.librarian,
            bus=self.bus,
            ledger=ledger,
        )
        self.missions = Missions(
            committer=self.committer,
            effects=self._effects,
            bus=self.bus,
            ledger=ledger,
            context=MindContext(shipped_personas(), settings.mission, self._expert(settings.mission.expert)),
            functions=state_functions(),
        )
        self.heartbeat = Heartbeat(settings.heartbeat, self.committer, self.missions, ledger, self.bus)
        lines = Lines(
            committer=self.committer,
            activations=activations,
            missions=self.missions,
            services=services,
            bus=self.bus,
        )
        commands = Commands(
            image=image,
            lines=lines,
            missions=self.missions,
            committer=self.committer,
            bus=self.bus,
            status=self.status,
            models=self._models,
            catalog=CatalogCommands(image, self.librarian.look_again),
            stats=Figures(self.metrics, self.mailbox, ledger, self.inference, self.experts, self.cells).stats,
        )
        self.worker = Worker(self.mailbox, self.bus, commands.perform)

    async def foresee(self) -> None:
        """Make experts ready that plans name, until cancelled."""
        await foresee(self.bus, self._personas, self._settings.mission.expert, self.experts.prefetch)

    async def _personas(self) -> Mapping[str, Persona]:
        return await trio.to_thread.run_sync(self._image.read, personas_in)

    def _expert(self, name: str) -> Callable[[], MethodExpert | None]:
        return lambda: method_expert(self.experts.model, name)

    def _expert_memory(self, settings: Settings, model: ModelFiles | None) -> ExpertMemory:
        return ExpertMemory(
            model,
            engine_budget=settings.engine.adapters_mb << 20,
            warm_budget=settings.engine.warm_mb << 20,
            cache=str(settings.cache_dir),
            moved=self._note_move,
            refused=self._note_refused,
            pins=self._pins,
            restart=self._restart_engine,
            ready=self._engine_ready,
        )

    async def _pins(self) -> tuple[str, ...]:
        return await self._models.pins()

    def _restart_engine(self, model: ModelFiles | None) -> None:
        if not serves_elsewhere(self._settings.engine):
            self.inference.use(engine_name(self._settings.engine, model), model)

    async def _engine_ready(self) -> None:
        await self.inference.describe()

    def status(self, world: World) -> KernelStatus:
        """How the kernel is."""
        report = self.cells.guarantees()
        return KernelStatus(
            image=self._image.location,
            objects=world.size,
            open_missions=sum(1 for _ in active_cycles(world)),
            queued=self.mailbox.waiting,
            engine=self.inference.status,
            sandbox=in_force(report),
            missing=report.absent,
            next_heartbeat_at=self.heartbeat.next_at,
            sequence=self.bus.sequence,
        )

    def _note_engine(self, status: EngineStatus) -> None:
        level: Level = "warning" if status.state in ("absent", "failed") else "info"
        self.bus.announce(
            "engine",
            status.message or engine_words(status),
            level=level,
            data={"state": status.state, "progress": status.progress},
        )
        self._effects.engine_has_changed()

    def _note_move(self, move: Move) -> None:
        ms = round(move.seconds * 1000)
        data: dict[str, Value] = {"adapter": move.adapter, "from": move.source, "to": move.target}
        self.bus.announce(
            "expert",
            f"{move.adapter}: {move.source} to {move.target}, {move.bytes / (1 << 20):.1f} MiB, {ms} ms",
            about=move.adapter,
            data={**data, "bytes": move.bytes, "ms": ms},
        )

    def _note_refused(self, name: str, reason: str) -> None:
        data: dict[str, Value] = {"adapter": name, "to": "refused", "reason": reason}
        self.bus.announce("expert", f"{name} is not used: {reason}", level="warning", about=name, data=data)

    def _note_cell(self, text: str) -> None:
        self.bus.announce("cell", text, level="debug")


def cell_limits(cell: CellSettings) -> CellLimits:
    """The settings in the units of a cell."""
    return CellLimits(
        wall_s=cell.wall_s,
        cpu_s=cell.cpu_s,
        memory_bytes=cell.memory_mb << 20,
        output_bytes=cell.output_kb << 10,
    )


def engine_options(settings: Settings) -> EngineOptions:
    """How the engine is to use this machine."""
    engine = settings.engine
    return EngineOptions(
        engine.threads,
        engine.parallel,
        engine.context,
        cache=str(settings.cache_dir),
        url=engine.url,
        kv=cast(Literal["fp16", "q8", "q6", "q4"], engine.kv),  # the settings know no other
    )


def engine_words(status: EngineStatus) -> str:
    """The engine's state for a person."""
    if status.state == "loading":
        return f"loading, {status.progress:.0%}"
    if status.description is not None:
        return f"{status.description.name} with {status.description.model}"
    return status.state


def engine_name(engine: EngineSettings, model: ModelFiles | None) -> str:
    """`auto` is the server where one is named, else what reads such a model: without one llama.cpp."""
    if engine.name != "auto":
        return engine.name
    if engine.url:
        return "openai"
    whole_folder = model is not None and "config.json" in model.files
    return "exllamav2" if whole_folder else "llama.cpp"


def serves_elsewhere(engine: EngineSettings) -> bool:
    """Whether a server generates: models and adapters are its own then, not the image's."""
    return engine_name(engine, None) == "openai"


def model_in_use(world: World, settings: Settings) -> ModelFiles | None:
    """The model that the engine is to load, or of a server's one the name. Raises UnknownObject."""
    if serves_elsewhere(settings.engine):
        return ModelFiles(settings.engine.model, "", {})
    return model_files(world, settings.engine.model)


def in_force(report: SandboxReport) -> tuple[str, ...]:
    """The guarantees that cells have here, in a word or two each."""
    guarantees = {
        f"landlock {report.landlock_abi}": report.landlock_abi > 0,
        "seccomp": report.seccomp,
        "limits": report.rlimits,
        "own user": report.own_uid,
        "no network": report.own_network,
    }
    return tuple(name for name, held in guarantees.items() if held)
