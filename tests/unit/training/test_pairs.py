"""Two families in one message: what goes together, and what it comes to in a cell."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.unit.training.family_files import DEPOSIT, LARGEST, family
from training.drawing import draw_member, draw_situation
from training.execution import Job, cells_to_run_in
from training.pairs import can_come_first, paired, partners
from training.splits import part_of

RESET = """
[[family]]
id = "number-reset"
tier = 1
selectors = ["reset"]
words = { level = ["level", "height", "count", "depth"] }
slots = { "<level>" = "int(1, 9)" }
intents = ["set <level> to 0", "<level> is zero", "zero <level>", "reset <level>", "clear <level>", "<level> is 0"]
bodies = ['''
self.<level> = 0
self._p_changed = True
''']
"""


def test_changes_are_joined_before_one_signal(tmp_path: Path) -> None:
    first = draw_member(family(tmp_path), Random(1))

    pair = paired(first, [family(tmp_path, RESET)], Random(2))

    assert pair is not None
    lines = pair.bodies[0].split("\n")
    assert len(lines) == 3
    assert lines[1].endswith(" = 0")
    assert lines[2] == "self._p_changed = True"
    assert len(pair.slots) == 2
    assert pair.tier == 2


async def test_a_pair_changes_and_answers(tmp_path: Path) -> None:
    random = Random(1)
    pairs = [
        paired(draw_member(family(tmp_path), random), [family(tmp_path, LARGEST)], random) for _ in range(9)
    ]

    pair = next(pair for pair in pairs if pair is not None)
    situations = [draw_situation(pair, random) for _ in range(4)]
    async with cells_to_run_in() as runs:
        (outcomes,) = await runs.together([Job(tuple(pair.parameters), pair.bodies[0], situations)])

    for situation, outcome in zip(situations, outcomes, strict=True):
        (numbers,) = [value for value in situation.slots.values() if isinstance(value, list)]
        assert outcome.result == max(map(int, map(str, numbers)))
        assert outcome.after != situation.slots


def test_what_has_a_name_in_common_does_not_go_together(tmp_path: Path) -> None:
    first = draw_member(family(tmp_path), Random(1))
    (slot,) = first.slots
    other = family(tmp_path, RESET, ('["level", "height", "count", "depth"]', f'["{slot}"]'))

    assert paired(first, [other], Random(1)) is None
    assert paired(first, [], Random(1)) is None


def test_partners_are_of_the_same_part_and_go_in_a_straight_line(tmp_path: Path) -> None:
    guarded = (
        "self.<balance> += <amount>",
        "if <amount> < 0:\n    raise ValueError('no')\nself.<balance> += <amount>",
    )
    families = [family(tmp_path), family(tmp_path, LARGEST), family(tmp_path, DEPOSIT, guarded)]

    offered = partners(families, Random(1))

    assert {one.id for one in offered["train"]} == {"money-deposit", "list-largest"}
    assert len(offered["train"]) == 2
    assert all(part_of(one.id) == part for part, some in offered.items() for one in some)
    assert [can_come_first(one) for one in families] == [True, False, False]
