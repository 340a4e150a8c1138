"""The adapters that a plan will need are made ready when it is announced."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from battui.contracts.generation import Sampling
from battui.contracts.values import Value
from battui.image.image import Image
from battui.kernel.events.bus import Bus
from battui.kernel.experts.foresight import adapters_of, foresee
from battui.mind.briefs import Persona, Pillar
from battui.mind.personas import add_persona, keep_shipped, personas_in


def persona(name: str, adapter: str | None, *pillars: str) -> Persona:
    voices = {pillar: Pillar(pillar, "to speak", "You speak.") for pillar in pillars}
    return Persona(
        name=name, title=name, system_prompt="You are.", adapter=adapter, sampling=Sampling(), pillars=voices
    )


PERSONAS = {
    "ALFRED": persona("ALFRED", None, "SAGE"),
    "ROBIN": persona("ROBIN", "bright", "POET", "CHILD"),
    "OTHER": persona("OTHER", "dark", "CRITIC"),
}


@pytest.mark.parametrize(
    ("pillars", "expert", "adapters"),
    [
        (["SAGE"], "", []),
        (["SAGE"], "jit", ["jit"]),
        (["CHILD", "POET"], "jit", ["bright", "jit"]),
        (["CRITIC", "POET"], "", ["bright", "dark"]),
        ("no list", "jit", ["jit"]),
    ],
)
def test_whom_a_plan_needs(pillars: Value, expert: str, adapters: list[str]) -> None:
    assert list(adapters_of({"pillars": pillars}, PERSONAS, expert)) == adapters


async def test_each_plan_is_foreseen_with_the_personas_that_the_image_has_then(image: Image) -> None:
    bus, fetched = Bus(10), list[str]()
    poets = persona("HOMER", "epic", "POET")

    async def held() -> Mapping[str, Persona]:
        return image.read(personas_in)

    def plan(pillar: str) -> None:
        bus.announce("plan", "think", data={"plan": {"pillars": [pillar]}})

    keep_shipped(image)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(foresee, bus, held, "jit", fetched.append)
        await wait_all_tasks_blocked()
        plan("POET")
        await wait_all_tasks_blocked()
        image.perform("add", lambda world: add_persona(world, poets))
        plan("POET")
        bus.announce("mission", "goes on")
        await wait_all_tasks_blocked()
        image.perform(
            "spoil", lambda world: setattr(world.root["personas_obj"].HOMER, "sampling", {"heat": 1})
        )
        plan("POET")
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert fetched == ["jit", "epic", "jit", "jit"]
