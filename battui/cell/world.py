"""The objects that one activation has met, loaded from the kernel's snapshot as they are first touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from battui.cell.living import Living, label
from battui.cell.messages import Message, read_state
from battui.cell.record import Record
from battui.cell.release import release
from battui.contracts.activation import ObjectState
from battui.contracts.errors import MissingParent, NotStorable, UnknownObject
from battui.contracts.values import Ref, Value, check_name, is_parent_slot

Run = Callable[..., object]
"""Runs a learned method: `(world, receiver, selector, holder, method, /, *arguments, **named)`."""


class NotUnderstood(AttributeError):
    """Nothing along the delegation chain has what was read or sent."""

    def __init__(self, oid: int, selector: str) -> None:
        super().__init__(f"{label(oid)} does not understand {selector!r}")
        self.oid = oid
        self.selector = selector


class World:
    """Reads and writes slots, finds methods along parent slots, and makes new objects."""

    def __init__(
        self,
        ask: Callable[[Message], Message],
        run: Run,
        primitive: Callable[..., object],
    ) -> None:
        self._ask = ask
        self._run = run
        self._primitive = primitive
        self._records: dict[int, Record] = {}
        self._livings: dict[int, Living] = {}
        self._made = 0

    @property
    def records(self) -> list[Record]:
        """Every object that was loaded or made, in that order."""
        return list(self._records.values())

    def living(self, oid: int) -> Living:
        """The one living object for an oid; nothing is loaded yet."""
        if oid not in self._livings:
            self._livings[oid] = Living(oid, self)
        return self._livings[oid]

    def admit(self, value: Value) -> object:
        """A copy of a stored value for learned code: references become living objects."""
        if isinstance(value, Ref):
            return self.living(value.oid)
        if isinstance(value, list):
            return [self.admit(item) for item in value]
        if isinstance(value, dict):
            return {key: self.admit(item) for key, item in value.items()}
        return value

    def take(self, state: ObjectState) -> Record:
        """Keep an object's state as it came from the snapshot."""
        record = Record(state.oid, state.slots, state.parents, state.methods, state.primitives)
        self._records[state.oid] = record
        return record

    def record(self, oid: int) -> Record:
        """The object's record, loaded if need be; raises UnknownObject."""
        found = self._records.get(oid)
        if found is None:
            state = self._ask({"kind": "load", "oid": oid})["state"]
            if state is None:
                raise UnknownObject("there is no such object", about=label(oid))
            found = self.take(read_state(oid, cast("Message", state)))
        return found

    def chain(self, oid: int) -> Iterator[Record]:
        """The object and its ancestors in the order of lookup, each once: depth first, left to right."""
        seen: set[int] = set()
        waiting = [oid]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                record = self._ancestor(current, oid)
                yield record
                waiting.extend(
                    ref.oid for refs in reversed([*record.parents.values()]) for ref in reversed(refs)
                )

    def read(self, oid: int, name: str) -> object:
        """A slot's value, or a method that can be called; raises NotUnderstood."""
        for record in self.chain(oid):
            if name in record.methods:
                return self._message(self._run, oid, name, record.oid, record.methods[name])
            if record.has_slot(name):
                return self.value(record, name)
            if name in record.primitives:
                return self._message(self._primitive, oid, name)
        raise NotUnderstood(oid, name)

    def write(self, oid: int, name: str, value: object) -> None:
        """Put a value into an own slot; raises NotASelector and NotStorable."""
        record = self.record(oid)
        check_data_slot(record, name)
        release(value, about=name)
        record.put(name, value)

    def remove(self, oid: int, name: str) -> None:
        """Remove an own slot."""
        record = self.record(oid)
        check_data_slot(record, name)
        if not record.has_slot(name):
            raise AttributeError(f"{label(oid)} has no slot {name!r} of its own")
        record.remove(name)

    def request(self, message: Message) -> object:
        """Ask the kernel for something else than an object; raises RuntimeError with its words where it refuses."""
        answer = self._ask(message)
        if answer["kind"] == "refusal":
            raise RuntimeError(answer["words"])
        return self.admit(answer["value"])

    def signal(self, oid: int) -> None:
        """Note that an object's state has changed."""
        self.record(oid).signalled = True

    def signalled(self, oid: int) -> bool:
        """Whether `signal` was called for the object."""
        return self.record(oid).signalled

    def value(self, record: Record, name: str) -> object:
        """The value of an own slot; one that can change in place is the same each time."""
        if name in record.live:
            return record.live[name]
        value = self.admit(record.pristine[name])
        if isinstance(value, list | dict):
            # Only these can change in place; from now on this copy is the slot's value.
            record.live[name] = value
        return value

    def create(self, record: Record) -> Living:
        """Add an object that is made here, under the next free negative oid."""
        self._made += 1
        record.oid = -self._made
        self._records[record.oid] = record
        return self.living(record.oid)

    def _message(self, run: Callable[..., object], *bound: object) -> Callable[..., object]:
        # Not a `functools.partial`, which shows learned code what it holds: this world, and how methods are run.
        def message(*values: object, **named: object) -> object:
            return run(self, *bound, *values, **named)

        return message

    def _ancestor(self, oid: int, descendant: int) -> Record:
        try:
            return self.record(oid)
        except UnknownObject:
            if oid == descendant:
                raise
            raise MissingParent("a parent slot names no object", about=label(descendant)) from None


def check_data_slot(record: Record, name: str) -> None:
    """Raise unless data may stand in the object's slot `name`."""
    check_name(name)
    if is_parent_slot(name):
        raise NotStorable(
            f"{name!r} is a parent slot", about=label(record.oid), remedy="Change it from outside."
        )
    if record.behaves(name):
        raise NotStorable(
            f"{name!r} is a method",
            about=label(record.oid),
            remedy="Data cannot take its place; use another name.",
        )
