"""Who will speak soon: the adapters of the personas that a plan names, and the writer of methods, are made ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping

from battui.contracts.errors import BattuiError
from battui.contracts.values import Value
from battui.kernel.events.bus import Bus
from battui.mind.briefs import Persona


async def foresee(
    bus: Bus,
    personas: Callable[[], Awaitable[Mapping[str, Persona]]],
    expert: str,
    prefetch: Callable[[str], None],
) -> None:
    """Call `prefetch` with the adapters that each announced plan will need, until cancelled.

    `personas` reads those of the image as they are now.
    """
    async with bus.follow() as events:
        async for event in events:
            if event.kind == "plan":
                for name in dict.fromkeys(adapters_of(event.data.get("plan"), await _held(personas), expert)):
                    prefetch(name)


async def _held(personas: Callable[[], Awaitable[Mapping[str, Persona]]]) -> Mapping[str, Persona]:
    try:
        return await personas()
    except BattuiError:
        return {}  # a spoilt persona is told by the mission that needs it; to be early is not worth an error


def adapters_of(plan: Value, personas: Mapping[str, Persona], expert: str) -> Iterator[str]:
    """The adapters of those whose pillars the plan names, in the order in which they will speak."""
    pillars = plan.get("pillars") if isinstance(plan, dict) else None
    named = pillars if isinstance(pillars, list) else []
    for persona in personas.values():
        if persona.adapter and any(pillar in persona.pillars for pillar in named):
            yield persona.adapter
    if expert:
        yield expert
