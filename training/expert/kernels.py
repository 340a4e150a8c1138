"""The element-wise parts of the network, forward and backward, each one pass over memory.

Written plainly; where a C++ compiler (or Triton) is at hand, torch.compile fuses each into a single loop, which on a
CPU makes them three to six times faster. Products of matrices are not in here: those oneDNN does best.
"""

from __future__ import annotations

import functools
import os
import shutil
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

HALF = torch.bfloat16
PLAIN = "TRAINING_PLAIN"


def fused(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """`function` as one compiled loop from its first call on, or as it is where nothing can compile it."""

    @functools.cache
    def chosen() -> Callable[Arguments, Result]:
        if not can_fuse():
            return function
        # Strides and sizes of 0 and 1 are cases of their own; past the limit it would run uncompiled without a word.
        torch._dynamo.config.recompile_limit = 64
        compiled: Callable[Arguments, Result] = torch.compile(function, dynamic=True)
        return compiled

    @functools.wraps(function)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return chosen()(*args, **kwargs)

    return run


@functools.cache
def can_fuse() -> bool:
    """Whether torch.compile has a compiler to work with."""
    if os.environ.get(PLAIN):
        return False
    found = torch.cuda.is_available() or any(shutil.which(name) for name in ("g++", "clang++", "c++"))
    if not found:
        warnings.warn("no C++ compiler was found: training will be about half as fast", stacklevel=2)
    return found


@fused
def add_norm(stream: Tensor, branch: Tensor, into: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """Add a branch to the residual stream and write its RMS norm (without weight) into the first columns of `into`.

    Returns the stream and, for each row, what the norm multiplied with.
    """
    total = stream + branch
    scale = torch.rsqrt(total.square().mean(-1, keepdim=True) + epsilon)
    into[:, : total.shape[1]] = (total * scale).to(into.dtype)
    return total, scale


@fused
def norm_backward(slope: Tensor, normed: Tensor, scale: Tensor, stream: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of the stream before the norm, whole and rounded to 16 bits; `stream` is the one after it."""
    wide, unit = slope.float(), normed.float()
    total = stream + (wide - unit * (wide * unit).mean(-1, keepdim=True)) * scale
    return total, total.to(slope.dtype)


@fused
def gate(both: Tensor, into: Tensor) -> None:
    """SwiGLU: silu(gate) * up, written into the first columns of `into`."""
    opened, up = both.float().chunk(2, -1)
    into[:, : up.shape[1]] = (torch.nn.functional.silu(opened) * up).to(into.dtype)


def gate_backward(both: Tensor, slope: Tensor) -> Tensor:
    """The gradient of `both` halves of what `gate` took."""
    slopes = torch.empty_like(both)
    opened, up = both.chunk(2, -1)
    of_opened, of_up = slopes.chunk(2, -1)
    _gate_backward(opened, up, slope, of_opened, of_up)
    return slopes


@fused
def _gate_backward(opened: Tensor, up: Tensor, slope: Tensor, of_opened: Tensor, of_up: Tensor) -> None:
    # Halves that come and go by themselves are one loop; joined in here they would be two, with a test in each.
    wide, gates, ups = slope.float(), opened.float(), up.float()
    sigmoid = torch.sigmoid(gates)
    of_opened.copy_((wide * ups * sigmoid * (1 + gates * (1 - sigmoid))).to(of_opened.dtype))
    of_up.copy_((wide * gates * sigmoid).to(of_up.dtype))


@fused
def turned(heads: Tensor, cosine: Tensor, sine: Tensor, plain: int) -> Tensor:
    """Rotary embedding of (batch, length, heads, size), giving (batch, heads, length, size).

    The last `plain` heads stay as they are. Halves of a head are turned against each other,
    as Hugging Face's models have it.
    """
    by_head = heads.transpose(1, 2)
    count = by_head.shape[1] - plain
    first, second = by_head[:, :count].float().chunk(2, -1)
    moved = torch.cat((first * cosine - second * sine, second * cosine + first * sine), -1)
    return torch.cat((moved.to(heads.dtype), by_head[:, count:]), 1)


@fused
def turned_back(slopes: Tensor, cosine: Tensor, sine: Tensor, plain: int) -> Tensor:
    """The gradient of what `turned` took, in its order."""
    count = slopes.shape[1] - plain
    first, second = slopes[:, :count].float().chunk(2, -1)
    moved = torch.cat((first * cosine + second * sine, second * cosine - first * sine), -1)
    return torch.cat((moved.to(slopes.dtype), slopes[:, count:]), 1).transpose(1, 2).contiguous()


@fused
def softmax_backward(shares: Tensor, slope: Tensor, scale: float) -> Tensor:
    """The gradient of the scores, of which `shares` are the softmax after a multiplication with `scale`."""
    part, wide = shares.float(), slope.float()
    return (part * (wide - (part * wide).sum(-1, keepdim=True)) * scale).to(shares.dtype)


@fused
def cross_entropy(scores: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """For each row the loss in nats, and the gradient of the scores."""
    wide = scores.float()
    highest = wide.amax(-1, keepdim=True)
    powers = (wide - highest).exp()
    total = powers.sum(-1, keepdim=True)
    losses = (total.log() + highest - wide.gather(-1, targets[:, None])).squeeze(-1)
    hit = torch.arange(scores.shape[1], device=scores.device)[None, :] == targets[:, None]
    return losses, (powers / total - hit.float()).to(scores.dtype)
