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
from battui.cell.messages import Message, activation_message, answer_bytes, read_activation
from battui.cell.namespace import Namespaces
from battui.cell.run import Run
from battui.contracts.activation import Activation, CellFailure, CellLimits, MethodText, ObjectState


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
    rehearse(readiness.namespaces)
    if readiness.filter_program is not None:
        seccomp.install(readiness.filter_program)
    channel = Channel(descriptor)
    run = Run(readiness.namespaces, channel.ask)
    activation, state = read_activation(channel.receive())
    limits.apply(activation.limits, mapped=readiness.mapped_bytes)
    gc.enable()
    try:
        answer = run.answer(activation, state)
        channel.send(_packed(answer, activation.limits))
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)
    os._exit(0)


def rehearse(namespaces: Namespaces) -> None:
    """Run a small activation that asks for nothing.

    In the zygote it lets the interpreter specialise its code. In a new cell it copies the pages that an activation
    is going to write, which costs more than the activation itself, while nobody waits.
    """
    method = MethodText(
        "def rehearse_(self, x):\n    self.x = self.x + x\n    self._p_changed = True", ("x",)
    )
    state = ObjectState(oid=1, serial=b"", slots={"x": 1}, methods={"rehearse_": method})
    opening = wire.pack(
        activation_message(Activation(1, "rehearse_", {"x": 1}, expectation="self.x == 2"), state)
    )
    activation, state = read_activation(wire.unpack(opening))  # type: ignore[arg-type]
    answer = Run(namespaces, lambda _: {}).answer(activation, state)
    _packed(answer, activation.limits)


def _packed(answer: Message, allowed: CellLimits) -> bytes:
    payload = wire.pack(answer)
    if len(payload) <= answer_bytes(allowed):
        return payload
    failure = CellFailure("stopped", f"the answer is larger than {allowed.output_bytes} bytes")
    return wire.pack({"kind": "answer", "printed": answer["printed"], "failure": failure_message(failure)})
