"""The network whose backward pass is written out says and learns what transformers and PEFT do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.training.tiny_llama import ALPHA, RANK, network, random_examples, tiny_llama, torch

pytestmark = pytest.mark.filterwarnings("default")
peft: Any = pytest.importorskip("peft", reason="training is compared with peft: pip install -e '.[train]'")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINING_PLAIN", "1")


@pytest.fixture(scope="module")
def theirs() -> Any:
    """PEFT's model with the matrices of `network`."""
    model = tiny_llama()
    config = peft.LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM")
    adapted = peft.get_peft_model(model, config)
    parameters = dict(adapted.named_parameters())
    for group in network(changed=True).groups():
        for name, both in group.split().items():
            for side, matrix in zip("AB", both, strict=True):
                parameters[f"base_model.model.{name}.lora_{side}.default.weight"].data.copy_(matrix)
    return adapted


@pytest.fixture(scope="module")
def batch() -> Any:
    from training.expert.batches import batch_of

    return batch_of(random_examples(6))


@pytest.fixture(scope="module")
def their_losses(theirs: Any, batch: Any) -> Any:
    """The loss of every completion token; the gradients of their sum are in the model then."""
    hidden = theirs.base_model.model.model(input_ids=batch.tokens).last_hidden_state
    said = hidden.reshape(-1, hidden.shape[-1])[batch.positions]
    scores = theirs.base_model.model.lm_head(said)
    losses = torch.nn.functional.cross_entropy(scores, batch.targets, reduction="none")
    losses.sum().backward()
    return losses.detach()


def test_losses_are_theirs(batch: Any, their_losses: Any) -> None:
    ours = network(changed=True).loss(batch)
    assert torch.allclose(ours, their_losses, atol=0.15)
    assert abs(float(ours.mean() - their_losses.mean())) < 0.02


def test_gradients_are_theirs(theirs: Any, batch: Any, their_losses: Any) -> None:
    built = network(changed=True)
    gathered = built.gradients()
    built.loss(batch, gathered)
    wanted = dict(theirs.named_parameters())
    for group, place in zip(built.groups(), (place for layer in gathered for place in layer), strict=True):
        group.a.copy_(place.a)
        group.b.copy_(place.b)
        for name, both in group.split().items():
            for side, found in zip("AB", both, strict=True):
                gradient = wanted[f"base_model.model.{name}.lora_{side}.default.weight"].grad
                likeness = torch.nn.functional.cosine_similarity(found.flatten(), gradient.flatten(), dim=0)
                assert float(likeness) > 0.995, (name, side)
                assert float(found.norm() / gradient.norm()) == pytest.approx(1, abs=0.05), (name, side)


def test_untrained_matrices_change_nothing(batch: Any) -> None:
    untrained, changed = network().loss(batch), network(changed=True).loss(batch)
    model = tiny_llama()
    with torch.no_grad():
        scores = model(input_ids=batch.tokens).logits.flatten(0, 1)[batch.positions]
    plain = torch.nn.functional.cross_entropy(scores, batch.targets, reduction="none")
    assert torch.allclose(untrained, plain, atol=0.15)
    assert not torch.allclose(changed, plain, atol=0.15)


def test_padding_is_never_seen(batch: Any) -> None:
    from training.expert.batches import batch_of

    built, examples = network(changed=True), random_examples(6)
    alone = torch.cat([built.loss(batch_of([example])) for example in examples])
    assert torch.allclose(built.loss(batch), alone, atol=0.1)
