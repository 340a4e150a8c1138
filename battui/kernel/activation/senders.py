"""Parked messages, sent again once they are understood."""

from __future__ import annotations

from functools import partial

from battui.contracts.activation import Activation, CellAnswer
from battui.contracts.errors import BattuiError, Conflict
from battui.image.changes import apply_changes, stored_result
from battui.image.world import World, oid_of, wire
from battui.kernel.activation.activations import ATTEMPTS, Activations
from battui.kernel.activation.failures import error_of
from battui.kernel.events.bus import Bus
from battui.kernel.messages.rendering import rendered
from battui.kernel.transactions.committer import Committer
from battui.mind.cycle import cycle_of, settle
from battui.mind.lessons import is_message, reply_in_words


class Senders:
    """Answers the senders whose messages wait in a mission."""

    def __init__(self, committer: Committer, activations: Activations, bus: Bus) -> None:
        self._committer = committer
        self._activations = activations
        self._bus = bus

    async def answer(self, mission: str, number: int) -> None:
        """Send a parked message again: its changes and the record that it was answered are one transaction."""
        note = f"mission {mission} answers"
        for _ in range(ATTEMPTS):
            activation = await self._committer.perform("read", partial(self._activation, mission, number))
            if activation is None:
                return
            cell = await self._activations.run(activation, f"{mission}.{activation.selector}")
            try:
                text = await self._committer.perform(note, partial(_answered, mission, number, cell))
            except Conflict:
                continue
            except BattuiError as error:
                text = await self._committer.perform(note, partial(_refused, mission, number, error))
            self._bus.announce("answer", text, mission=mission)
            return
        raise Conflict(
            "others keep changing what it reads", about=mission, remedy="Try the mission again later."
        )

    def _activation(self, mission: str, number: int, world: World) -> Activation | None:
        """The parked message as an activation; None where it was an answer in words and there is nothing to run."""
        cycle = cycle_of(world, mission)
        if not is_message(cycle, number):
            settle(cycle, number, answer=reply_in_words(cycle))
            return None
        arguments = {name: wire(value) for name, value in cycle.parked[number]["arguments"].items()}
        selector = cycle.mission_brief["selector"]
        return Activation(oid_of(cycle.target), selector, arguments, limits=self._activations.limits)


def _answered(mission: str, number: int, cell: CellAnswer, world: World) -> str:
    cycle = cycle_of(world, mission)
    message = cycle.parked[number]
    if message["answered"]:
        return rendered(world, message["answer"])
    if cell.failure is not None:
        raise error_of(cell.failure, f"{cycle.target_name}.{cycle.mission_brief['selector']}")
    created = apply_changes(world, cell.changes)
    value = stored_result(world, cell.result, created)
    if message["bind"]:
        world.bind(message["bind"], value)
    settle(cycle, number, answer=value)
    return rendered(world, value)


def _refused(mission: str, number: int, error: BattuiError, world: World) -> str:
    settle(cycle_of(world, mission), number, error=str(error))
    return str(error)
