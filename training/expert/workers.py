"""Threads that compute side by side: each has a core and a batch of its own.

Two threads with a batch each do more than two threads on one product: they wait for each other once in a step, not
after every operation, which tells most where other programs want the cores, too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from training.expert.batches import Batch
from training.expert.lora import Gradients
from training.expert.network import Network

MOST = 4


class Workers:
    """Computes the parts of a step; what comes out depends on the recipe, not on which thread is faster."""

    def __init__(self, network: Network, count: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        on_cpu = network.device.type == "cpu"
        self.count = count or (min(MOST, cores) if on_cpu else 1)
        self._network = network
        self._gathered = [network.gradients() for _ in range(self.count)]
        threads = max(1, cores // self.count)
        if on_cpu:
            torch.set_num_threads(threads)
        self._pool = ThreadPoolExecutor(self.count, initializer=torch.set_num_threads, initargs=(threads,))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def warm(self, batch: Batch) -> None:
        """Let everything be compiled, so that no step waits for it."""
        self._share([batch], self._gathered[0])

    def losses(self, batches: Sequence[Batch]) -> list[torch.Tensor]:
        """The loss of every completion token, batch by batch."""
        return list(self._pool.map(self._network.loss, batches))

    def gradients(self, batches: Sequence[Batch]) -> tuple[float, int, list[torch.Tensor]]:
        """The sum of the losses, the number of tokens that they are of, and the mean gradient of all parameters."""
        shares = [batches[number :: self.count] for number in range(self.count)]
        results = list(self._pool.map(self._share, shares, self._gathered))
        loss, tokens = sum(share[0] for share in results), sum(share[1] for share in results)
        total = _flat(self._gathered[0])
        for other in self._gathered[1:]:
            torch._foreach_add_(total, _flat(other))
        torch._foreach_div_(total, float(tokens))
        return loss, tokens, total

    def _share(self, batches: Sequence[Batch], gathered: list[tuple[Gradients, ...]]) -> tuple[float, int]:
        for layer in gathered:
            for place in layer:
                place.clear()
        losses = [self._network.loss(batch, gathered) for batch in batches]
        return sum(float(loss.sum()) for loss in losses), sum(len(loss) for loss in losses)


def _flat(gathered: list[tuple[Gradients, ...]]) -> list[torch.Tensor]:
    """In the order of Network.parameters."""
    return [tensor for layer in gathered for place in layer for tensor in (place.a, place.b)]
