"""What a question is about, what speaks of it, and which answers keep to what was found."""

from __future__ import annotations

import pytest

from battui.contracts.values import Value
from battui.mind.evidence import evidence_in, evidence_of_slots, supported
from battui.mind.questions import Question
from battui.mind.steps import Excerpt

ZOO = Excerpt(
    "zoo.md:10",
    "The zoo has 12 lions and a visitor's path.\n\nLions sleep by day. They hunt at night.\n\n"
    "| code | meaning |\n|---|---|\n| 7 | the gate is shut |\n",
    ("Guide", "Lions"),
)
ANSWERED = [
    ("When do lions hunt?", "zoo.md:12", "Lions sleep by day. They hunt at night."),
    ("How many lions are there?", "zoo.md:10", "The zoo has 12 lions and a visitor's path."),
    ("What does code 7 mean?", "zoo.md:16", "7 | the gate is shut"),
    ("Is the gate shut?", "zoo.md:16", "7 | the gate is shut"),
]
UNANSWERED = [
    "What do tigers eat?",
    "Who painted the lions' gate in Vienna?",
    "How many visitors are there?",
    "Which whale swims fastest?",
]


@pytest.mark.parametrize(("text", "place", "words"), ANSWERED)
def test_a_statement_answers_with_its_own_line(text: str, place: str, words: str) -> None:
    best = evidence_in(Question(text), (ZOO,))[0]
    assert (best.place, best.text) == (place, words)


@pytest.mark.parametrize("text", UNANSWERED)
def test_nothing_answers_what_is_not_spoken_of(text: str) -> None:
    assert evidence_in(Question(text), (ZOO,)) == ()


def test_rare_words_decide() -> None:
    question = "Which battui lion sleeps?"
    common = {"battui": 0.1, "lion": 3.0, "sleep": 3.0}
    assert evidence_in(Question(question, common), (ZOO,))
    assert not evidence_in(Question(question, {**common, "battui": 20.0}), (ZOO,))


def test_slots_are_statements_too() -> None:
    slots: dict[str, Value] = {"balance": -3, "owner_name": "Ada"}
    (balance,) = evidence_of_slots(Question("What is the balance?", name="account"), "account", slots)
    assert (balance.place, balance.text) == ("account.balance", "balance = -3")
    assert len(evidence_of_slots(Question("What is in it?", name="account"), "account", slots)) == 2
    assert not evidence_of_slots(Question("Who is the president?", name="account"), "account", slots)


ASKED = Question("When do lions hunt in the zoo?")
HELD = "Lions sleep by day and never hunt before 21 o'clock; they hunt at night, not for sport."
PLAIN = "Lions sleep by day. They hunt at night."


@pytest.mark.parametrize(
    ("answer", "held", "expected"),
    [
        ("They hunt at night.", PLAIN, True),
        ("Lions hunt at night", PLAIN, True),
        ("At night.", PLAIN, True),
        ("Lions hunt in the zoo.", PLAIN, False),  # nothing that was not asked
        ("They hunt at noon.", PLAIN, False),
        ("They do not hunt at night.", PLAIN, False),
        ("They hunt at night. They eat zebras.", PLAIN, False),
        ("Night hunts lions.", PLAIN, False),  # the words, in no order that was said
        ("They hunt before 21 o'clock.", HELD, True),
        ("They hunt before 22 o'clock.", HELD, False),
        ("", PLAIN, False),
        ("...", PLAIN, False),
    ],
)
def test_an_answer_has_to_be_said_by_what_was_found(answer: str, held: str, expected: bool) -> None:
    assert supported(ASKED, answer, [held]) is expected


def test_each_sentence_may_rest_on_another_text() -> None:
    texts = ["Lions sleep by day.", "The lions of the zoo hunt at night."]
    assert supported(ASKED, "Lions sleep by day. They hunt at night.", texts)
    assert not supported(ASKED, "Lions sleep by day. They hunt at noon.", texts)
