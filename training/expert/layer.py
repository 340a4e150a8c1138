"""One layer of a Llama (RMS norm, grouped-query attention with rotary embedding, SwiGLU): forward and backward.

The backward pass is written out. Against autograd it needs no second copy of anything, keeps in 16 bits what need
not be more exact, and several threads can run it side by side, each for a batch of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from training.expert.kernels import (
    add_norm,
    gate,
    gate_backward,
    norm_backward,
    softmax_backward,
    turned,
    turned_back,
)
from training.expert.lora import Gradients, Group


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model that its layers need."""

    hidden: int
    heads: int
    kv_heads: int
    head: int
    epsilon: float

    @property
    def shared(self) -> int:
        """How many query heads read one key head."""
        return self.heads // self.kv_heads


@dataclass(frozen=True, slots=True)
class Places:
    """What depends on the batch's form alone: its size, the rotary embedding and the causal mask."""

    batch: int
    length: int
    cosine: Tensor
    sine: Tensor
    mask: Tensor


class Kept(NamedTuple):
    """What the backward pass needs of the forward pass."""

    attention_room: Tensor
    attention_scale: Tensor
    turned: Tensor
    shares: Tensor
    output_room: Tensor
    mlp_room: Tensor
    mlp_scale: Tensor
    gated: Tensor
    down_room: Tensor


class Layer:
    """Four groups: queries, keys and values; the attention's output; gate and up; down."""

    def __init__(self, shape: Shape, attention: Group, output: Group, mlp: Group, down: Group) -> None:
        self.shape = shape
        self.groups = (attention, output, mlp, down)

    def forward(self, stream: Tensor, branch: Tensor, places: Places) -> tuple[Tensor, Tensor, Kept]:
        """The residual stream and the branch still to be added to it, and what the backward pass needs."""
        attention, output, mlp, down = self.groups
        attention_room = attention.room(len(stream))
        stream, attention_scale = add_norm(stream, branch, attention_room, self.shape.epsilon)
        output_room = output.room(len(stream))
        heads, shares = self._attend(attention.forward(attention_room), places, output_room)
        mlp_room = mlp.room(len(stream))
        branch = output.forward(output_room)
        stream, mlp_scale = add_norm(stream, branch, mlp_room, self.shape.epsilon)
        gated, down_room = mlp.forward(mlp_room), down.room(len(stream))
        gate(gated, down_room)
        kept = Kept(
            attention_room,
            attention_scale,
            heads,
            shares,
            output_room,
            mlp_room,
            mlp_scale,
            gated,
            down_room,
        )
        return stream, down.forward(down_room), kept

    def backward(
        self, slope: Tensor, narrow: Tensor, places: Places, kept: Kept, gathered: tuple[Gradients, ...]
    ) -> tuple[Tensor, Tensor]:
        """The gradient of the stream before this layer from that after it, whole and in 16 bits."""
        attention, output, mlp, down = self.groups
        inner = gate_backward(kept.gated, down.backward(narrow, kept.down_room, gathered[3]))
        inner = mlp.backward(inner, kept.mlp_room, gathered[2])
        slope, narrow = norm_backward(inner, kept.mlp_room[:, : mlp.inputs], kept.mlp_scale, slope)
        inner = output.backward(narrow, kept.output_room, gathered[1])
        inner = attention.backward(
            self._attend_backward(inner, places, kept), kept.attention_room, gathered[0]
        )
        normed = kept.attention_room[:, : attention.inputs]
        return norm_backward(inner, normed, kept.attention_scale, slope)

    def _attend(self, mixed: Tensor, places: Places, into: Tensor) -> tuple[Tensor, Tensor]:
        """Attention of all heads, written into the first columns of `into`."""
        shape, batch, length = self.shape, places.batch, places.length
        rows = mixed.view(batch, length, -1, shape.head)
        heads = turned(rows, places.cosine, places.sine, shape.kv_heads)
        queries, keys, values = self._parted(heads)
        scores = torch.bmm(queries, keys.transpose(1, 2)).view(-1, shape.shared, length, length)
        scores = torch.add(places.mask, scores, alpha=shape.head**-0.5)
        shares = torch.softmax(scores, -1).view(-1, shape.shared * length, length)
        seen = torch.bmm(shares, values).view(batch, shape.heads, length, shape.head)
        into[:, : shape.heads * shape.head].view(batch, length, shape.heads, shape.head).copy_(
            seen.transpose(1, 2)
        )
        return heads, shares

    def _attend_backward(self, slope: Tensor, places: Places, kept: Kept) -> Tensor:
        shape, batch, length = self.shape, places.batch, places.length
        by_head = slope.view(batch, length, shape.heads, shape.head).transpose(1, 2).contiguous()
        seen = by_head.view(batch * shape.kv_heads, shape.shared * length, shape.head)
        queries, keys, values = self._parted(kept.turned)
        scores = torch.bmm(seen, values.transpose(1, 2))
        scores = softmax_backward(kept.shares, scores, shape.head**-0.5)
        slopes = torch.empty_like(kept.turned)
        parts = (
            torch.bmm(scores, keys),
            torch.bmm(scores.transpose(1, 2), queries),
            torch.bmm(kept.shares.transpose(1, 2), seen),
        )
        start = 0
        for part in parts:
            count = part.numel() // (batch * length * shape.head)
            slopes[:, start : start + count] = part.view(batch, count, length, shape.head)
            start += count
        return turned_back(slopes, places.cosine, places.sine, shape.kv_heads).view(batch * length, -1)

    def _parted(self, heads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values for one product a key head: the queries that share it lie under each other."""
        shape = self.shape
        batch, _, length, size = heads.shape
        queries = heads[:, : shape.heads].reshape(batch * shape.kv_heads, shape.shared * length, size)
        keys = heads[:, shape.heads : shape.heads + shape.kv_heads].reshape(-1, length, size)
        values = heads[:, shape.heads + shape.kv_heads :].reshape(-1, length, size)
        return queries, keys, values
