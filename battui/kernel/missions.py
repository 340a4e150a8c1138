"""Missions: every open one is a task that asks its state, commits the step and performs the effects.

A killed kernel loses nothing but the effects under way: on the next start each open mission goes on from the last
step that was committed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import trio

from battui.contracts.errors import (
    BattuiError,
    EngineFailed,
    ImageUnwritable,
    MissionFailed,
    ModelUnavailable,
    Refused,
    TimedOut,
)
from battui.contracts.replies import Answer
from battui.contracts.values import Value
from battui.image.lookup import Found, find
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import World, wire
from battui.kernel.bus import Bus
from battui.kernel.committer import Committer
from battui.kernel.dispatch import Parked
from battui.kernel.effects import Effects
from battui.kernel.installation import install
from battui.kernel.ledger import Ledger
from battui.kernel.rendering import rendered
from battui.mind.cycle import active_cycles, close, cycle_of, enter, settle, state_of, unanswered
from battui.mind.states import MindContext, StateFunction, title_of
from battui.mind.steps import Outcome, Step

UNWRITABLE_PAUSE = 10.0
"""Seconds until a mission tries again on a full disk."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A committed step: what the cycle is called, where it stands now, and what is to be done."""

    step: Step
    state: str
    title: str
    plan: dict[str, Value]
    facets: dict[str, str]


class Missions:
    """Owner of the tasks in which missions are thought through."""

    def __init__(
        self,
        *,
        committer: Committer,
        effects: Effects,
        bus: Bus,
        ledger: Ledger,
        context: MindContext,
        functions: Mapping[str, StateFunction],
    ) -> None:
        self._committer = committer
        self._effects = effects
        self._bus = bus
        self._ledger = ledger
        self._context = context
        self._functions = functions
        self._nursery: trio.Nursery | None = None
        self._scopes: dict[str, trio.CancelScope] = {}
        self._progress = trio.Event()
        self.waiting: dict[str, str] = {}

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Take up the missions that were open when the image was last closed, then every new one."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            open_ones = await self._committer.perform(
                "read", lambda world: [cycle.mission for cycle in active_cycles(world)]
            )
            for mission in open_ones:
                self._bus.announce("mission", "resumed", mission=mission, data={"state": "resumed"})
                self.take_up(mission)
            task_status.started()
            await trio.sleep_forever()

    def take_up(self, mission: str) -> None:
        """Let a task think about an open mission, if none does."""
        if self._nursery is not None and mission not in self._scopes:
            self._scopes[mission] = trio.CancelScope()
            self._nursery.start_soon(self._think, mission)

    async def follow(self, parked: Parked, *, wait: bool) -> Answer:
        """See a parked message to its answer; without `wait`, answer the mission's id.

        Raises MissionFailed, ModelUnavailable or EngineFailed where the mission has to wait for a person, TimedOut.
        """
        self.take_up(parked.mission)
        if not wait:
            return Answer(parked.mission, f"mission {parked.mission}", parked.mission)
        with trio.move_on_after(self._context.settings.timeout_s):
            while True:
                news = self._progress
                settled = await self._committer.perform("read", lambda world: _settled(world, parked))
                if isinstance(settled, Answer):
                    return settled
                if settled:
                    raise MissionFailed(
                        settled, about=parked.mission, remedy=f"See: battui missions show {parked.mission}"
                    )
                if parked.mission in self.waiting:
                    raise ModelUnavailable(
                        f"the mission waits: {self.waiting[parked.mission]}",
                        about=parked.mission,
                        remedy="The message is kept and will be answered then.",
                    )
                await news.wait()
        raise TimedOut(
            f"no answer within {self._context.settings.timeout_s:g} s",
            about=parked.mission,
            remedy=f"The mission goes on: battui missions show {parked.mission}",
        )

    async def cancel(self, mission: str) -> None:
        """End an open mission; its senders are told."""
        await self._committer.perform(f"cancel {mission}", lambda world: _end_early(world, mission))
        if mission in self._scopes:
            self._scopes[mission].cancel()
        self._ended(mission, "FAILED", "cancelled")

    async def retry(self, mission: str) -> None:
        """Start a failed mission again from the beginning."""
        await self._committer.perform(f"retry {mission}", lambda world: _start_again(world, mission))
        self.take_up(mission)

    async def _think(self, mission: str) -> None:
        try:
            with self._scopes[mission]:
                await self._go_on(mission)
        finally:
            self.waiting.pop(mission, None)
            self._scopes.pop(mission, None)
            self._tell()

    async def _go_on(self, mission: str) -> None:
        outcomes: tuple[Outcome, ...] = ()
        while True:
            try:
                taken = await self._take_step(mission, outcomes)
                self._announce(mission, taken)
                if taken.step.ended:
                    self._ended(mission, taken.state, taken.title)
                    return
                outcomes = await self._perform(mission, taken.step)
            except ImageUnwritable as error:
                self._waits(mission, str(error))
                await trio.sleep(UNWRITABLE_PAUSE)
                outcomes = ()
            except BattuiError as error:
                await self._fail(mission, str(error))
                outcomes = ()

    async def _take_step(self, mission: str, outcomes: tuple[Outcome, ...]) -> Taken:
        def take(world: World) -> Taken:
            cycle = cycle_of(world, mission)
            step = self._ask_state(cycle, outcomes)
            return _commit_step(world, cycle, step)

        return await self._committer.perform(f"mission {mission}", take, mission=mission)

    def _ask_state(self, cycle: UvmObject, outcomes: tuple[Outcome, ...]) -> Step:
        """Send `_process_synthesis_`: the cycle has no such slot and delegates to its state."""
        match find(cycle, "_process_synthesis_"):
            case Found(value=Primitive(name=name)) if name in self._functions:
                return self._functions[name](cycle, outcomes, self._context)
        raise Refused(
            "its state does not understand _process_synthesis_",
            about=f"{cycle.mission} in {state_of(cycle)}",
            remedy="Put battui's own method back: battui history psm_prototypes_obj",
        )

    async def _perform(self, mission: str, step: Step) -> tuple[Outcome, ...]:
        """Perform a step's effects; where there is no engine, wait for one and try again."""
        while True:
            try:
                outcomes = [await self._effects.perform(mission, effect) for effect in step.effects]
                return tuple(found for found in outcomes if found is not None)
            except (ModelUnavailable, EngineFailed) as error:
                self._waits(mission, str(error))
                await self._effects.engine_change()
                self.waiting.pop(mission, None)

    async def _fail(self, mission: str, reason: str) -> None:
        """The mission cannot go on: FAILED, with the reason, is where it goes."""

        def fail(world: World) -> None:
            cycle = cycle_of(world, mission)
            if state_of(cycle) == "FAILED":
                close(world, cycle)
            cycle.failure = reason
            enter(world, cycle, "FAILED", time.time())

        await self._committer.perform(f"mission {mission} fails", fail, mission=mission)
        self._bus.announce("error", reason, level="warning", mission=mission)

    def _waits(self, mission: str, reason: str) -> None:
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

    def _ended(self, mission: str, state: str, title: str) -> None:
        self._ledger.record_mission(state)
        self._bus.announce(
            "mission", f"ended {state}: {title}", mission=mission, data={"state": "ended", "end": state}
        )
        self._tell()

    def _tell(self) -> None:
        """Wake everybody who waits for progress of some mission."""
        progress, self._progress = self._progress, trio.Event()
        progress.set()


def _commit_step(world: World, cycle: UvmObject, step: Step) -> Taken:
    for name, value in step.remember.items():
        setattr(cycle, name, value)
    if step.install is not None:
        install(world, cycle, step.install, time.time())
    if step.report:
        cycle.target.audits = [
            *cycle.target.audits,
            {"mission": cycle.mission, "at": time.time(), "report": step.report},
        ]
    if step.next_state:
        enter(world, cycle, step.next_state, time.time())
    if step.ended:
        close(world, cycle)
    return Taken(step, state_of(cycle), title_of(cycle), dict(cycle.plan), dict(cycle.facets))


def _settled(world: World, parked: Parked) -> Answer | str:
    """The answer of a parked message, or why there will be none, or an empty text while it is open."""
    cycle = cycle_of(world, parked.mission)
    message = cycle.parked[parked.number]
    if not message["answered"]:
        return ""
    if message["error"]:
        return str(message["error"])
    value = message["answer"]
    return Answer(wire(value), rendered(world, value), parked.mission, learned=cycle.installed is not None)


def _end_early(world: World, mission: str) -> None:
    cycle = cycle_of(world, mission)
    if mission not in world.root["active_cycles"]:
        raise Refused("this mission has ended", about=mission, remedy="Undo what it did with: battui undo")
    cycle.failure = "cancelled"
    enter(world, cycle, "FAILED", time.time())
    for number in unanswered(cycle):
        settle(cycle, number, error="the mission was cancelled")
    close(world, cycle)


def _start_again(world: World, mission: str) -> None:
    cycle = cycle_of(world, mission)
    if state_of(cycle) != "FAILED":
        raise Refused("only a failed mission can be tried again", about=mission)
    cycle.parked = [{**message, "answered": False, "error": ""} for message in cycle.parked]
    for name, value in {"drafts": [], "attempt": 0, "feedback": [], "failure": ""}.items():
        setattr(cycle, name, value)
    enter(world, cycle, "IDLE", time.time())
    world.root["active_cycles"][mission] = cycle
