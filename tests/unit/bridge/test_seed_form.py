"""The command `initiate_cognitive_cycle` in its oldest form, without an envelope."""

from __future__ import annotations

import ormsgpack
import pytest

from battui.bridge.frames import Ping
from battui.contracts.commands import Command, InitiateCycle, Path
from battui.contracts.errors import UnknownObject
from battui.contracts.replies import Answer
from battui.contracts.values import Value
from tests.unit.bridge.raw_client import raw_client
from tests.unit.bridge.small_bridge import SmallPortal, small_bridge

BRIEF: dict[str, Value] = {
    "type": "unhandled_message",
    "selector": "greet_",
    "args": [],
    "kwargs": {"name": "x"},
}


class Cycles(SmallPortal):
    async def submit(self, command: Command) -> Answer:
        self.commands.append(command)
        assert isinstance(command, InitiateCycle)
        if command.path.oid == 2:
            raise UnknownObject("there is no object with that oid", about="@2", remedy="List them.")
        return Answer("m1", "mission m1", "m1")


def spoken(**fields: object) -> bytes:
    said = {"command": "initiate_cognitive_cycle", "target_oid": "@1f", "mission_brief": BRIEF}
    return ormsgpack.packb(said | fields)


@pytest.mark.parametrize("oid", ["@1f", "000000000000001f", 31])
async def test_a_cycle_is_initiated_by_a_bare_map(oid: object) -> None:
    async with small_bridge(Cycles()) as running, raw_client(running.endpoint) as client:
        await client.say(spoken(target_oid=oid))
        ((reply,),) = await client.socket.receive_many(1)
        assert ormsgpack.unpackb(reply) == {"status": "OK", "details": "mission m1", "mission": "m1"}
        assert running.portal.commands == [InitiateCycle(Path((), 31), BRIEF)]


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(spoken(command="shutdown"), id="another command"),
        pytest.param(spoken(target_oid="b'x'"), id="no oid"),
        pytest.param(spoken(target_oid=0), id="the root"),
        pytest.param(spoken(mission_brief="x"), id="no brief"),
        pytest.param(spoken(more=1), id="a field too many"),
        pytest.param(spoken()[:-1], id="truncated"),
        pytest.param(spoken(target_oid="@2"), id="no such object"),
    ],
)
async def test_what_is_wrong_is_an_error_in_the_same_form(frame: bytes) -> None:
    async with small_bridge(Cycles()) as running, raw_client(running.endpoint) as client:
        await client.say(frame)
        ((reply,),) = await client.socket.receive_many(1)
        assert ormsgpack.unpackb(reply)["status"] == "ERROR"
        await client.ask(1, Ping())
        await client.hear()
