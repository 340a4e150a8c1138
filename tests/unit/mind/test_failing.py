"""Why a mission fails, in words that name the cause, and which candidate came nearest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.contradiction import contradiction_in
from battui.mind.cycle import Mandate, park, start_cycle
from battui.mind.editing import draft_of
from battui.mind.failing import asked_for_forbidden, best_fate, failure_of
from tests.unit.mind.state_parts import fate

CONTRADICTIONS = [
    "self.balance == 150 and self.balance == 151",
    "result > 3 and result < 2",
    "5 <= result <= 0",
    "result > 3 > result",
    "1 == 2",
    "result == 4 and 1 > 2",
    "result is None and result == 3",
    "result == 'a' and result > 3",
    "len(result) == 2 and len(result) > 2 and self.a == 1",
    "self.a == 1 and (self.b == 2 and self.a == 3)",
]
CONSISTENT = [
    "self.balance == 150",
    "result == 1 and result == 1",
    "result > 1 and result < 2",
    "0 <= result <= 5",
    "result != 3",
    "result != 1 and result != 2",
    "self.a == 1 or self.a == 2",
    "len(result) == 2 and result == [1, 2]",
    "result is True and result == 1",
    "result > 'a' and result < 'b'",
    "self.items[0] == 1 and self.items[1] == 2",
    "result",
    "not a python expression (",
    "",
]


@pytest.mark.parametrize("expectation", CONTRADICTIONS)
def test_what_cannot_be_met_is_found(expectation: str) -> None:
    assert contradiction_in(expectation)


@pytest.mark.parametrize("expectation", CONSISTENT)
def test_what_may_be_met_is_left_alone(expectation: str) -> None:
    assert contradiction_in(expectation) == ""


SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
PARTS = st.lists(st.tuples(SIGNS, st.integers(-3, 3)), min_size=1, max_size=4)


@settings(deadline=None)
@given(PARTS)
def test_it_agrees_with_trying_every_number(parts: list[tuple[str, int]]) -> None:
    expectation = " and ".join(f"result {sign} {number}" for sign, number in parts)
    tried = (half / 2 for half in range(-10, 11))
    met = any(eval(expectation, {"result": value}) for value in tried)
    assert (contradiction_in(expectation) == "") == met


FORBIDDEN = [
    ("download the page at https://example.org/a and keep its title", "the network"),
    ("get the temperature from the internet", "the network"),
    ("read the names from a file", "files"),
    ("save the report to disk", "files"),
    ("return the contents of /etc/passwd", "files"),
    ("run a shell command that lists users", "other programs"),
    ("import os and return the user", "imports"),
]
ALLOWED = [
    "append file to files",
    "count one more download",
    "remove the file named name from the folder's files",
    "return whether link starts with 'http://' or 'https://'",
    "import the goods: add amount to stock",
    "the network of friends gets one more",
    "save amount",
    "",
]


@pytest.mark.parametrize(("intent", "what"), FORBIDDEN)
def test_what_no_method_may_do_is_named_with_its_words(intent: str, what: str) -> None:
    found, words = asked_for_forbidden(intent)
    assert found == what
    assert words in intent


@pytest.mark.parametrize("intent", ALLOWED)
def test_words_that_can_be_meant_otherwise_are_left_alone(intent: str) -> None:
    assert asked_for_forbidden(intent) == ("", "")


def test_no_task_of_the_development_set_is_taken_for_a_forbidden_one() -> None:
    tasks = (Path(__file__).parents[2] / "data" / "jit_development.jsonl").read_text("utf-8").splitlines()
    intents = [json.loads(line)["intent"] for line in tasks if line.strip()]
    assert intents
    assert [intent for intent in intents if asked_for_forbidden(intent)[0]] == []


def test_the_best_candidate_is_the_one_that_came_nearest() -> None:
    refused = {**fate(0), "accepted": False}
    raised, ran, survived = fate(1), {**fate(2), "ran": True}, fate(3, survived=True)
    edited = [{**fate(number), "edited": True} for number in (4, 5)]
    fates: list[dict[str, Any]] = [{**fate(9), "source": ""}, refused, raised, ran, survived, *edited]
    for count, best in ((2, 0), (3, 1), (4, 2), (5, 3), (6, 4), (7, 5)):
        found = best_fate(fates[:count])
        assert found is not None
        assert found["index"] == best
    assert best_fate(fates[:1]) is None


def started(world: World, target: UvmObject, expectation: str = "", intent: str = "add") -> UvmObject:
    mandate = Mandate("unhandled_message", "deposit_", ("amount",), intent, expectation)
    cycle = start_cycle(world, target, mandate, 0.0)
    park(cycle, {"amount": 50}, "")
    return cycle


def test_a_failure_counts_the_candidates_of_all_rounds(world: World, account: UvmObject) -> None:
    cycle = started(world, account)
    assert failure_of(cycle, [fate(number) for number in range(6)]).startswith(
        "none of the 6 candidates passed"
    )
    assert failure_of(cycle, [fate(0)]) == "the one candidate did not pass: verdict 0"
    assert failure_of(cycle, []) == "the model wrote no method"
    assert failure_of(cycle, [{**fate(0), "source": " "}]) == "the model wrote no method"


EFFECTS = {
    '{"changes": [[33, {"a": 12}, []]], "created": 0, "result": null}': "it set a to 12, it answered None",
    '{"changes": [[33, {}, ["a"]]], "created": 0, "result": 3}': "it removed a, it answered 3",
    '{"changes": [], "created": 1, "result": "; {"}': "it answered '; {'",
}


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_failure_says_in_words_what_the_best_candidate_did(
    world: World, account: UvmObject, effect: str
) -> None:
    best = {**fate(0), "verdict": f"cell: ran, but the expectation does not hold; {effect}"}
    told = failure_of(started(world, account), [best])
    assert told.endswith(f"the expectation does not hold: {EFFECTS[effect]}")


@pytest.mark.parametrize("verdict", ["cell: NameError: {x}; {y", "cell: TypeError: bad; {}", "a; {1}"])
def test_a_verdict_without_an_effect_is_told_as_it_is(world: World, account: UvmObject, verdict: str) -> None:
    assert failure_of(started(world, account), [{**fate(0), "verdict": verdict}]).endswith(verdict)


def test_a_failure_names_its_cause(world: World, account: UvmObject) -> None:
    clash = started(world, account, "self.balance == 1 and self.balance == 2")
    assert "no method can meet self.balance == 1 and self.balance == 2" in failure_of(clash, [fate(0)])
    forbidden = started(world, account, intent="read balance from a file")
    assert "files ('read balance from a file')" in failure_of(forbidden, [fate(0)])


def test_who_edits_starts_from_what_there_is(world: World, account: UvmObject) -> None:
    cycle = started(world, account)
    assert draft_of(cycle) == "def deposit_(self, amount):\n    raise NotImplementedError\n"
    cycle.drafts = ["", "def deposit_(self, amount):\n    return 1"]
    assert "return 1" in draft_of(cycle)
    cycle.fates = [fate(0)]
    assert draft_of(cycle) == fate(0)["source"]
    question = start_cycle(world, account, Mandate("question", question="Why?"), 0.0)
    assert draft_of(question) == ""
