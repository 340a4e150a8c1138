"""The screens of the terminal, each with something on it: for snapshots and for pictures."""

from __future__ import annotations

from dataclasses import replace

from battui.contracts.commands import Path, ShowObject
from battui.contracts.generation import EngineStatus
from battui.contracts.replies import CandidateView
from tests.unit.tui.screen import Terminal
from tests.unit.tui.scripted_portal import SOURCE, START, SUMMARIES, ScriptedPortal

LINE = "account.deposit_(amount=50)  # add amount to balance => self.balance == 150"
NO_MODEL = EngineStatus("absent", "No model is in this image. Run: battui model pull smollm2-135m")


def empty_image() -> ScriptedPortal:
    """A portal to an image in which nobody has made anything."""
    return ScriptedPortal(objects=SUMMARIES[2:], engine=NO_MODEL)


async def welcome(terminal: Terminal) -> None:
    await terminal.shows("Welcome to battui", "First steps, 1 of 3")


async def a_learned_method(terminal: Terminal) -> None:
    """The object opened, the cursor on a method that it has learned."""
    await terminal.press("1")
    await terminal.until(lambda: ShowObject(Path((), 1)) in terminal.portal.commands)
    await terminal.press("enter")
    await terminal.shows("account  @1")
    await terminal.press("end")
    await terminal.shows("deposit_(amount)", "certificate")


async def a_proposal(terminal: Terminal) -> None:
    """A mission that waits for approval, with an advisor's words and a candidate that was refused."""
    portal = terminal.portal
    portal.begin_mission("m1", LINE.partition("  #")[0], START)
    portal.missions["m1"] = replace(
        portal.missions["m1"],
        intent="add amount to balance",
        expectation="self.balance == 150",
        budget={"tokens": 32_768, "seconds": 1800.0},
        tokens=93,
        seconds=4.0,
    )
    portal.enter("m1", "SYNTHESIZING")
    portal.say("m1", "SIMPLE_HEART", "Add the amount, and signal the change.")
    refused = "def deposit_(self, amount):\n    open('log').write(str(amount))\n"
    portal.judge("m1", CandidateView(0, refused, "the name open is not offered", False))
    portal.judge("m1", CandidateView(1, SOURCE, "guardian: accepted; cell: ran", True, chosen=True))
    portal.propose("m1", SOURCE, SOURCE.replace("+ amount", "+ 50"))
    await terminal.shows("waits for your approval")
    await terminal.press("A")
    await terminal.shows("▲ approve?", "Proposal  a approves")


async def the_log(terminal: Terminal) -> None:
    portal = terminal.portal
    portal.tell("kernel", "started")
    portal.tell("engine", "ready: llama.cpp with SmolLM2-135M-Instruct")
    portal.tell("message", "account.deposit_(amount=50)", mission="m1")
    portal.tell("cell", "a cell was stopped after 2 s", level="warning")
    portal.tell("error", "the disk is full", level="error")
    await terminal.press("3")
    await terminal.shows("the disk is full")


async def the_history(terminal: Terminal) -> None:
    await terminal.press("4")
    await terminal.shows("install account_prototype.deposit_")


async def passages(terminal: Terminal) -> None:
    await terminal.press("5")
    await terminal.shows("words, or")
    await terminal.press("slash", *"grouped", "space", *"commits", "enter")
    await terminal.shows("2 passages for", "design.md:87")


async def an_answer(terminal: Terminal) -> None:
    """A question that was answered, with its sources."""
    await terminal.press("6", "slash")
    await terminal.press(*"what", "space", *"is", "space", *"a", "space", *"mission", "enter")
    portal = terminal.portal
    await terminal.until(lambda: any(view.kind == "question" for view in portal.missions.values()))
    (asked,) = (view.id for view in portal.missions.values() if view.kind == "question")
    portal.missions[asked] = replace(portal.missions[asked], sources=("guide.md:12  Guide",))
    portal.complete(asked, "A message that nobody understands becomes a mission.")
    await terminal.shows("Sources", "guide.md:12")


async def help_and_back(terminal: Terminal) -> None:
    await terminal.press("question_mark")
    await terminal.shows("The message line")
