"""Finding one's way: objects, missions and log lines by keyboard, and back to where one was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from battui.contracts.commands import (
    Ask,
    EditMethod,
    EditMission,
    ListHistory,
    ListObjects,
    SettleFinding,
    ShowObject,
    Write,
)
from battui.contracts.commands import Path as Names
from battui.tui.session import Session, load_session
from tests.unit.tui import scenes
from tests.unit.tui.screen import Terminal, open_terminal, played
from tests.unit.tui.scripted_portal import ScriptedPortal
from tests.unit.tui.small_world import SOURCE, START, SUMMARIES


def test_objects_are_found_by_name_path_and_number() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            await terminal.press("slash", *"gene")
            await terminal.until(lambda: "▶ ada" not in terminal.text and "genesis_obj" in terminal.text)
            await terminal.press("enter")
            await terminal.shows("genesis_obj  @9", "▶ ada")
            await terminal.press("slash", *"@3", "enter")
            await terminal.shows("ada  @3")
            await terminal.press("slash", *"account.owner", "enter")
            await terminal.until(lambda: ShowObject(Names(("account", "owner"))) in terminal.portal.commands)
            await terminal.shows("no object has that name")

    played(scene)


def test_a_hundred_thousand_objects_are_a_short_list_and_all_found() -> None:
    many = tuple(
        replace(SUMMARIES[0], oid=100 + number, name=f"thing_{number}")
        for number in sorted(range(100_000), key=str)
    )

    def pages(terminal: Terminal) -> list[str]:
        asked = [one for one in terminal.portal.commands if isinstance(one, ListObjects) and not one.matching]
        return [one.start for one in asked]

    async def scene() -> None:
        async with open_terminal(ScriptedPortal(objects=many)) as terminal:
            await terminal.until(lambda: ShowObject(Names((), 100)) in terminal.portal.commands)
            await terminal.press("G", "k")
            await terminal.until(lambda: pages(terminal)[-1] == many[200].name)
            await terminal.press("slash", *"99999")
            await terminal.shows("thing_99999")
            await terminal.until(lambda: "more …" not in terminal.text)
            await terminal.press("enter")
            await terminal.shows("no object has that name")

    played(scene)


def test_a_slot_is_written_and_a_method_sent_from_where_one_looks() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            await terminal.press("enter", "j", "e")
            await terminal.shows("account.balance", "A number, a text in quotes")
            await terminal.press("end", "5", "ctrl+s")
            await terminal.shows("account.balance is written.")
            assert Write(Names(("account", "balance")), 1005) in terminal.portal.commands
            await terminal.press("end", "s")
            assert terminal.line.value == "account.deposit_(amount=)"
            await terminal.press(*"50")
            assert terminal.line.value == "account.deposit_(amount=50)"

    played(scene)


def test_what_changed_an_object_and_why() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            terminal.portal.begin_mission("m1", "account.deposit_(amount=50)")
            terminal.portal.complete("m1", "150")
            await terminal.shows("account  @1")
            await terminal.press("enter", "end")
            await terminal.shows("Cases that every version has to pass", "(amount=50) with balance=100")
            await terminal.shows("Version 2 changed", "+    self.balance = self.balance + amount")
            await terminal.press("t")
            await terminal.shows("only what changed it", "install account_prototype.deposit_")
            assert ListHistory(200, Names((), 1)) in terminal.portal.commands
            await terminal.press("enter")
            await terminal.shows("✓ complete", "Answer")
            await terminal.press("4", "escape")
            await terminal.shows("bind account")

    played(scene)


def test_missions_are_filtered_and_the_waiting_one_is_a_key_away() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            terminal.portal.begin_mission("m1", "account.deposit_(amount=50)", START)
            terminal.portal.begin_mission("m2", "ada.greet_()", START + 1)
            await terminal.shows("Missions 2")
            terminal.portal.propose("m1", SOURCE)
            await terminal.shows("Missions 2 ▲", "▲ account.deposit_(amount=50) waits")
            await terminal.press("2", "slash", *"greet", "enter")
            await terminal.until(lambda: "▲ approve?" not in terminal.text)
            await terminal.press("A", "a")
            await terminal.shows("The method is approved.")
            await terminal.until(lambda: "▲" not in terminal.text)

    played(scene)


def test_a_proposal_is_edited_and_what_is_refused_is_kept() -> None:
    written = ["def deposit_(self, amount):\n    open('x')\n", SOURCE]
    seen: list[tuple[str, str, list[str]]] = []

    def edit(text: str, name: str, notes: Sequence[str]) -> str:
        seen.append((text, name, [*notes]))
        return written.pop(0)

    async def scene() -> None:
        async with open_terminal() as terminal:
            terminal.app._missions._editing._elsewhere = edit
            await scenes.a_proposal(terminal)
            await terminal.press("E")
            await terminal.shows("✗ m1: the name open is not offered")
            await terminal.press("ctrl+o", "ctrl+s")
            await terminal.shows("✓ complete")
            assert [type(one) for one in terminal.portal.commands].count(EditMission) == 2
            assert [text for text, _, _ in seen] == [SOURCE, "def deposit_(self, amount):\n    open('x')"]
            assert "must be true then: self.balance == 150" in seen[0][2]

    played(scene)


def test_a_method_is_written_anew_where_one_looks_and_a_refusal_stays_beside_it() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            await terminal.press("enter", "end", "e")
            await terminal.shows("account_prototype.deposit_", "becomes the next version")
            await terminal.press("down", "home", *"open(1);")
            await terminal.press("ctrl+s")
            await terminal.shows("line 2: the name open is not offered")
            await terminal.press("escape")
            await terminal.shows("throw away")
            await terminal.press(*["delete"] * 0, "ctrl+z", "ctrl+s")
            await terminal.until(lambda: len(revisions(terminal)) > 1)
            assert {edit.path for edit in revisions(terminal)} == {Names(("deposit_",), 1)}

    def revisions(terminal: Terminal) -> list[EditMethod]:
        return [one for one in terminal.portal.commands if isinstance(one, EditMethod)]

    played(scene)


def test_senders_and_implementors_are_gone_to_and_come_back_from() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            await terminal.press("enter", "end", "u")
            await terminal.shows("2 hold it, 1 sends it", "ada.pay_", "piggy_bank")
            await terminal.press("end")
            await terminal.shows("self.log(amount)")
            await terminal.press("enter")
            await terminal.shows("account → ada  @3")
            await terminal.press("escape")
            await terminal.shows("account  @1")
            await terminal.press("home", "u")
            await terminal.shows("its name is the message")

    played(scene)


def test_a_finding_is_settled_and_adapters_move_between_tiers() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            portal = terminal.portal
            portal.report("m1", "deposit_ fails often.")
            await terminal.press("7")
            await terminal.shows("▲ decide?", "deposit_ fails often.", "1 waits for a decision")
            await terminal.shows(
                "9.3 MiB of 512.0 MiB in the engine", "● hot", "✗ refused", "3 at most in 2 min"
            )
            portal.tell(
                "expert",
                "sage: warm to hot",
                data={"adapter": "sage", "from": "warm", "to": "hot", "bytes": 4_900_000, "ms": 30},
            )
            await terminal.shows("30 ms to hot")
            for _ in range(9):
                portal.write("m1", 0, "x")
            await terminal.shows("9 at most in 2 min")
            await terminal.press("x")
            await terminal.shows("✗ dismissed")
            assert SettleFinding("m1", accepted=False) in portal.commands
            await terminal.press("a")
            await terminal.shows("Choose a finding that waits")
            await terminal.press("tab", "tab", "end")
            await terminal.shows("made for tiny-1b")

    played(scene)


def test_log_lines_are_filtered_by_mission_and_searched() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            portal = terminal.portal
            for mission in ("m1", "m12"):
                portal.begin_mission(mission, "account.deposit_()")
            for mission in ("m1", "m12", "m1"):
                portal.tell("message", f"work of {mission}", mission=mission)
            portal.tell("kernel", "all is well\x1b[2J")
            await terminal.press("3", "slash", *"mission:m1", "enter")
            await terminal.shows("3 of 6 lines")
            await terminal.press("escape", "s", *"m12", "enter")
            await terminal.shows("search 'm12'", "all is well[2J")
            await terminal.press("n")
            await terminal.shows("No other line has 'm12'.")

    played(scene)


def test_a_question_about_an_object_or_the_documents() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            await terminal.press("6", "slash", *"account?", "space", *"why", "enter")
            await terminal.shows("○ idle", "why")
            await terminal.press("slash", *"why", "enter")
            await terminal.until(lambda: len(terminal.portal.missions) == 2)
            asked = [one for one in terminal.portal.commands if isinstance(one, Ask)]
            assert [(str(one.path), one.question) for one in asked] == [
                ("account", "why"),
                ("knowledge_catalog_obj", "why"),
            ]

    played(scene)


def test_the_first_steps_are_offered_one_after_the_other(tmp_path: Path) -> None:
    async def scene() -> None:
        portal = scenes.empty_image()
        async with open_terminal(portal, state_dir=tmp_path) as terminal:
            await scenes.welcome(terminal)
            for number in (1, 2, 3):
                await terminal.shows(f"First steps, {number} of 3")
                await terminal.press("colon", "tab")
                await terminal.until(lambda: terminal.line.value.startswith("account"))
                await terminal.press("enter", "escape")
            await terminal.until(lambda: "First steps" not in terminal.text)
            # What a line has bound is seen without any word from the kernel.
            portal.objects = SUMMARIES
            await terminal.write("ada = genesis_obj.clone()")
            await terminal.shows("▶ ada")
        assert load_session(tmp_path).taught

    played(scene)


def test_one_comes_back_to_where_one_was(tmp_path: Path) -> None:
    async def scene() -> None:
        async with open_terminal(state_dir=tmp_path) as terminal:
            await terminal.shows("account  @1")
            await terminal.press("j")
            await terminal.shows("ada  @3")
            terminal.app.theme = "battui-dusk"
        async with open_terminal(state_dir=tmp_path) as terminal:
            await terminal.shows("ada  @3")
            assert terminal.app.theme == "battui-dusk"

    played(scene)


def test_a_session_that_cannot_be_read_is_forgotten(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"tab": 3, "taught": "yes", "future": 1}'):
        (tmp_path / "session.json").write_text(text)
        assert load_session(tmp_path) == Session()
