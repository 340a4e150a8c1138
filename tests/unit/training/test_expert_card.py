"""The card says what was measured, and nothing is left to be filled in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from battui.contracts.errors import UsageError
from training.expert.card import write_card

TIER = {"tasks": 4, "installed": 4, "right": 3, "seconds": 0.5, "tokens": 15}
RUN = {
    "recipe": {
        "rank": 16,
        "alpha": 32.0,
        "rate": 1e-3,
        "eagerness": 4.0,
        "batch": 4096,
        "floor": 0.02,
        "clip": 1.0,
        "seed": 1,
    },
    "place": {"steps": 1200, "tokens": 90000, "said": 30000, "seconds": 3600.0},
    "passes": 1.0,
    "seen": {"all": 0.3, "tier 1": 0.2},
    "device": "a CPU (x, 2 cores)",
}
MEASURED: dict[str, Any] = {
    "run": RUN,
    "data": {"families": 2500, "parts": {"train": {"examples": 20000, "families": 2300}}},
    "sampled": {"tasks": 800, "first": 500, "any_right": 650, "examples": 150, "repairs": 200},
    "proof": {"prompts": 100, "equal": 98, "largest_margin": 0.02},
    "words": {"questions": 20, "same": 20, "right_alone": 12, "right_beside": 12, "right_through": 3},
    "speeds": {"with": 40.0, "without": 44.0},
    "scores": {"test": {"expert, first candidate": {"1": TIER}}},
}


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return folder


def card(folder: Path, adapter: Path, **changes: Any) -> str:
    for name, told in (MEASURED | changes).items():
        (folder / f"{name}.json").write_text(json.dumps(told))
    return write_card(folder, adapter, "python -m training.expert make").read_text()


def test_everything_measured_is_told(tmp_path: Path, adapter: Path) -> None:
    told = card(tmp_path, adapter)
    assert "$" not in told
    for words in (
        "500 times the first was right",
        "150 examples and 200 repairs",
        "98 equal",
        "3 of 4 (75%)",
    ):
        assert words in told


def test_without_sampling_nothing_is_said_of_it(tmp_path: Path, adapter: Path) -> None:
    assert "candidates on" not in card(tmp_path, adapter, sampled={})


def test_a_measurement_that_is_missing_is_named(tmp_path: Path, adapter: Path) -> None:
    card(tmp_path, adapter)
    (tmp_path / "proof.json").unlink()
    with pytest.raises(UsageError, match=r"proof\.json"):
        write_card(tmp_path, adapter, "again")
