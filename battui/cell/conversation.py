"""The kernel's side of one activation, without any input or output: frames in, requests and an answer out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from battui.cell import messages, schema, wire
from battui.cell.changes import check_answer
from battui.cell.disclosure import Disclosure
from battui.cell.references import references
from battui.cell.wire import WireError
from battui.contracts.activation import Activation, CellAnswer, ObjectState
from battui.contracts.values import MAX_SELECTOR, Value

NOW = "now"
"""The one service that every cell may ask for: the instant of its activation, in POSIX seconds."""


@dataclass(frozen=True, slots=True)
class Load:
    """The cell asks for an object that it has seen a reference to."""

    oid: int


@dataclass(frozen=True, slots=True)
class Call:
    """The cell asks for a service, which is a primitive of an object that it has loaded."""

    name: str
    receiver: int
    arguments: dict[str, Value]


class TooManyRequests(Exception):
    """A cell asked more often than its limits allow."""


Heard: TypeAlias = Load | Call | CellAnswer


class Conversation:
    """Knows what the cell was shown, and so what it may ask and answer.

    `heard` takes the payload of a frame; the other methods return frames to send.
    """

    def __init__(self, activation: Activation) -> None:
        self._activation = activation
        self._disclosure = Disclosure(activation)
        self._requests = 0

    @property
    def loaded(self) -> frozenset[int]:
        """The objects whose state the cell was given."""
        return self._disclosure.loaded

    def opening(self, receiver: ObjectState) -> bytes:
        """The first frame: what to run, on what."""
        self._disclosure.hand_out(receiver)
        return _frame(messages.activation_message(self._activation, receiver))

    def state(self, state: ObjectState | None) -> bytes:
        """The answer to a Load."""
        if state is None:
            return _frame({"kind": "state", "state": None})
        self._disclosure.hand_out(state)
        return _frame({"kind": "state", "state": messages.state_value(state)})

    def value(self, value: Value) -> bytes:
        """The answer to a Call that was performed."""
        self._disclosure.show(value)
        return _frame({"kind": "value", "value": value})

    def refusal(self, words: str) -> bytes:
        """The answer to a Call that could not be performed."""
        return _frame({"kind": "refusal", "words": words})

    def heard(self, payload: bytes) -> Heard:
        """What the cell says; raises WireError for anything irregular, and TooManyRequests."""
        message = schema.table(wire.unpack(payload))
        kind = message.get("kind")
        if kind == "answer":
            return check_answer(message, self._activation, self._disclosure)
        self._requests += 1
        if self._requests > self._activation.limits.loads:
            raise TooManyRequests(f"asked for more than {self._activation.limits.loads} objects and services")
        if kind == "load":
            return self._load(message)
        if kind == "call":
            return self._call(message)
        raise WireError("a message of no known kind")

    def _load(self, message: Value) -> Load:
        oid = schema.number(schema.fields(message, frozenset({"kind", "oid"}))["oid"])
        self._disclosure.require_shown(oid)
        return Load(oid)

    def _call(self, message: Value) -> Call:
        fields = schema.fields(message, frozenset({"kind", "name", "receiver", "arguments"}))
        name = schema.text(fields["name"], at_most=MAX_SELECTOR)
        if name != NOW and not any(name in state.primitives for state in self._disclosure.states.values()):
            raise WireError("a service that no loaded object provides")
        receiver = schema.number(fields["receiver"])
        arguments = schema.table(fields["arguments"])
        for oid in (receiver, *(ref.oid for ref in references(arguments))):
            self._disclosure.require_shown(oid)
        return Call(name, receiver, arguments)


def _frame(message: messages.Message) -> bytes:
    return wire.frame(wire.pack(message))
