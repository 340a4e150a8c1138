"""Families that say and do what is held back are found; those that only look like it are notes, or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.training.family_files import DEPOSIT, LARGEST, written
from training import leaks
from training.families import read_files
from training.held_back import held_back_tasks
from training.leaks import Leak, find_leaks
from training.similarity import nearness, normal_tree, tokens
from training.splits import part_of

HELD = next(f"held-{number}" for number in range(1000) if part_of(f"held-{number}") != "train")
TASK = {
    "id": "given-pay",
    "tier": 1,
    "selector": "pay_",
    "params": ["money"],
    "intent": "put money into the wallet",
    "cases": [
        {"slots": {"wallet": 3}, "args": {"money": 4}, "after": {"wallet": 7}},
        {"slots": {"wallet": 0}, "args": {"money": 1}, "after": {"wallet": 1}},
    ],
}
TREES = [
    ("other names", "for a in self.b:\n    return a", "for item in self.y:\n    return item", True),
    ("other texts", "return self.a['price']", "return self.b['size']", True),
    ("other large numbers", "return self.a > 100", "return self.b > 25", True),
    ("other small numbers", "return self.a[0]", "return self.a[1]", False),
    ("another order", "return self.a - self.b", "return self.b - self.a", True),
    ("another comparison", "return self.a > 100", "return self.a >= 100", False),
    ("another method", "return self.a.upper()", "return self.a.lower()", False),
    ("another builtin", "return max(self.a)", "return min(self.a)", False),
    ("an empty text", "return ''", "return 'x'", False),
]  # fmt: skip


async def found(paths: Sequence[Path], tasks: Sequence[Path] = ()) -> list[Leak]:
    held = [task for path in tasks for task in held_back_tasks(str(path))]
    return await find_leaks(read_files(paths).families, held)


@pytest.mark.parametrize(
    ("first", "second", "one"), [row[1:] for row in TREES], ids=[row[0] for row in TREES]
)
def test_trees_are_one_where_only_names_and_values_differ(first: str, second: str, one: bool) -> None:
    assert (normal_tree((), first) == normal_tree((), second)) is one


def test_wishes_are_compared_without_names_and_small_words() -> None:
    first = tokens("Add amount to the balance.", {"amount", "balance"})
    second = tokens("add coins to purse", {"coins", "purse"})

    assert first == second == {"add"}
    assert nearness(first, second) == 1.0
    assert nearness(first, tokens("take coins from purse", {"coins", "purse"})) == 0.0
    assert tokens("more than 10", ()) == tokens("more than 25", ())


async def test_a_family_that_says_and_does_what_a_held_back_one_does_leaks(tmp_path: Path) -> None:
    held = written(tmp_path, DEPOSIT, ("money-deposit", HELD), ('"balance",', '"account",'), name="held.toml")

    (leak,) = await found([written(tmp_path, DEPOSIT), held])

    assert (leak.family, leak.held, leak.note) == ("money-deposit", HELD, False)


async def test_the_same_done_in_another_way_leaks_too(tmp_path: Path) -> None:
    changes = [
        ("money-deposit", HELD),
        ("self.<balance> += <amount>", "self.<balance> = <amount> + self.<balance>"),
    ]
    changes += [
        ("self.<balance> = self.<balance> + <amount>", "self.<balance> = sum([self.<balance>, <amount>])")
    ]

    found_leaks = await found(
        [written(tmp_path, DEPOSIT), written(tmp_path, DEPOSIT, *changes, name="held.toml")]
    )

    assert [leak.note for leak in found_leaks] == [False]


async def test_the_same_words_for_something_else_do_not_leak(tmp_path: Path) -> None:
    changes = [
        ("money-deposit", HELD),
        ("+= <amount>", "-= <amount>"),
        ("<balance> + <amount>", "<balance> - <amount>"),
    ]

    assert (
        await found([written(tmp_path, DEPOSIT), written(tmp_path, DEPOSIT, *changes, name="held.toml")])
        == []
    )


async def test_one_tree_for_other_words_is_a_note_from_tier_two_on(tmp_path: Path) -> None:
    said = [(f'"{line}', f'"other thing {number} entirely') for number, line in enumerate(STARTS)]
    held = [("money-deposit", HELD), *said]

    assert (
        await found([written(tmp_path, DEPOSIT), written(tmp_path, DEPOSIT, *held, name="held.toml")]) == []
    )
    held.append(("tier = 1", "tier = 2"))
    (leak,) = await found([written(tmp_path, DEPOSIT), written(tmp_path, DEPOSIT, *held, name="held.toml")])
    assert leak.note


STARTS = (
    "add <amount>",
    "put <amount>",
    "increase <balance>",
    "raise <balance>",
    "credit <amount>",
    "<balance> grows",
)


async def test_a_task_of_a_file_is_held_back_by_what_it_does(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text(json.dumps(TASK) + "\n", encoding="utf-8")
    families = [written(tmp_path, DEPOSIT), written(tmp_path, LARGEST, name="largest.toml")]

    (leak,) = await found(families, [tasks])

    assert (leak.family, leak.note) == ("money-deposit", False)
    assert "given-pay" in leak.held


def test_the_command_writes_what_is_to_be_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks, drop = tmp_path / "tasks.jsonl", tmp_path / "drop"
    tasks.write_text(json.dumps(TASK) + "\n", encoding="utf-8")
    path = written(tmp_path, DEPOSIT)

    assert leaks.main([str(tasks), "--families", str(path)]) == 1
    assert leaks.main([str(tasks), "--families", str(path), "--drop", str(drop)]) == 0
    assert drop.read_text(encoding="utf-8") == "money-deposit\n"
    assert "1 of 1 families leak" in capsys.readouterr().out
    assert leaks.main([str(tmp_path / "nothing"), "--families", str(path)]) == 2
