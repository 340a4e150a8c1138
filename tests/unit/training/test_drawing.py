"""What is drawn from a family: words, situations, compositions, and the ways in which a wish is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from battui.contracts.errors import UsageError
from battui.guardian import review
from tests.unit.training.family_files import DEPOSIT, LARGEST, family
from training.drawing import draw_member, draw_situation, method_source
from training.execution import cells_to_run_in
from training.facts import Facts, facts_of
from training.phrasing import distractors, phrased
from training.sketches import Sketch, sketch

CHANGING = Facts(answering=False, changing=True, raising=False, kind="")
NUMBER = Facts(answering=True, changing=False, raising=False, kind="number")


def sketches(folder: Path, text: str, facts: Facts, count: int = 150) -> Sequence[Sketch]:
    drawn = family(folder, text)
    return [sketch(drawn, number, facts, seed=1) for number in range(count)]


def test_a_word_is_the_same_everywhere_in_a_member(tmp_path: Path) -> None:
    member = draw_member(family(tmp_path, LARGEST), Random(3))

    (slot,) = member.slots
    assert slot in ("prices", "scores", "levels", "sizes")
    assert member.bodies[0] == f"return max(self.{slot})"
    assert member.intents[1] == f"the highest {slot.removesuffix('s')} in {slot}"


def test_pools_that_have_only_one_word_in_common_cannot_be_told_apart(tmp_path: Path) -> None:
    one = ('["amount", "coins", "payment", "sum_paid"]', '["funds"]')
    with pytest.raises(UsageError, match="the pools have too little"):
        draw_member(
            family(tmp_path, DEPOSIT, one, ('["balance", "savings", "funds", "purse"]', '["funds"]')),
            Random(1),
        )


def test_situations_that_cannot_be_drawn_are_an_error_that_says_why(tmp_path: Path) -> None:
    member = draw_member(
        family(tmp_path, LARGEST, ("many(1, 6, int(1, 90))", "item_of(const([]))")), Random(1)
    )
    with pytest.raises(UsageError, match="there is nothing to choose from"):
        draw_situation(member, Random(1))


def test_a_sketch_is_the_same_whenever_it_is_drawn(tmp_path: Path) -> None:
    first, second = sketches(tmp_path, DEPOSIT, CHANGING, 20), sketches(tmp_path, DEPOSIT, CHANGING, 20)

    assert first == second
    assert len({one.intent for one in first}) > 5


def test_an_answer_is_composed_behind_a_change(tmp_path: Path) -> None:
    giving = [one for one in sketches(tmp_path, DEPOSIT, CHANGING) if "return self." in one.job.body]

    assert giving
    assert all(" new " in one.intent for one in giving)


def test_a_guard_is_composed_in_front_and_met_by_some_situations(tmp_path: Path) -> None:
    guarded = [one for one in sketches(tmp_path, DEPOSIT, CHANGING) if one.job.body.startswith("if ")]

    assert {one.tier for one in guarded} == {2}
    assert any("raise ValueError" in one.job.body for one in guarded)
    assert any("    return\n" in one.job.body and "return self." not in one.job.body for one in guarded)
    (parameter,) = guarded[0].job.parameters
    assert any(int(str(situation.arguments[parameter])) <= 0 for situation in guarded[0].job.situations)


def test_an_empty_list_is_guarded_where_the_family_knows_none(tmp_path: Path) -> None:
    guarded = [one for one in sketches(tmp_path, LARGEST, NUMBER) if one.job.body.startswith("if not self.")]

    assert guarded
    assert any("    return 0\n" in one.job.body for one in guarded)
    assert any([] in situation.slots.values() for situation in guarded[0].job.situations)


def test_a_result_is_put_into_a_slot_where_the_wish_says_what_is_returned(tmp_path: Path) -> None:
    storing = [one for one in sketches(tmp_path, LARGEST, NUMBER) if "_p_changed" in one.job.body]

    assert storing
    assert all(" the " in one.intent and "return the" not in one.intent.lower()[:10] for one in storing[:1])


@pytest.mark.parametrize(("text", "facts"), [(DEPOSIT, CHANGING), (LARGEST, NUMBER)])
def test_whatever_is_composed_passes_the_guardian(tmp_path: Path, text: str, facts: Facts) -> None:
    for one in sketches(tmp_path, text, facts, 60):
        assert review(method_source(one.selector, one.job.parameters, one.job.body), repair=False).accepted


@pytest.mark.parametrize(("text", "facts"), [(DEPOSIT, CHANGING), (LARGEST, NUMBER)])
async def test_the_facts_of_a_family_are_seen_in_cells(tmp_path: Path, text: str, facts: Facts) -> None:
    async with cells_to_run_in() as runs:
        assert await facts_of(family(tmp_path, text), runs) == facts


def test_a_wish_is_said_differently_and_names_stay_as_they_are() -> None:
    said = {
        phrased("add amount to balance", ["balance"], {"balance", "amount"}, Random(seed))
        for seed in range(300)
    }

    assert {"add amount to balance", "Add amount to balance.", "put amount to balance"} <= said
    assert any("please" in one for one in said)
    assert any("self.balance" in one for one in said)
    assert all("amount" in one and "balance" in one for one in said)


def test_a_name_at_the_front_keeps_its_first_letter_small() -> None:
    said = {phrased("balance grows", ["balance"], {"balance"}, Random(seed)) for seed in range(200)}

    assert not any(one.startswith("Balance") for one in said)


def test_other_slots_are_none_that_the_wish_speaks_of() -> None:
    drawn = [
        distractors("count the notes, tags and labels of the owner", Random(seed)) for seed in range(300)
    ]

    assert any(drawn)
    assert not {name for names in drawn for name in names} & {"notes", "tags", "label", "owner"}
