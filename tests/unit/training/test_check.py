"""The check of families finds each fault, and passes what is right; methods are run in real cells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.training.family_files import DEPOSIT, LARGEST, family, written
from training import check
from training.drawing import Situation
from training.execution import Job, Runs, cells_to_run_in
from training.faults import REFUSAL, Fault, examine

COINS = ("amount", "coins", "payment", "sum_paid")
HIDING = (("amount", "sum"), ("coins", "len"), ("payment", "max"), ("sum_paid", "math"))
SIGNAL = "\nself._p_changed = True\n"
FAULTS = [
    (
        "a body that cannot be read",
        [("self.<balance> += <amount>", "self.<balance> += (<amount>")],
        "body 1: line",
    ),
    ("a missing signal", [(f"+= <amount>{SIGNAL}", "+= <amount>\n")], "body 1: the guardian says"),
    (
        "a forbidden name",
        [("self.<balance> += <amount>", "self.<balance> += open(<amount>)")],
        "the guardian says",
    ),
    ("bodies that disagree", [("self.<balance> + <amount>", "self.<balance> + <amount> + 1")], "disagree"),
    ("a word without a pool", [("raise <balance> by", "raise <sum> by")], "<sum> has no pool"),
    ("a word without the second form", [("raise <balance> by", "raise <balance+> by")], "has only one"),
    ("too few intents", [('  "raise <balance> by <amount>",\n', "")], "there are 5"),
    ("an intent twice", [("raise <balance> by", "increase <balance> by")], "stands there twice"),
    ("a selector without its underscore", [('"deposit_", "add', '"deposit", "add')], "ends in an underscore"),
    ("a selector that is understood", [('"deposit_", "add', '"infer_", "add')], "understood by every object"),
    ("a name that is none", [(f'"{word}"', f'"the {word}"') for word in COINS], "is no name"),
    (
        "a parameter that hides a builtin",
        [(f'"{word}"', f'"{new}"') for word, new in HIDING],
        "hides a builtin",
    ),
    ("a parameter that nobody needs", [('"int(1, 200)"', '"int(1, 200)", more = "bool()"')], "does not use"),
    (
        "a parameter that nobody names",
        [('"int(1, 200)"', '"int(1, 200)", more = "bool()"')],
        "no intent names",
    ),
    ("a generator that is none", [("int(1, 200)", "number(1, 200)")], "there is no generator number"),
    (
        "a guarded parameter that is none",
        [('positive = "<amount>"', 'positive = "<balance>"')],
        "is no parameter",
    ),
    ("an answer without a word", [('gives_word = "new <balance>"', "")], "it needs a gives_word"),
    ("never doing anything", [('"int(1, 200)"', '"const(0)"')], "never answer or change anything"),
    ("what cannot be kept", [("= self.<balance> + <amount>", "= {<amount>}")], "body 2: not-storable"),
]


@pytest.fixture
async def runs() -> AsyncIterator[Runs]:
    async with cells_to_run_in() as runs:
        yield runs


async def found(path: Path, runs: Runs, *changes: tuple[str, str], text: str = DEPOSIT) -> list[Fault]:
    return [fault for fault in await examine(family(path, text, *changes), runs, draws=4) if not fault.advice]


@pytest.mark.parametrize("text", [DEPOSIT, LARGEST])
async def test_a_right_family_has_no_faults(tmp_path: Path, runs: Runs, text: str) -> None:
    assert await examine(family(tmp_path, text), runs, draws=6) == []


@pytest.mark.parametrize(("changes", "words"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
async def test_each_fault_is_found_and_named(
    tmp_path: Path, runs: Runs, changes: list[tuple[str, str]], words: str
) -> None:
    faults = await found(tmp_path, runs, *changes)

    assert any(words in fault.words for fault in faults), faults


async def test_an_answer_that_is_always_the_same_is_a_fault(tmp_path: Path, runs: Runs) -> None:
    faults = await found(tmp_path, runs, ("many(1, 6, int(1, 90))", "many(1, 6, const(4))"), text=LARGEST)

    assert "the answer is 4 in every situation drawn" in faults[0].words


async def test_a_method_that_always_raises_is_a_fault(tmp_path: Path, runs: Runs) -> None:
    changes = [
        ("max(self.<item+>)", "max(self.<item+>[:0])"),
        ("sorted(self.<item+>)[-1]", "min(self.<item+>[:0])"),
    ]

    (fault,) = await found(tmp_path, runs, *changes, text=LARGEST)

    assert "its bodies raise ValueError in every situation drawn" in fault.words


async def test_a_slip_is_a_fault_even_where_the_bodies_agree(tmp_path: Path, runs: Runs) -> None:
    faults = await found(tmp_path, runs, ('"int(1, 200)"', "\"const('x')\""))

    assert "body 1 raises TypeError with self." in faults[0].words


async def test_a_family_that_refuses_always_raises_the_same(tmp_path: Path, runs: Runs) -> None:
    refusing = [
        ("tier = 1", "tier = 1\nrefuses = true"),
        ("return max(self.<item+>)", f"raise {REFUSAL}('no')"),
    ]

    assert "do not always raise" in (await found(tmp_path, runs, *refusing[:1], text=LARGEST))[0].words
    refusing.append((', "return sorted(self.<item+>)[-1]"', ""))
    assert await found(tmp_path, runs, *refusing, text=LARGEST) == []


async def test_a_disagreement_is_shown_with_its_situation(tmp_path: Path, runs: Runs) -> None:
    (fault,) = await found(tmp_path, runs, ("self.<balance> + <amount>", "max(5, <amount>)"))

    assert "bodies 1 and 2 disagree with self." in fault.words
    assert "answers None and leaves" in fault.words


async def test_what_fails_as_a_whole_is_run_one_by_one(runs: Runs) -> None:
    situations = [Situation({"a": number}, {}) for number in (1, 2)]
    good = Job((), "return self.a", situations)
    bad = Job((), "return {self.a: {self.a}}", situations)

    first, second, third = await runs.together([good, bad, good])

    assert [outcome.result for outcome in first] == [outcome.result for outcome in third] == [1, 2]
    assert all(outcome.trouble.startswith("not-storable") for outcome in second)


async def test_what_is_run_together_is_as_if_it_were_run_alone(runs: Runs) -> None:
    situations = [Situation({"a": [number]}, {"b": number}) for number in range(3)]
    body = "if b == 2:\n    raise KeyError(b)\nself.a.append(b)\nself._p_changed = True\nreturn self.a"
    job = Job(("b",), body, situations)

    (together,) = await runs.together([job])

    assert together == [await runs.alone(job, situation) for situation in situations]
    assert together[2].raises == "KeyError"
    assert situations[0].slots == {"a": [0]}


def test_the_command_reports_families_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = written(tmp_path, LARGEST, name="a.toml"), written(tmp_path, DEPOSIT, FAULTS[3][1][0])

    assert check.main([str(right)]) == 0
    assert check.main([str(right), str(wrong), "--draws", "2"]) == 1
    assert "FAULT    money-deposit: bodies 1 and 2 disagree" in capsys.readouterr().out


def test_the_command_shows_examples_as_the_model_reads_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.main([str(written(tmp_path, LARGEST)), "--show", "list-largest"]) == 0

    shown = capsys.readouterr().out
    assert shown.count("(self):\n    return ") == 3
