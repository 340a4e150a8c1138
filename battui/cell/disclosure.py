"""What one cell was shown. It may load, name and change nothing else: an oid that it made up is a forgery."""

from __future__ import annotations

from battui.cell.references import references
from battui.cell.wire import WireError
from battui.contracts.activation import Activation, ObjectState
from battui.contracts.values import Value


class Disclosure:
    """The objects whose state was handed out, and the oids that could be seen in what was handed out."""

    def __init__(self, activation: Activation) -> None:
        self.states: dict[int, ObjectState] = {}
        self._shown = {activation.receiver}
        self.show(dict(activation.arguments))

    @property
    def loaded(self) -> frozenset[int]:
        """The objects whose state was handed out."""
        return frozenset(self.states)

    def show(self, value: Value) -> None:
        """A value goes to the cell, and with it the references inside."""
        self._shown.update(ref.oid for ref in references(value))

    def hand_out(self, state: ObjectState) -> None:
        """An object's state goes to the cell."""
        self.states[state.oid] = state
        self.show(dict(state.slots))
        self._shown.update(ref.oid for refs in state.parents.values() for ref in refs)

    def require_shown(self, oid: int) -> None:
        """Raise WireError unless the cell has seen a reference to that object."""
        if oid not in self._shown:
            raise WireError("a reference that the cell was never shown")

    def state(self, oid: int) -> ObjectState:
        """The state that was handed out; raises WireError where none was."""
        try:
            return self.states[oid]
        except KeyError:
            raise WireError("a change of an object that was never loaded") from None
