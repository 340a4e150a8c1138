"""What states ask for, performed: the engine, the guardian and the cell, the record, the sender's answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import outcome
import trio

from battui.contracts.activation import Activation, CellAnswer, CellLimits
from battui.contracts.errors import BattuiError, Conflict
from battui.contracts.generation import GenerationRequest, GenerationResult
from battui.contracts.values import Value
from battui.image.changes import apply_changes, stored_result
from battui.image.image import Image
from battui.image.objects import UvmObject
from battui.image.snapshot import Snapshot
from battui.image.world import World, oid_of, wire
from battui.kernel.bus import Bus
from battui.kernel.cells import CellBlock
from battui.kernel.committer import Committer
from battui.kernel.failures import error_of
from battui.kernel.inference import Inference
from battui.kernel.ledger import Ledger
from battui.kernel.rendering import rendered
from battui.kernel.services import Services
from battui.kernel.trials import Trials
from battui.mind.cycle import cycle_of, settle
from battui.mind.steps import (
    AnswerSender,
    Errand,
    Generate,
    Generated,
    Outcome,
    ReadRecord,
    RecordRead,
    Tried,
    TryCandidates,
)

ATTEMPTS = 8


class Effects:
    """Performs effects; an effect under way when the kernel dies is performed again on the next start."""

    def __init__(
        self,
        *,
        image: Image,
        committer: Committer,
        inference: Inference,
        trials: Trials,
        cells: CellBlock,
        services: Services,
        bus: Bus,
        ledger: Ledger,
        limits: CellLimits,
    ) -> None:
        self._image = image
        self._committer = committer
        self._inference = inference
        self._trials = trials
        self._cells = cells
        self._services = services
        self._bus = bus
        self._ledger = ledger
        self._limits = limits
        self._engine_changed = trio.Event()

    def engine_has_changed(self) -> None:
        """The engine's state is another one now: wake the missions that wait for it."""
        changed, self._engine_changed = self._engine_changed, trio.Event()
        changed.set()

    def engine_change(self) -> trio.Event:
        """Set when the engine's state changes next; take it before asking, so that no change is missed."""
        return self._engine_changed

    async def perform(self, mission: str, effect: Errand) -> Outcome | None:
        """Perform one effect and return what came of it; raises BattuiError."""
        match effect:
            case Generate(purpose=purpose, requests=requests):
                return Generated(purpose, await self._generate(mission, requests))
            case TryCandidates():
                return Tried(await self._trials.perform(mission, effect))
            case ReadRecord():
                return RecordRead(await self._ledger.save(self._committer))
            case AnswerSender(number=number):
                await self._answer_sender(mission, number)
                return None

    async def _generate(
        self, mission: str, requests: tuple[GenerationRequest, ...]
    ) -> tuple[GenerationResult, ...]:
        able = (await self._inference.describe()).capabilities
        # An engine that cannot hold to a form is asked in words alone; what reads the text is tolerant.
        if "schema" not in able:
            requests = tuple(replace(request, schema=None) for request in requests)
        if "grammar" not in able:
            requests = tuple(replace(request, grammar=None) for request in requests)
        results: list[outcome.Maybe[GenerationResult] | None] = [None] * len(requests)

        async def ask(number: int, request: GenerationRequest) -> None:
            results[number] = await outcome.acapture(
                self._inference.generate, request, self._listener(mission)
            )

        async with trio.open_nursery() as nursery:
            for number, request in enumerate(requests):
                nursery.start_soon(ask, number, request)
        return tuple(result.unwrap() for result in results if result is not None)

    def _listener(self, mission: str) -> Callable[[str, int, str], None]:
        def listen(request_id: str, candidate: int, text: str) -> None:
            data: dict[str, Value] = {"request": request_id, "candidate": candidate, "text": text}
            self._bus.announce("token", text, level="debug", mission=mission, data=data)

        return listen

    async def _answer_sender(self, mission: str, number: int) -> None:
        """Send a parked message again: its changes and the record that it was answered are one transaction."""
        note = f"mission {mission} answers"
        for _ in range(ATTEMPTS):
            activation = await self._committer.perform(
                "read", lambda world: self._activation(world, mission, number)
            )
            if activation is None:
                return
            with Snapshot(self._image) as snapshot:
                cell = await self._cells.activate(activation, snapshot, self._services)
            self._ledger.record_send(activation.selector, cell.seconds, failed=cell.failure is not None)
            try:
                text = await self._committer.perform(note, partial(_answered, mission, number, cell))
            except Conflict:
                continue
            except BattuiError as error:
                text = await self._committer.perform(note, partial(_refused, mission, number, error))
            self._bus.announce("answer", text, mission=mission)
            return
        raise Conflict("others keep changing what it reads", about=mission)

    def _activation(self, world: World, mission: str, number: int) -> Activation | None:
        """The parked message as an activation; None where it was an answer in words and there is nothing to run."""
        cycle = cycle_of(world, mission)
        message = cycle.parked[number]
        if cycle.kind != "unhandled_message":
            settle(cycle, number, answer=cycle.reply)
            return None
        arguments = {name: wire(value) for name, value in message["arguments"].items()}
        return Activation(
            oid_of(cycle.target), cycle.mission_brief["selector"], arguments, limits=self._limits
        )


def _answered(mission: str, number: int, cell: CellAnswer, world: World) -> str:
    cycle: UvmObject = cycle_of(world, mission)
    message = cycle.parked[number]
    if message["answered"]:
        return rendered(world, message["answer"])
    about = f"{cycle.target_name}.{cycle.mission_brief['selector']}"
    if cell.failure is not None:
        raise error_of(cell.failure, about)
    created = apply_changes(world, cell.changes)
    value = stored_result(world, cell.result, created)
    if message["bind"]:
        world.bind(message["bind"], value)
    settle(cycle, number, answer=value)
    return rendered(world, value)


def _refused(mission: str, number: int, error: BattuiError, world: World) -> str:
    settle(cycle_of(world, mission), number, error=str(error))
    return str(error)
