"""Files of families: what is read, and what is said of those that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.training.family_files import DEPOSIT, LARGEST, family, written
from training.families import read_file, read_files

BROKEN = [
    ("an unknown field", ("tier = 1", "tier = 1\nlevel = 2"), "a family has no 'level'"),
    ("a missing field", ("tier = 1\n", ""), "it has no 'tier'"),
    ("a tier that there is not", ("tier = 1", "tier = 4"), "tier: it is 4"),
    ("intents that are no list", ('gives = "self.<balance>"', "gives = 3"), "gives: it is no text"),
    ("a generator that is no text", ('"int(1, 200)"', "200"), "parameters: <amount> has 200"),
    ("a pool that is no list", ('["balance", "savings", "funds", "purse"]', '"balance"'), "words: balance"),
    (
        "a word that is none",
        ('"balance", "savings"', '"balance|", "savings"'),
        "words: balance has something",
    ),
]


def test_a_family_is_read_with_its_words_forms_and_bodies(tmp_path: Path) -> None:
    read = family(tmp_path, LARGEST)

    assert read.words["item"][0] == ("price", "prices")
    assert read.slots == {"<item+>": "many(1, 6, int(1, 90))"}
    assert read.bodies[0] == "return max(self.<item+>)"
    assert read.where == "some.toml, family 'list-largest'"


def test_bodies_lose_what_surrounds_them(tmp_path: Path) -> None:
    assert family(tmp_path).bodies[0] == "self.<balance> += <amount>\nself._p_changed = True"


@pytest.mark.parametrize(("change", "words"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_an_error_names_file_family_and_field(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    reading = read_file(written(tmp_path, DEPOSIT, change))

    assert not reading.families
    (error,) = reading.errors
    assert words in error.what
    assert error.about == "some.toml, family 'money-deposit'"
    assert error.remedy


def test_a_broken_family_leaves_the_others(tmp_path: Path) -> None:
    path = written(
        tmp_path, DEPOSIT + LARGEST, ('tier = 1\nselectors = ["largest"', 'tier = 7\nselectors = ["largest"')
    )

    reading = read_file(path)

    assert [read.id for read in reading.families] == ["money-deposit"]
    assert len(reading.errors) == 1


def test_an_id_belongs_to_one_family(tmp_path: Path) -> None:
    files = [written(tmp_path, DEPOSIT, name="first.toml"), written(tmp_path, DEPOSIT, name="second.toml")]

    reading = read_files(files)

    assert len(reading.families) == 1
    assert "first.toml" in reading.errors[0].what
    assert "second.toml" in reading.errors[0].about


@pytest.mark.parametrize("text", ["", "[[family]\n", "family = 3"])
def test_what_holds_no_families_is_an_error_about_the_file(tmp_path: Path, text: str) -> None:
    reading = read_file(written(tmp_path, text))

    assert "some.toml" in reading.errors[0].about
