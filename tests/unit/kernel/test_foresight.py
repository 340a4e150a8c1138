"""The adapters that a plan will need are made ready when it is announced."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from battui.contracts.generation import Sampling
from battui.contracts.values import Value
from battui.kernel.events.bus import Bus
from battui.kernel.experts.foresight import adapters_of, foresee
from battui.mind.briefs import Persona, Pillar


def persona(name: str, adapter: str | None, *pillars: str) -> Persona:
    voices = {pillar: Pillar(pillar, "to speak", "You speak.") for pillar in pillars}
    return Persona(
        name=name, title=name, system_prompt="", adapter=adapter, sampling=Sampling(), pillars=voices
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


async def test_each_announced_plan_is_foreseen() -> None:
    bus, fetched = Bus(10), list[str]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(foresee, bus, PERSONAS, "jit", fetched.append)
        await wait_all_tasks_blocked()
        bus.announce("plan", "think", data={"plan": {"pillars": ["POET"]}})
        bus.announce("mission", "goes on")
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert fetched == ["bright", "jit"]
