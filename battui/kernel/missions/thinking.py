"""One mission being thought through: ask the state, commit its step, perform the effects, and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import trio

from battui.contracts.errors import BattuiError, EngineFailed, ImageUnwritable, ModelUnavailable, Refused
from battui.contracts.replies import APPROVAL
from battui.contracts.values import Value
from battui.image.lookup import Found, find
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import World
from battui.kernel.events.bus import Bus
from battui.kernel.missions.approvals import Approvals
from battui.kernel.missions.edits import Edits
from battui.kernel.missions.effects import Effects
from battui.kernel.missions.mission_record import Taken, fail, take
from battui.kernel.missions.stopwatch import Stopwatch
from battui.kernel.transactions.committer import Committer
from battui.mind.budget import charge, within_budget
from battui.mind.cycle import cycle_of, state_of
from battui.mind.personas import personas_in
from battui.mind.provenance import remember_generations
from battui.mind.states import MindContext, StateFunction
from battui.mind.states.prototype import redirected
from battui.mind.steps import AnswerSender, AwaitApproval, Decision, Effect, Outcome, Step

UNWRITABLE_PAUSE = 10.0
"""Seconds until a mission tries again on a full disk."""


class Thinking:
    """How any mission is thought through; the missions' tasks share one of these.

    `waiting` says, for each mission that cannot go on by itself, what it waits for. `tell` is called whenever a
    mission has made progress or begins to wait.
    """

    def __init__(
        self,
        *,
        committer: Committer,
        effects: Effects,
        bus: Bus,
        context: MindContext,
        functions: Mapping[str, StateFunction],
        tell: Callable[[], None],
    ) -> None:
        self._committer = committer
        self._effects = effects
        self._bus = bus
        self._context = context
        self._functions = functions
        self._tell = tell
        self._approvals = Approvals(committer)
        self._edits = Edits(committer, effects)
        self.waiting: dict[str, str] = {}

    async def think(self, mission: str) -> tuple[str, str]:
        """Go on until the mission has ended; return its last state and its title."""
        outcomes: tuple[Outcome, ...] = ()
        clock = Stopwatch()
        while True:
            try:
                taken = await self._take_step(mission, outcomes, clock.taken())
                self._announce(mission, taken)
                if taken.step.ended:
                    return taken.state, taken.title
                clock.left = taken.seconds_left
                outcomes = await self._perform(mission, taken.step, clock)
            except ImageUnwritable as error:
                self._wait(mission, str(error))
                await trio.sleep(UNWRITABLE_PAUSE)
                outcomes = ()
            except Exception as error:
                outcomes = ()
                if await self._fail(mission, _reason(error), clock.taken()):
                    return "FAILED", str(error)
            finally:
                self.waiting.pop(mission, None)

    async def decide(self, mission: str, decision: Decision) -> None:
        """Record what a person decided about the mission's proposal; raises Refused and UsageError."""
        await self._approvals.decide(mission, decision)
        self.waiting.pop(mission, None)
        self._tell()

    async def edit(self, mission: str, source: str) -> None:
        """Let the mission go on with what a person wrote for it.

        Raises GuardianRefused or Refused where it does not come through guardian and cell; it is kept as the
        mission's best candidate then.
        """
        await self._edits.edit(mission, source)
        self._approvals.look(mission)
        self.waiting.pop(mission, None)
        self._tell()

    async def _take_step(self, mission: str, outcomes: tuple[Outcome, ...], seconds: float) -> Taken:
        def step(world: World) -> Taken:
            cycle = cycle_of(world, mission)
            charge(cycle, seconds)
            # What was asked is kept before the state looks: it says where a candidate came from.
            remember_generations(cycle, outcomes)
            return take(world, cycle, within_budget(cycle, self._ask_state(world, cycle, outcomes)))

        return await self._committer.perform(f"mission {mission}", step, mission=mission)

    def _ask_state(self, world: World, cycle: UvmObject, outcomes: tuple[Outcome, ...]) -> Step:
        """Send `_process_synthesis_`: the cycle has no such slot and delegates to its state."""
        match find(cycle, "_process_synthesis_"):
            case Found(value=Primitive(name=name)) if name in self._functions:
                context = replace(self._context, personas=personas_in(world))
                return redirected(cycle, name, self._functions[name](cycle, outcomes, context))
        raise Refused(
            "its state does not understand _process_synthesis_",
            about=f"{cycle.mission} in {state_of(cycle)}",
            remedy="Put battui's own method back: battui history psm_prototypes_obj",
        )

    async def _perform(self, mission: str, step: Step, clock: Stopwatch) -> tuple[Outcome, ...]:
        """Perform a step's effects; where there is no engine, wait for one and try again."""
        while True:
            change = self._effects.engine_change()
            try:
                outcomes = [await self._perform_one(mission, effect, clock) for effect in step.effects]
                # Out of time, the state is asked again, and the mission's budget says no.
                return () if clock.ran_out else tuple(found for found in outcomes if found is not None)
            except (ModelUnavailable, EngineFailed) as error:
                self._wait(mission, str(error))
                await change.wait()
                self.waiting.pop(mission, None)

    async def _perform_one(self, mission: str, effect: Effect, clock: Stopwatch) -> Outcome | None:
        if isinstance(effect, AwaitApproval):
            return await self._approvals.decision(mission, lambda: self._wait(mission, APPROVAL))
        if isinstance(effect, AnswerSender):
            # The thinking is over.
            return await self._effects.perform(mission, effect)
        await self._effects.ready(effect)
        with clock.running():
            return await self._effects.perform(mission, effect)
        return None

    async def _fail(self, mission: str, reason: str, seconds: float) -> bool:
        """The mission cannot go on: FAILED, with the reason, is where it goes. Return whether it has ended."""
        self._bus.announce("error", reason, level="warning", mission=mission)
        ended: bool = await self._committer.perform(
            f"mission {mission} fails", lambda world: fail(world, mission, reason, seconds), mission=mission
        )
        self._tell()
        return ended

    def _wait(self, mission: str, reason: str) -> None:
        if self.waiting.get(mission) != reason:
            self.waiting[mission] = reason
            self._bus.announce(
                "mission", f"waits: {reason}", level="warning", mission=mission, data={"state": "waits"}
            )
        self._tell()

    def _announce(self, mission: str, taken: Taken) -> None:
        step = taken.step
        if "plan" in step.remember:
            plan = taken.plan
            self._bus.announce("plan", str(plan.get("strategy", "")), mission=mission, data={"plan": plan})
        if "facets" in step.remember:
            for name, text in taken.facets.items():
                self._bus.announce("facet", text, mission=mission, data={"facet": name, "text": text})
        if step.install is not None:
            data: dict[str, Value] = {"selector": step.install.selector, "source": step.install.source}
            self._bus.announce("installed", taken.title, mission=mission, data=data)
        if step.next_state:
            self._bus.announce("mission", taken.title, mission=mission, data={"state": step.next_state})
        self._tell()


def _reason(error: Exception) -> str:
    """Why a mission fails: battui's own errors in their words, any other as the fault that it is."""
    if isinstance(error, BattuiError):
        return str(error)
    return f"battui has a fault: {type(error).__name__}: {error}"
