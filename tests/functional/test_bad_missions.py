"""What cannot become a method ends with the reason and the best candidate, whatever the model does."""

from __future__ import annotations

import pytest

from battui.contracts.commands import Argument, Bind, CancelMission, Path, RejectMission, RetryMission, Send
from battui.contracts.errors import MissionFailed, Refused
from battui.contracts.replies import MissionView
from tests.functional.approval_steps import asked, ended, methods
from tests.functional.conftest import BODIES, Life, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH, Scripted

LAZY = "[[rules]]\nmatch = 'def deposit_'\nanswers = ['x x x x x x x x x x x x']\ndelay = 30.0\n"


async def failed(life: Life, line: str) -> MissionView:
    """The mission of a line that cannot be answered."""
    await life.line(MAKE)
    with pytest.raises(MissionFailed) as caught:
        await life.line(line)
    view = await life.mission("m1")
    assert (view.state, await methods(life)) == ("FAILED", [])
    assert view.failure.rstrip(".") in str(caught.value), "the sender is told the same"
    return view


async def test_an_expectation_that_contradicts_itself_is_named(scripted_image: Scripted, live: Live) -> None:
    line = "account.deposit_(amount=50)  # add amount => self.balance == 150 and self.balance == 151"
    async with live(scripted_image(script_of(BODIES))) as life:
        view = await failed(life, line)
        assert view.failure.startswith("the expectation contradicts itself")
        assert "self.balance == 150 and self.balance == 151" in view.failure
        assert len(view.candidates) == 1, "no more are written than one to begin with"
        assert "self.balance += amount" in view.draft


FORBIDDEN = {
    "network": ("\n    import urllib.request\n    return urllib.request.urlopen(url)\n", "the network"),
    "files": ("\n    return open(url).read()\n", "files"),
}
ASKED = {
    "network": "account.fetch_(url='https://example.org')  # download the page at https://example.org",
    "files": "account.fetch_(url='notes')  # read the text from a file",
}


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.parametrize("pretending", [False, True])
async def test_an_intent_that_asks_for_what_the_guardian_forbids_is_named(
    scripted_image: Scripted, live: Live, name: str, pretending: bool
) -> None:
    body, what = FORBIDDEN[name]
    script = script_of({"def fetch_": ["\n    return url\n" if pretending else body]})
    async with live(scripted_image(script)) as life:
        view = await failed(life, ASKED[name])
        assert view.failure.startswith(f"it asks for {what} (")
        verdict = f"no method has {what}" if pretending else "guardian: refused"
        assert verdict in view.candidates[0].verdict
        assert "def fetch_(self, url):" in view.draft


BABBLE = {
    "words": "Of course! I would be delighted to help you with that. " * 20,
    "unclosed": "\n    return (((((",
    "endless lines": "\n    x = 1" * 400,
    "control characters": "\n    return '\\u0007\\u001b[2J'\x07",
    "another language": "\n    for (int i = 0; i < 3; i++) { balance += i; }",
    "prompt again": "\n# self.balance = 100\n# add amount to balance\ndef deposit_(self, amount):",
}


@pytest.mark.parametrize("name", BABBLE)
async def test_a_model_that_babbles_ends_in_a_reason(scripted_image: Scripted, live: Live, name: str) -> None:
    async with live(scripted_image(script_of({"def deposit_": [BABBLE[name]]}))) as life:
        view = await failed(life, TEACH)
        assert "candidate" in view.failure or view.failure == "the model wrote no method"
        assert view.draft.startswith("def deposit_(self, amount):")


@pytest.mark.parametrize("nothing", ["", "   \n \n", "```python\n```"])
async def test_a_model_that_says_nothing_is_told_from_one_that_is_wrong(
    scripted_image: Scripted, live: Live, nothing: str
) -> None:
    async with live(scripted_image(script_of({"def deposit_": [nothing]}))) as life:
        view = await failed(life, TEACH)
        assert view.failure == "the model wrote no method"
        assert {candidate.verdict for candidate in view.candidates} == {"guardian: the model wrote nothing"}
        assert view.draft == "def deposit_(self, amount):\n    raise NotImplementedError\n"


async def test_huge_slots_are_abridged_and_the_message_is_learned(
    scripted_image: Scripted, live: Live
) -> None:
    many = tuple((f"s{number}", number) for number in range(400))
    slots: tuple[tuple[str, Argument], ...] = (
        ("balance", 100),
        ("text", "x" * 300_000),
        ("rows", [[number] for number in range(5000)]),
        *many,
    )
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.submit(Bind("account", Send(Path(("genesis_obj",)), "clone", named=slots)))
        await life.line(TEACH)
        assert (await life.line("account.balance")).value == 150
        view = await life.mission("m1")
        prompts = view.provenance["prompts"]
        assert isinstance(prompts, dict)
        assert prompts
        assert all(isinstance(prompt, str) and len(prompt) < 20_000 for prompt in prompts.values())


async def test_a_budget_of_tokens_ends_a_mission_and_keeps_its_candidates(
    scripted_image: Scripted, live: Live
) -> None:
    wrong = {"def deposit_": ["\n    return amount\n", "\n    return 2\n", "\n    return 3\n"]}
    flags = {"mission__max_mission_tokens": 40, "mission__max_tokens": 16, "mission__attempts": 9}
    async with live(scripted_image(script_of(wrong)), **flags) as life:
        view = await failed(life, TEACH)
        assert view.failure == "its budget of 40 tokens is used up (mission.max_mission_tokens)"
        assert view.tokens <= 40 + 16, "a request under way is finished"
        assert view.candidates
        assert "return amount" in view.draft
        assert view.budget == {"tokens": 40, "seconds": 1800.0}


async def test_a_budget_of_seconds_ends_a_mission_and_a_retry_begins_with_a_full_one(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of({}, extra=LAZY)), mission__seconds=0.5) as life:
        view = await failed(life, TEACH)
        assert view.failure == "its budget of 0.5 s of thinking is used up (mission.seconds)"
        assert view.seconds >= 0.5
        assert view.draft == "def deposit_(self, amount):\n    raise NotImplementedError\n"
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.submit(RetryMission("m1"))
        assert await ended(life) == "COMPLETE"
        assert (await life.mission("m1")).budget["seconds"] == 1800.0


async def test_a_failure_counts_the_candidates_of_all_rounds(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of({"def deposit_": ["\n    pass\n", "\n    return\n"]}))) as life:
        view = await failed(life, TEACH)
        assert f"none of the {len(view.candidates)} candidates passed" in view.failure
        assert len(view.candidates) > 4


async def test_a_mission_that_has_failed_cannot_be_cancelled_and_says_so(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of({"def deposit_": ["\n    return 1\n"]}))) as life:
        view = await failed(life, TEACH)
        assert not any(candidate.accepted for candidate in view.candidates), (
            "the guardian's word is not enough"
        )
        with pytest.raises(Refused, match="has failed already"):
            await life.submit(CancelMission("m1"))


async def test_a_single_candidate_is_told_why_the_one_before_was_rejected(
    scripted_image: Scripted, live: Live
) -> None:
    body = '["\\n    self.balance += 100 * amount\\n"]'
    docile = f"[[rules]]\nmatch = '(?s)in cents.*def deposit_'\nanswers = {body}\n"
    flags = {"mission__approval": "ask", "mission__candidates": 1}
    async with live(scripted_image(script_of(BODIES, extra=docile)), **flags) as life:
        await life.line(MAKE)
        assert await asked(life, "account.deposit_(amount=50)  # add amount to balance") == "m1"
        await life.submit(RejectMission("m1", "balances are kept in cents"))
        told = await life.until(lambda event: "100 * amount" in str(event.data.get("source")))
        await life.until(lambda event: event.sequence > told.sequence and event.data.get("state") == "waits")
        assert "100 * amount" in (await life.mission("m1")).proposal
