"""The whole conversation between kernel and cell in one process: real frames, no sandbox."""

from __future__ import annotations

from collections.abc import Callable

from battui.cell import wire
from battui.cell.conversation import Call, Conversation, Load
from battui.cell.messages import Message, read_activation
from battui.cell.namespace import Namespaces
from battui.cell.run import Run
from battui.contracts.activation import Activation, CellAnswer, MethodText, ObjectState
from battui.contracts.offered import offered
from battui.contracts.values import Ref, Value

Service = Callable[[Call], Value]
DEPOSIT = """def deposit_(self, amount):
    self.balance = self.balance + amount
    self._p_changed = True
    return self.balance
"""


class Play:
    """Objects by oid, and activations that run on them; `asked` notes what the cell asked for."""

    def __init__(self) -> None:
        self.states: dict[int, ObjectState] = {}
        self.asked: list[Load | Call] = []
        self.service: Service = lambda call: call.name
        self._namespaces = Namespaces(offered())

    def object(
        self,
        oid: int,
        *methods: str,
        parents: tuple[int, ...] = (),
        primitives: tuple[str, ...] = (),
        **slots: Value,
    ) -> None:
        """Put an object into the snapshot; a method is its source."""
        self.states[oid] = ObjectState(
            oid,
            serial=b"serial%d" % oid,
            slots=slots,
            parents={"parent*": tuple(map(Ref, parents))} if parents else {},
            methods={selector_of(source): MethodText(source) for source in methods},
            primitives=frozenset(primitives),
        )

    def send(
        self, oid: int, selector: str, *, expectation: str | None = None, **arguments: Value
    ) -> CellAnswer:
        """The answer to a message."""
        return self.activate(Activation(oid, selector, arguments, expectation=expectation))

    def attempt(self, oid: int, source: str, **arguments: Value) -> CellAnswer:
        """The answer of a method that is not installed."""
        return self.activate(Activation(oid, selector_of(source), arguments, trial=MethodText(source)))

    def activate(self, activation: Activation) -> CellAnswer:
        """The answer to an activation."""
        conversation = Conversation(activation)
        opening = read(conversation.opening(self.states[activation.receiver]))
        run = Run(self._namespaces, lambda request: self._reply(conversation, request))
        answer = run.answer(*read_activation(opening))
        heard = conversation.heard(wire.pack(answer))
        assert isinstance(heard, CellAnswer)
        return heard

    def _reply(self, conversation: Conversation, request: Message) -> Message:
        heard = conversation.heard(wire.pack(request))
        assert not isinstance(heard, CellAnswer)
        self.asked.append(heard)
        if isinstance(heard, Load):
            return read(conversation.state(self.states.get(heard.oid)))
        return read(conversation.value(self.service(heard)))


def selector_of(source: str) -> str:
    """The name that a source defines."""
    return source.removeprefix("def ").partition("(")[0]


def read(frame: bytes) -> Message:
    """The message in a frame."""
    reader = wire.FrameReader(1 << 30)
    reader.feed(frame)
    payload = reader.next_frame()
    assert payload is not None
    message = wire.unpack(payload)
    assert isinstance(message, dict)
    return message


def put(answer: CellAnswer) -> dict[int, dict[str, object]]:
    """The new values by object."""
    assert answer.failure is None, answer.failure
    return {change.oid: dict(change.put) for change in answer.changes.changes}
