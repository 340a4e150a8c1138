"""What the kernel hands a cell, and what a cell answers.

A cell never sees an object, only these values. The kernel treats every answer as hostile input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from battui.contracts.values import Ref, Value


@dataclass(frozen=True, slots=True)
class CellLimits:
    """What one activation may use. Waiting for a service does not count towards `wall_s`."""

    wall_s: float = 2.0
    cpu_s: int = 2
    memory_bytes: int = 256 << 20
    output_bytes: int = 1 << 20
    loads: int = 10_000


@dataclass(frozen=True, slots=True)
class MethodText:
    """A learned method as a cell runs it: the guarded source and its parameters without `self`."""

    source: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectState:
    """One object as it stood in the snapshot: its own slots only.

    `slots` are data (references included), `parents` the parent slots in their order, `methods` the learned
    methods and `primitives` the selectors that battui itself provides.
    """

    oid: int
    serial: bytes
    slots: Mapping[str, Value] = field(default_factory=dict)
    parents: Mapping[str, tuple[Ref, ...]] = field(default_factory=dict)
    methods: Mapping[str, MethodText] = field(default_factory=dict)
    primitives: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Activation:
    """Run the method `selector` of `receiver` with `arguments` (by parameter name).

    `trial` is a method that is not installed: it is used as if the receiver had it. `expectation` is a
    comparison over `self`, `result` and literals that is evaluated after the method has run.
    """

    receiver: int
    selector: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    trial: MethodText | None = None
    expectation: str | None = None
    limits: CellLimits = field(default_factory=CellLimits)


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """New values of some data slots of an object that was read, and the names of removed ones."""

    oid: int
    serial: bytes
    put: Mapping[str, Value] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object made in the cell. `oid` is negative and counts down from -1; references use it."""

    oid: int
    slots: Mapping[str, Value] = field(default_factory=dict)
    parents: Mapping[str, tuple[Ref, ...]] = field(default_factory=dict)
    cloned_from: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Everything that one activation changed; empty when it only read."""

    changes: tuple[ObjectChange, ...] = ()
    created: tuple[NewObject, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.created)


FailureKind = Literal["raised", "stopped", "covenant", "unknown", "arguments", "not-storable", "hostile"]


@dataclass(frozen=True, slots=True)
class CellFailure:
    """Why an activation gave no result.

    raised: the method raised (`error_type`, `traceback` with its own source lines)
    stopped: a limit or a forbidden system call
    covenant: state changed unsignalled
    unknown: it sent a message that nobody understands (`oid`, `selector`)
    arguments: wrong argument count or names
    not-storable: a value that cannot be kept
    hostile: a malformed answer
    """

    kind: FailureKind
    message: str
    error_type: str = ""
    traceback: str = ""
    oid: int | None = None
    selector: str = ""


@dataclass(frozen=True, slots=True)
class CellAnswer:
    """The checked answer of one activation."""

    result: Value = None
    changes: ChangeSet = field(default_factory=ChangeSet)
    printed: str = ""
    failure: CellFailure | None = None
    expectation_met: bool | None = None
    expectation_error: str = ""
    seconds: float = 0.0
    loaded: frozenset[int] = frozenset()


class ObjectSource(Protocol):
    """Where a cell's objects come from: one snapshot of the image."""

    async def load(self, oid: int) -> ObjectState | None:
        """The object's state in the snapshot, or None where there is no such object."""
        ...


class CellServices(Protocol):
    """What code in a cell may ask of the kernel; the set is closed and every argument is checked."""

    async def call(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        """Perform the service `name` (a primitive such as `infer_` or `search_`) for `receiver`.

        Raises BattuiError where it cannot be done; the method sees a RuntimeError with its words.
        """
        ...
