"""The screens of the terminal, each with something on it: for snapshots and for pictures."""

from __future__ import annotations

from dataclasses import replace

from battui.contracts.commands import Path, ShowObject
from battui.contracts.generation import EngineStatus
from battui.contracts.replies import CandidateView
from battui.contracts.values import Value
from tests.unit.tui.screen import Terminal
from tests.unit.tui.scripted_portal import ScriptedPortal
from tests.unit.tui.small_world import SOURCE, START, SUMMARIES

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
    await terminal.shows("Missions 1 ▲")
    await terminal.press("A")
    await terminal.shows("▲ approve?", "Proposal  a approves")


async def the_log(terminal: Terminal) -> None:
    portal = terminal.portal
    portal.tell("kernel", "started")
    portal.tell("engine", "ready: llama.cpp with SmolLM2-135M-Instruct")
    known = "m1" if "m1" in portal.missions else ""
    portal.tell("message", "account.deposit_(amount=50)", mission=known)
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


async def findings_and_adapters(terminal: Terminal) -> None:
    """A heartbeat's finding that waits, adapters in all tiers, and load."""
    portal = terminal.portal
    portal.report("m8", "account.deposit_ fails in 3 of 10 sends: amount is a text then. Check it first.")
    portal.report("m9", "Nothing fails; parse_ takes 0.8 s of 1.0 s. Keep what it reads.", START - 3600)
    portal.missions["m9"] = replace(portal.missions["m9"], settled="accepted")
    data: dict[str, Value] = {"adapter": "jit", "from": "warm", "to": "hot", "bytes": 9_799_680, "ms": 31}
    portal.tell("expert", "jit: warm to hot, 9.3 MiB, 31 ms", data=data)
    await terminal.press("7")
    await terminal.shows("▲ decide?", "● hot", "31 ms to hot")
    pane = terminal.app._memory
    for second in range(100):
        # The clock stands still here, so what was counted is put there second by second.
        pane._gauges._tokens[int(START) + 8 - second] = (second * 7) % 90
        pane._gauges._waiting[int(START) + 8 - second] = 3 - (second // 5) % 4
    pane._show_gauges()
    await terminal.shows("at most in 2 min")


async def a_method_refused(terminal: Terminal) -> None:
    """A method edited in place, and why it was refused."""
    await a_learned_method(terminal)
    await terminal.press("e")
    await terminal.shows("is reviewed, tried")
    await terminal.press("down", "home", *"open(1);", "ctrl+s")
    await terminal.shows("line 2: the name open is not offered")


async def senders(terminal: Terminal) -> None:
    """Who holds and who sends a message, the cursor on a sender."""
    if "account  @1" not in terminal.text:
        await a_learned_method(terminal)
    await terminal.press("u")
    await terminal.shows("1 sends it")
    await terminal.press("end")
    await terminal.shows("self.log(amount)")


async def a_rejection(terminal: Terminal) -> None:
    """The line that asks for a reason."""
    await terminal.press("A", "R")
    await terminal.shows("The model reads the reason")


async def the_palette(terminal: Terminal) -> None:
    await terminal.press("1", "ctrl+p")
    await terminal.press(*"mem")
    await terminal.shows("Go to adapters")


async def help_and_back(terminal: Terminal) -> None:
    await terminal.press("question_mark")
    await terminal.shows("The message line")
