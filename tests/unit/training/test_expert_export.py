"""What is exported is what battui's own reader takes, and what the network was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from battui.contracts.errors import UsageError
from battui.contracts.generation import AdapterFiles
from battui.engines.gguf import Header
from battui.engines.gguf_lora import converted
from battui.engines.peft import files_of, read_adapter
from tests.unit.training.tiny_llama import network, random_examples, tiny_llama, torch

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINING_PLAIN", "1")


def exported(folder: Path) -> AdapterFiles:
    from training.expert.export import export

    export(network(changed=True), folder, base="tiny")
    return AdapterFiles("tiny", "", {name: str(path) for name, path in files_of(folder).items()})


def test_battui_reads_it(tmp_path: Path) -> None:
    adapter = read_adapter(exported(tmp_path))
    assert (adapter.rank, adapter.alpha, adapter.base) == (4, 8.0, "tiny")
    assert len(adapter.pairs) == 2 * 7
    assert {pair.a.dtype for pair in adapter.pairs.values()} == {"F16"}


def test_battui_converts_it(tmp_path: Path) -> None:
    modules = {"attn_q": (96, 96), "attn_k": (96, 32), "attn_v": (96, 32), "attn_output": (96, 96)}
    modules |= {"ffn_gate": (96, 160), "ffn_up": (96, 160), "ffn_down": (160, 96)}
    shapes = {f"blk.{layer}.{name}.weight": shape for layer in (0, 1) for name, shape in modules.items()}
    header = Header("llama", "tiny", 128, len(shapes), shapes, heads=6, kv_heads=2)
    path = converted(exported(tmp_path / "adapter"), header, tmp_path / "cache")
    assert path.read_bytes().startswith(b"GGUF")


def test_it_is_taken_over_again(tmp_path: Path) -> None:
    from training.expert.batches import batch_of
    from training.expert.export import take_over

    exported(tmp_path)
    other = network()
    take_over(other, tmp_path)
    batch = batch_of(random_examples(3))
    assert torch.allclose(other.loss(batch), network(changed=True).loss(batch), atol=0.1)


def test_an_adapter_of_another_rank_is_not_taken_over(tmp_path: Path) -> None:
    from training.expert.export import take_over
    from training.expert.network import Network

    exported(tmp_path)
    with pytest.raises(UsageError, match="rank 4"):
        take_over(Network(tiny_llama(), 2, 8.0), tmp_path)


def test_peft_reads_it(tmp_path: Path) -> None:
    peft: Any = pytest.importorskip("peft", reason="is compared with peft: pip install -e '.[train]'")
    from training.expert.batches import batch_of

    exported(tmp_path)
    adapted = peft.PeftModel.from_pretrained(tiny_llama(), str(tmp_path))
    batch = batch_of(random_examples(3))
    with torch.no_grad():
        scores = adapted(input_ids=batch.tokens).logits.flatten(0, 1)[batch.positions]
    theirs = torch.nn.functional.cross_entropy(scores, batch.targets, reduction="none")
    assert torch.allclose(network(changed=True).loss(batch), theirs, atol=0.15)
