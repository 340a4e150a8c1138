"""The form in which an expert is asked for a method."""

from __future__ import annotations

from dataclasses import replace

import pytest

from battui.contracts.errors import ModelUnavailable
from battui.contracts.values import Value
from battui.mind.briefs import MethodBrief
from battui.mind.method_form import read_form, shipped_form

BRIEF = MethodBrief(
    selector="deposit_",
    parameters=("amount",),
    arguments={"amount": 50},
    intent="add amount\nto balance",
    expectation="self.balance == 150",
    slots={"owner": "Ann", "balance": 100},
    understood=(),
)


def test_a_prompt_tells_slots_arguments_wish_expectation_and_head() -> None:
    assert shipped_form().prompt(BRIEF) == (
        "# self.balance = 100\n"
        "# self.owner = 'Ann'\n"
        "# amount = 50\n"
        "# add amount to balance\n"
        "# => self.balance == 150\n"
        "def deposit_(self, amount):"
    )


def test_a_message_without_words_is_read_from_its_selector() -> None:
    brief = replace(BRIEF, selector="total_price", parameters=(), intent="", expectation="", slots={})
    assert shipped_form().prompt(brief) == "# total price\ndef total_price(self):"


def test_what_went_wrong_before_is_told() -> None:
    assert "# wrong: the result is 3, not 4\ndef" in shipped_form().prompt(
        replace(BRIEF, feedback=("the result is 3, not 4",))
    )


def test_long_things_are_cut_the_same_way_always() -> None:
    many: dict[str, Value] = {f"slot_{n}": [*range(100)] for n in range(20)}
    lines = shipped_form().prompt(replace(BRIEF, slots=many, intent="x " * 1000)).splitlines()
    assert lines[0] == "# self.slot_0 = [0, 1, 2, ...]"
    assert len(lines) == 6 + 4
    assert max(map(len, lines)) <= 302


def test_all_fields_of_a_record_are_seen() -> None:
    record: dict[str, Value] = dict.fromkeys(("title", "author", "year", "shelf", "price"), 1)
    assert "'price': 1" in shipped_form().prompt(replace(BRIEF, slots={"books": [record]}))


@pytest.mark.parametrize("text", [b"", b"\xff", b"form = 1", b"[form]\nname = 'x'\n[limits]\nslots = 1"])
def test_what_is_no_form_is_refused(text: bytes) -> None:
    with pytest.raises(ModelUnavailable, match="no form"):
        read_form(text, about="mine")
