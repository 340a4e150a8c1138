"""The life of one cell: forked ahead, sealed, used once."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from typing import NoReturn

from battui.cell import limits, linux, seccomp, wire
from battui.cell.channel import Channel
from battui.cell.death import EXIT_OUT_OF_MEMORY
from battui.cell.failures import failure_message
from battui.cell.messages import Message, answer_bytes, read_activation
from battui.cell.namespace import Namespaces
from battui.cell.run import Run
from battui.contracts.activation import CellFailure, CellLimits


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the zygote prepared for all its cells: names, the filter's program, and the memory it uses itself."""

    namespaces: Namespaces
    filter_program: bytes | None
    mapped_bytes: int


def live(descriptor: int, readiness: Readiness, zygote: int) -> NoReturn:
    """Wait for an activation on the socket `descriptor`, run it under its limits, answer, end."""
    linux.die_with_parent()
    if os.getppid() != zygote:
        os._exit(0)
    limits.forbid_growth()
    channel = Channel(descriptor)
    activation, state = read_activation(channel.receive())
    limits.apply(activation.limits, mapped=readiness.mapped_bytes)
    if readiness.filter_program is not None:
        seccomp.install(readiness.filter_program)
    gc.enable()
    try:
        answer = Run(activation, readiness.namespaces, channel.ask).answer(state)
        channel.send(_packed(answer, activation.limits))
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)
    os._exit(0)


def _packed(answer: Message, allowed: CellLimits) -> bytes:
    payload = wire.pack(answer)
    if len(payload) <= answer_bytes(allowed):
        return payload
    failure = CellFailure("stopped", f"the answer is larger than {allowed.output_bytes} bytes")
    return wire.pack({"kind": "answer", "printed": answer["printed"], "failure": failure_message(failure)})
