"""The mean of adapters lies amid them, and has their form."""

from __future__ import annotations

from pathlib import Path

import pytest

from battui.contracts.errors import UsageError
from battui.engines.peft import CONFIG, WEIGHTS
from tests.unit.training.tiny_llama import torch

pytestmark = pytest.mark.filterwarnings("default")


def adapter(folder: Path, *numbers: float, config: str = "{}") -> Path:
    """An adapter with one matrix of these numbers."""
    from safetensors.torch import save_file

    folder.mkdir()
    save_file({"a": torch.tensor(numbers, dtype=torch.float16)}, folder / WEIGHTS)
    (folder / CONFIG).write_text(config)
    return folder


def test_the_mean_lies_amid_them(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from training.expert.averaging import average

    numbers = ((1.0, -2.0), (3.0, 4.0), (5.0, 1.0))
    adapters = [adapter(tmp_path / f"{number}", *each) for number, each in enumerate(numbers)]
    average(adapters[:2], tmp_path / "mean")
    average(adapters, tmp_path / "all")

    assert load_file(tmp_path / "mean" / WEIGHTS)["a"].tolist() == [2.0, 1.0]
    assert load_file(tmp_path / "all" / WEIGHTS)["a"].tolist() == [3.0, 1.0]
    assert (tmp_path / "mean" / CONFIG).read_text() == "{}"


def test_adapters_of_another_form_are_refused(tmp_path: Path) -> None:
    from training.expert.averaging import average

    one, longer = adapter(tmp_path / "one", 1.0), adapter(tmp_path / "longer", 1.0, 2.0)
    changed = adapter(tmp_path / "changed", 1.0, config='{"r": 8}')
    for other in (longer, changed):
        with pytest.raises(UsageError, match="not the same form"):
            average([one, other], tmp_path / "mean")
