"""Message lines: read, write, bind, ask and send, each seen through to its answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import copy
from functools import partial

from battui.contracts.activation import CellAnswer
from battui.contracts.cases import Case
from battui.contracts.commands import Ask, Bind, Line, Read, Send, Write
from battui.contracts.errors import Conflict, NotStorable, Refused
from battui.contracts.replies import Answer
from battui.contracts.values import Ref, Value, check_name
from battui.image.cases import record_case
from battui.image.changes import apply_changes, stored_result
from battui.image.lookup import Found, find
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.world import World, oid_of, wire
from battui.kernel.activation.activations import ATTEMPTS, Activations
from battui.kernel.activation.failures import error_of
from battui.kernel.activation.judging import slots_after
from battui.kernel.activation.services import Services
from battui.kernel.events.bus import Bus
from battui.kernel.messages.dispatch import Activate, Parked, Serve, answer, dispatch
from battui.kernel.messages.receipts import KeyedCommitter
from battui.kernel.messages.rendering import rendered
from battui.kernel.missions.missions import Missions
from battui.kernel.transactions.committer import Committer
from battui.mind.cycle import Mandate, park, start_cycle
from battui.mind.portrait import own_data_slots


class Lines:
    """Performs what stands on a message line."""

    def __init__(
        self,
        *,
        committer: Committer,
        activations: Activations,
        missions: Missions,
        services: Services,
        bus: Bus,
    ) -> None:
        self._committer: Committer | KeyedCommitter = committer
        self._activations = activations
        self._missions = missions
        self._services = services
        self._bus = bus

    def by(self, committer: Committer | KeyedCommitter) -> Lines:
        """The same, with every transaction made by `committer`."""
        lines = copy(self)
        lines._committer = committer
        return lines

    async def perform(self, line: Line) -> Answer:
        """Answer one line; raises BattuiError."""
        match line:
            case Send():
                return await self._send(line)
            case Bind(name=name, source=Send() as send):
                check_name(name)
                return await self._send(send, bind=name)
            case Bind(name=name, source=source):
                reply = await self._committer.perform(f"bind {name}", partial(_bound_to, name, source))
                return self._told(name, reply)
            case Read():
                return await self._committer.perform(f"read {line.path}", lambda world: _read(world, line))
            case Write():
                return await self._write(line)
            case Ask():
                return await self._ask(line)

    async def _write(self, line: Write) -> Answer:
        holders: list[int] = []

        def write(world: World) -> Answer:
            holder = world.receiver(line.path.holder)
            # Not appended: the work may be done again, when others were first.
            holders[:] = [oid_of(holder)]
            return _written(world, holder, line)

        reply = await self._committer.perform(f"write {line.path}", write)
        self._bus.announce("object", str(line.path), data={"oids": [*holders]})
        return reply

    def _told(self, bind: str, reply: Answer) -> Answer:
        """The reply, after telling everybody what is now bound to `bind`, if it is a name."""
        if bind:
            oids: list[Value] = [reply.value.oid] if isinstance(reply.value, Ref) else []
            self._bus.announce("object", bind, data={"oids": oids})
        return reply

    async def _send(self, send: Send, bind: str = "") -> Answer:
        note = f"send {send.receiver}.{send.selector}"
        for _ in range(ATTEMPTS):
            way = await self._committer.perform(
                note, lambda world: dispatch(world, send, self._activations.limits, bind)
            )
            match way:
                case Answer():
                    return self._told(bind, way)
                case Serve():
                    value = await self._services.perform(way.service, way.receiver, way.arguments)
                    return self._told(
                        bind, await self._committer.perform(note, partial(_bound_to, bind, value))
                    )
                case Parked():
                    return await self._missions.follow(way, wait=send.wait)
                case Activate():
                    try:
                        return await self._activate(way, note, bind)
                    except Conflict:
                        continue
        raise Conflict("others keep changing what it reads", about=note, remedy="Try again in a moment.")

    async def _activate(self, way: Activate, note: str, bind: str) -> Answer:
        cell = await self._activations.run(way.activation, way.about)
        if cell.failure is not None:
            raise error_of(cell.failure, way.about)
        reply = await self._committer.perform(note, lambda world: _applied(world, way, cell, bind))
        if cell.changes:
            self._bus.announce(
                "object", way.about, data={"oids": [change.oid for change in cell.changes.changes]}
            )
        return self._told(bind, reply)

    async def _ask(self, ask: Ask) -> Answer:
        def start(world: World) -> Parked:
            target = world.receiver(ask.path)
            cycle = start_cycle(world, target, Mandate("question", question=ask.question), time.time())
            return Parked(cycle.mission, park(cycle, {}, ""))

        parked = await self._committer.perform(f"ask {ask.path}", start)
        return await self._missions.follow(parked, wait=ask.wait)


def _bound_to(bind: str, value: object, world: World) -> Answer:
    return answer(world, world.stored(value), bind)


def _read(world: World, line: Read) -> Answer:
    value = world.resolve(line.path)
    try:
        return Answer(wire(value), rendered(world, value))
    except NotStorable:
        return Answer(rendered(world, value), rendered(world, value))


def _written(world: World, holder: UvmObject, line: Write) -> Answer:
    name = check_name(line.path.names[-1])
    if isinstance(holder._slots.get(name), Method):
        raise Refused(
            "this slot holds a learned method",
            about=str(line.path),
            remedy="Write another version of it, or undo its mission: battui history",
        )
    value = world.stored(line.value, about=str(line.path))
    setattr(holder, name, value)
    return Answer(wire(value), rendered(world, value))


def _applied(world: World, way: Activate, cell: CellAnswer, bind: str) -> Answer:
    """Put what the cell changed into the image, and keep the send as a case."""
    receiver = world.object_at(way.activation.receiver)
    match find(receiver, way.activation.selector):
        case Found(value=Method() as method):
            record_case(world, method, _case(own_data_slots(receiver), way, cell))
    created = apply_changes(world, cell.changes)
    return answer(world, stored_result(world, cell.result, created), bind)


def _case(before: Mapping[str, Value], way: Activate, cell: CellAnswer) -> Case:
    return Case(
        name="send",
        slots=before,
        arguments=way.activation.arguments,
        after=slots_after(before, cell, way.activation.receiver),
        result=cell.result,
        answers=True,
    )
