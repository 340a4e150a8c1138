"""Frozen weights with trained low-rank changes (LoRA, https://arxiv.org/abs/2106.09685), one product for each input.

Modules that read the same input are one group: their weights lie under each other. To the right of a group's weight
lie its scaled B matrices, and to the right of its input x what the A matrices make of it, so that a single product
gives x W' + (x A') B', forward and backward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.expert.kernels import HALF


@dataclass(frozen=True, slots=True)
class Gradients:
    """What one worker has gathered for one group, in 32 bits."""

    a: Tensor
    b: Tensor

    def clear(self) -> None:
        """Begin anew."""
        self.a.zero_()
        self.b.zero_()


class Group:
    """The modules of one layer that read one input.

    `a` has the A matrices under each other, (modules * rank, inputs), `b` the B matrices, (outputs, rank); both are
    in 32 bits. `refresh` has to follow whatever changes them.
    """

    def __init__(
        self, modules: Sequence[tuple[str, Tensor]], norm: Tensor | None, rank: int, alpha: float
    ) -> None:
        weights = torch.cat([weight for _, weight in modules])
        self.names = tuple(name for name, _ in modules)
        self.outputs = tuple(weight.shape[0] for _, weight in modules)
        self.inputs = weights.shape[1]
        self.rank, self.scale = rank, alpha / rank
        # The norm before the group has a weight for each input. It moves into the matrices, which saves a pass.
        self.norm = norm
        wide = weights.float() if norm is None else weights.float() * norm
        self.augmented = torch.zeros(
            len(weights), self.inputs + rank * len(modules), dtype=HALF, device=weights.device
        )
        self.augmented[:, : self.inputs] = wide
        self.a = torch.zeros(rank * len(modules), self.inputs, device=weights.device)
        self.b = torch.zeros(len(weights), rank, device=weights.device)
        self._narrow_a = self.a.to(HALF)

    def initialise(self, generator: torch.Generator) -> None:
        """As PEFT begins: A uniform within 1 / sqrt(inputs), B zero, so that nothing is changed yet."""
        bound = 1 / math.sqrt(self.inputs)
        drawn = torch.rand(self.a.shape, generator=generator) * 2 * bound - bound
        self.a.copy_(drawn)
        self.b.zero_()
        self.refresh()

    def refresh(self) -> None:
        """Take changed matrices over into what the products use."""
        for columns, rows in self._blocks():
            self.augmented[rows, self.inputs + columns.start : self.inputs + columns.stop] = (
                self.b[rows] * self.scale
            )
        # In place: other processes look at the same memory.
        self._narrow_a.copy_(self.a if self.norm is None else self.a * self.norm)

    def tensors(self) -> list[Tensor]:
        """All that it holds in memory."""
        return [self.augmented, self.a, self.b, self._narrow_a]

    def gradients(self) -> Gradients:
        """An empty place to gather in."""
        return Gradients(torch.zeros_like(self.a), torch.zeros_like(self.b))

    def room(self, rows: int) -> Tensor:
        """A matrix for the input, in its first columns, and what the A matrices make of it."""
        return torch.empty(rows, self.augmented.shape[1], dtype=HALF, device=self.augmented.device)

    def forward(self, room: Tensor) -> Tensor:
        """The modules' outputs beside each other."""
        room[:, self.inputs :] = room[:, : self.inputs] @ self._narrow_a.t()
        return room @ self.augmented.t()

    def backward(self, slope: Tensor, room: Tensor, gathered: Gradients) -> Tensor:
        """The gradient of the input; those of the matrices are added to `gathered`."""
        both = slope @ self.augmented
        low = both[:, self.inputs :].contiguous()
        gathered.a.add_(self._of_a(low.t() @ room[:, : self.inputs]))
        for columns, rows in self._blocks():
            low_input = room[:, self.inputs + columns.start : self.inputs + columns.stop]
            gathered.b[rows].add_(slope[:, rows].t() @ low_input, alpha=self.scale)
        return torch.addmm(both[:, : self.inputs], low, self._narrow_a)

    def split(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Each module's own A and B."""
        return {
            name: (self.a[columns], self.b[rows])
            for name, (columns, rows) in zip(self.names, self._blocks(), strict=True)
        }

    def _of_a(self, slope: Tensor) -> Tensor:
        return slope if self.norm is None else slope * self.norm

    def _blocks(self) -> list[tuple[slice, slice]]:
        """For each module its rows in `a` (columns beside the weight) and its rows in `b`."""
        found, row = [], 0
        for number, outputs in enumerate(self.outputs):
            found.append((slice(number * self.rank, (number + 1) * self.rank), slice(row, row + outputs)))
            row += outputs
        return found
