"""Processes that compute side by side: each has a core and batches of its own.

Two processes with a batch each do more than two threads, which wait for each other to speak Python, and far more than
two threads on one product. The network lies in memory that all of them share: what one process trains, all see.
"""

from __future__ import annotations

import os
import shutil
import signal
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
import torch.multiprocessing

from battui.cell.linux import die_with_parent
from battui.contracts.errors import EngineFailed
from training.expert.batches import Example, batch_of
from training.expert.lora import Gradients
from training.expert.memory import keep_memory
from training.expert.network import Network

MOST = 4
SHARED = Path("/dev/shm")
"""Where Linux keeps memory that processes share."""
Part = Sequence[Example]
Result = TypeVar("Result")


class Sum(NamedTuple):
    """The loss of some completion tokens in nats, and how many they are."""

    loss: float
    tokens: int


class Desk:
    """Where one process computes: the network, and for each worker a place to gather gradients in."""

    def __init__(self, network: Network, count: int) -> None:
        self.network = network
        self.gathered = [network.gradients() for _ in range(count)]

    def losses(self, part: Part) -> list[float]:
        """The loss of every completion token."""
        found: list[float] = self.network.loss(batch_of(part)).tolist()
        return found

    def gather(self, worker: int, parts: Sequence[Part]) -> Sum:
        """Gather the gradients of `parts` in the worker's place."""
        gathered = self.gathered[worker]
        for layer in gathered:
            for place in layer:
                place.clear()
        losses = [self.network.loss(batch_of(part), gathered) for part in parts]
        return Sum(sum(float(loss.sum()) for loss in losses), sum(len(loss) for loss in losses))


class Workers:
    """Computes the parts of a step; what comes out depends on the recipe, not on which worker is faster.

    A single worker is this process itself, with all cores or with the network's CUDA device.
    """

    def __init__(self, network: Network, count: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        on_cpu = network.device.type == "cpu"
        self.count = _shareable(network, count or min(MOST, cores)) if on_cpu else 1
        self._desk = Desk(network, self.count)
        threads = max(1, cores // self.count)
        if on_cpu:
            torch.set_num_threads(threads)
        self._pool: ProcessPoolExecutor | None = None
        if self.count > 1:
            spawn = torch.multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.count, spawn, _sit_down, (self._desk, threads))

    def close(self) -> None:
        """End the processes."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def warm(self, part: Part) -> None:
        """Let everything be compiled, so that no step waits for it."""
        self.gradients([part] * self.count)

    def losses(self, parts: Sequence[Part]) -> list[list[float]]:
        """The loss of every completion token, part by part."""
        if self._pool:
            return _all(self._pool.map(_losses, parts))
        return [self._desk.losses(part) for part in parts]

    def gradients(self, parts: Sequence[Part]) -> tuple[float, int, list[torch.Tensor]]:
        """The sum of the losses, the number of tokens that they are of, and the mean gradient of all parameters."""
        shares = [parts[worker :: self.count] for worker in range(self.count)]
        if self._pool:
            sums = _all(self._pool.map(_gather, range(self.count), shares))
        else:
            sums = [self._desk.gather(0, parts)]
        loss, tokens = sum(each.loss for each in sums), sum(each.tokens for each in sums)
        total = _flat(self._desk.gathered[0])
        for other in self._desk.gathered[1:]:
            torch._foreach_add_(total, _flat(other))
        torch._foreach_div_(total, float(tokens))
        return loss, tokens, total


def _all(results: Iterator[Result]) -> list[Result]:
    """What all processes came to; raises EngineFailed where one of them has ended."""
    try:
        return list(results)
    except BrokenProcessPool as error:
        raise EngineFailed(
            "a process that trains was ended from outside",
            remedy="Give it more memory, or --workers 1; the same command goes on from the last checkpoint.",
        ) from error


def _flat(gathered: list[tuple[Gradients, ...]]) -> list[torch.Tensor]:
    """In the order of Network.parameters."""
    return [tensor for layer in gathered for place in layer for tensor in (place.a, place.b)]


def _shareable(network: Network, count: int) -> int:
    """`count`, or 1 where the network and the gradients of so many workers do not fit into shared memory."""
    weights = sum(tensor.nbytes for tensor in network.tensors())
    wanted = weights + count * sum(tensor.nbytes for tensor in network.parameters())
    if count > 1 and SHARED.is_dir() and shutil.disk_usage(SHARED).free < wanted:
        warnings.warn(
            f"{SHARED} is too small for {count} processes to share {wanted >> 20} MiB: "
            "training will be a fifth slower",
            stacklevel=3,
        )
        return 1
    return count


_desks: list[Desk] = []
"""Of a worker's process: the one where it sits."""


def _sit_down(desk: Desk, threads: int) -> None:
    die_with_parent()
    # Whoever ends a run wants its step to be ended and kept: the process that asked for it sees to that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    keep_memory()
    torch.set_num_threads(threads)
    _desks.append(desk)


def _losses(part: Part) -> list[float]:
    return _desks[0].losses(part)


def _gather(worker: int, parts: Sequence[Part]) -> Sum:
    return _desks[0].gather(worker, parts)
