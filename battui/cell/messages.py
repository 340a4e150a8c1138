"""The messages between kernel and cell, as values for the wire.

Kernel to cell: `activation` (with the receiver's state), `state`, `value`, `refusal`. Cell to kernel: `load`, `call`,
`answer`. Everything here is read again by code that trusts nobody: see `conversation` and `changes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from battui.contracts.activation import Activation, CellLimits, MethodText, ObjectState
from battui.contracts.values import Ref, Value

Message = dict[str, Value]

_ENVELOPE_BYTES = 1 << 16


def activation_message(activation: Activation, receiver: ObjectState) -> Message:
    """What a cell starts with: what to run, the limits, and the receiver's state."""
    return {
        "kind": "activation",
        "receiver": activation.receiver,
        "selector": activation.selector,
        "arguments": dict(activation.arguments),
        "trial": None if activation.trial is None else _from_method(activation.trial),
        "expectation": activation.expectation,
        "limits": cast("Value", asdict(activation.limits)),
        "state": state_value(receiver),
    }


def read_activation(message: Message) -> tuple[Activation, ObjectState]:
    """The inverse of `activation_message`, in the cell, which trusts the kernel."""
    trial = cast("Message | None", message["trial"])
    activation = Activation(
        receiver=cast("int", message["receiver"]),
        selector=cast("str", message["selector"]),
        arguments=cast("Message", message["arguments"]),
        trial=None if trial is None else _to_method(trial),
        expectation=cast("str | None", message["expectation"]),
        limits=CellLimits(**cast("dict[str, int]", message["limits"])),
    )
    return activation, read_state(activation.receiver, cast("Message", message["state"]))


def state_value(state: ObjectState) -> Message:
    """An object's state for the wire. The serial stays in the kernel: a cell has no use for it."""
    return {
        "slots": dict(state.slots),
        "parents": {name: list(refs) for name, refs in state.parents.items()},
        "methods": {name: _from_method(method) for name, method in state.methods.items()},
        "primitives": [*sorted(state.primitives)],
    }


def read_state(oid: int, message: Message) -> ObjectState:
    """The inverse of `state_value`, in the cell."""
    parents = cast("Mapping[str, list[Ref]]", message["parents"])
    methods = cast("Mapping[str, Message]", message["methods"])
    return ObjectState(
        oid=oid,
        serial=b"",
        slots=cast("Message", message["slots"]),
        parents={name: tuple(refs) for name, refs in parents.items()},
        methods={name: _to_method(method) for name, method in methods.items()},
        primitives=frozenset(cast("list[str]", message["primitives"])),
    )


def _from_method(method: MethodText) -> Message:
    return {"source": method.source, "parameters": list(method.parameters)}


def _to_method(message: Message) -> MethodText:
    parameters = cast("list[str]", message["parameters"])
    return MethodText(source=cast("str", message["source"]), parameters=tuple(parameters))


def answer_bytes(limits: CellLimits) -> int:
    """The largest frame that a cell may write: the printed text, the values, and the words around them."""
    return 2 * limits.output_bytes + _ENVELOPE_BYTES
