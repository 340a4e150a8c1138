"""A frozen Llama with a LoRA on all its linear layers: loss and gradients of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from training.expert.batches import Batch
from training.expert.kernels import HALF, cross_entropy
from training.expert.layer import Kept, Layer, Places, Shape
from training.expert.lora import Gradients, Group

HEAD_ROWS = 512
"""Positions whose scores over the whole vocabulary are held at once."""
HEAD_STRIDE = 32
"""Their number is a multiple of it, for the reason that widths are."""
ATTENTION = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
OUTPUT, DOWN = ("self_attn.o_proj",), ("mlp.down_proj",)
MLP = ("mlp.gate_proj", "mlp.up_proj")


class Network:
    """The model of transformers `model` (a LlamaForCausalLM), its weights in 16 bits, with matrices to be trained.

    `model` is not needed afterwards. Several threads may call `loss` at once, each with its own gradients.
    """

    def __init__(self, model: Any, rank: int, alpha: float, device: str = "cpu") -> None:
        config = model.config
        if config.rope_parameters.get("rope_type") != "default" or config.hidden_act != "silu":
            raise ValueError("only Llama models with plain rotary embedding and SwiGLU can be trained")
        size = config.head_dim or config.hidden_size // config.num_attention_heads
        self.rank, self.alpha, self.device = rank, alpha, torch.device(device)
        self.shape = Shape(
            config.hidden_size,
            config.num_attention_heads,
            config.num_key_value_heads,
            size,
            config.rms_norm_eps,
        )
        weights = {name: tensor.detach().to(self.device) for name, tensor in model.state_dict().items()}
        self.layers = [self._layer(weights, f"model.layers.{n}") for n in range(config.num_hidden_layers)]
        self._embedding = weights["model.embed_tokens.weight"].to(HALF)
        self._head = (weights["lm_head.weight"].float() * weights["model.norm.weight"].float()).to(HALF)
        turns = torch.arange(0, size, 2, dtype=torch.float32, device=self.device) / size
        self._speeds = config.rope_parameters["rope_theta"] ** -turns

    def initialise(self, seed: int) -> None:
        """Begin with matrices that change nothing."""
        generator = torch.Generator().manual_seed(seed)
        for group in self.groups():
            group.initialise(generator)

    def refresh(self) -> None:
        """Take changed matrices over; after every step."""
        for group in self.groups():
            group.refresh()

    def groups(self) -> Iterator[Group]:
        """All groups, layer by layer."""
        for layer in self.layers:
            yield from layer.groups

    def parameters(self) -> list[Tensor]:
        """All that is trained."""
        return [tensor for group in self.groups() for tensor in (group.a, group.b)]

    def tensors(self) -> list[Tensor]:
        """All that it holds in memory, but for little things."""
        held = [tensor for group in self.groups() for tensor in group.tensors()]
        return [self._embedding, self._head, *held]

    def gradients(self) -> list[tuple[Gradients, ...]]:
        """A place for one worker to gather gradients in, for each layer."""
        return [tuple(group.gradients() for group in layer.groups) for layer in self.layers]

    def loss(self, batch: Batch, gathered: list[tuple[Gradients, ...]] | None = None) -> Tensor:
        """The loss of each completion token in nats; the gradients of their sum are added to `gathered`."""
        places = self._places(*batch.tokens.shape)
        stream = self._embedding[batch.tokens.to(self.device).flatten()].float()
        branch = torch.zeros_like(stream, dtype=HALF)
        trail: list[Kept] = []
        for layer in self.layers:
            stream, branch, kept = layer.forward(stream, branch, places)
            if gathered is not None:
                trail.append(kept)
        losses, slope = self._scored(stream, branch, batch)
        if gathered is not None:
            narrow = slope.to(HALF)
            for layer, place in zip(reversed(self.layers), reversed(gathered), strict=True):
                slope, narrow = layer.backward(slope, narrow, places, trail.pop(), place)
        return losses

    def _scored(self, stream: Tensor, branch: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """The loss of each completion token, and the gradient of the stream after the last layer.

        The head is by far the widest layer, so it is computed only where something is to be said.
        """
        slopes = torch.zeros_like(stream)
        losses = []
        rows, targets = batch.positions.to(self.device), batch.targets.to(self.device)
        for some, wanted in zip(rows.split(HEAD_ROWS), targets.split(HEAD_ROWS), strict=True):
            total = stream[some] + branch[some]
            scale = torch.rsqrt(total.square().mean(-1, keepdim=True) + self.shape.epsilon)
            normed = total * scale
            more = -len(some) % HEAD_STRIDE
            loss, slope = cross_entropy(
                _longer(normed.to(HALF), more) @ self._head.t(), _longer(wanted, more)
            )
            wide = (slope @ self._head)[: len(some)].float()
            slopes[some] = (wide - normed * (wide * normed).mean(-1, keepdim=True)) * scale
            losses.append(loss[: len(some)])
        return torch.cat(losses), slopes

    def _places(self, batch: int, length: int) -> Places:
        angles = torch.outer(torch.arange(length, device=self.device).float(), self._speeds)
        mask = torch.full((length, length), float("-inf"), dtype=HALF, device=self.device).triu_(1)
        return Places(batch, length, angles.cos(), angles.sin(), mask)

    def _layer(self, weights: dict[str, Tensor], prefix: str) -> Layer:
        def group(modules: tuple[str, ...], norm: str = "") -> Group:
            named = [(f"{prefix}.{module}", weights[f"{prefix}.{module}.weight"]) for module in modules]
            weight = weights[f"{prefix}.{norm}.weight"].float() if norm else None
            return Group(named, weight, self.rank, self.alpha)

        attention = group(ATTENTION, "input_layernorm")
        return Layer(
            self.shape, attention, group(OUTPUT), group(MLP, "post_attention_layernorm"), group(DOWN)
        )


def _longer(rows: Tensor, more: int) -> Tensor:
    """`rows` and `more` rows of zeros."""
    return torch.cat((rows, rows.new_zeros(more, *rows.shape[1:]))) if more else rows
