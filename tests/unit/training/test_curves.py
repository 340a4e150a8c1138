"""The short runs' data, and the picture of what came of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.unit.training.family_files import DEPOSIT, written
from training.curves.drawing import picture
from training.curves.variants import (
    families_share,
    lay,
    variants,
    without_expectations,
    without_repairs,
)
from training.families import read_file
from training.making import with_intents

PROMPTS = (
    "# wish\ndef a(self):",
    "# wish\n# => result == 3\ndef a(self):",
    "# wish\n# wrong: it raised\ndef a(self):",
)
LINES: list[dict[str, Any]] = [
    {"family": f"family-{number % 8}", "prompt": prompt, "completion": "\n    pass"}
    for number, prompt in enumerate(PROMPTS * 8)
]


def figures(names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "group": each.group,
            "label": each.label,
            "at": each.at,
            "steps": [1, 50, 100],
            "seen": [2.0, 0.9 - number / 50, 0.6 - number / 50],
            "tiers": {"tier 1": 0.3, "tier 2": 0.5 + number / 50, "tier 3": 0.9},
        }
        for number, each in enumerate(variants(sampled=True))
        if not names or each.name in names
    ]


@pytest.mark.parametrize(("share", "families"), [(1 / 8, 1), (1 / 4, 2), (1 / 2, 4), (1, 8)])
def test_a_share_of_the_families_has_all_of_their_examples(share: float, families: int) -> None:
    kept = list(families_share(share)(LINES))
    assert len({line["family"] for line in kept}) == families
    assert len(kept) == 3 * families


def test_smaller_shares_are_parts_of_larger_ones() -> None:
    chosen = [{line["family"] for line in families_share(share)(LINES)} for share in (1 / 8, 1 / 4, 1 / 2)]
    assert chosen[0] < chosen[1] < chosen[2]


def test_what_an_ablation_leaves_out_is_gone() -> None:
    assert not any("# =>" in line["prompt"] for line in without_expectations(LINES))
    assert len(list(without_expectations(LINES))) == len(LINES)
    assert sum("# wrong" in line["prompt"] for line in without_repairs(LINES)) == 0
    assert len(list(without_repairs(LINES))) == 16


def test_one_intent_is_the_first(tmp_path: Path) -> None:
    (family,) = read_file(written(tmp_path, DEPOSIT)).families
    assert with_intents(family, 1).intents == family.intents[:1]
    assert with_intents(family, None) is family


def test_every_variant_is_looked_at_on_the_same_examples(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in LINES))
    (data / "development.jsonl").write_text('{"prompt": "# => kept"}\n')
    named = {each.name: each for each in variants(sampled=False)}
    assert "sampled" not in named

    lay(named["no-expectation"], data, tmp_path / "out" / "no-expectation" / "data", sampled=None)

    laid = tmp_path / "out" / "no-expectation" / "data"
    assert "# =>" not in (laid / "train.jsonl").read_text()
    assert (laid / "development.jsonl").read_bytes() == (data / "development.jsonl").read_bytes()


@pytest.mark.parametrize("names", [(), ("whole",), ("whole", "families-1-of-64", "no-repairs")])
def test_the_picture_tells_of_every_run_that_was_made_and_is_always_the_same(names: tuple[str, ...]) -> None:
    drawn = picture(figures(names))
    words = {
        "".join(each.itertext()) for each in ElementTree.fromstring(drawn).iter() if each.tag.endswith("text")
    }
    assert {each["label"] for each in figures(names) if each["group"] == "ablation"} <= words
    assert "tier 3" in words
    assert picture(figures(names)) == drawn
