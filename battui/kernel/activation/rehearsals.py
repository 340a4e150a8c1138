"""What every candidate of a mission is run on, before anything of it reaches the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from battui.contracts.activation import Activation, CellLimits, ObjectSource
from battui.contracts.cases import Case
from battui.image.objects import UvmObject
from battui.image.snapshot import Snapshot
from battui.image.world import oid_of, wire
from battui.kernel.activation.judging import CopyWithSlots
from battui.mind.cycle import cycle_of
from battui.mind.expectations import expectation_of
from battui.mind.lessons import cases_in, is_message


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One run: a message that was sent, or a case on a copy with its slots."""

    activation: Activation
    source: ObjectSource
    case: Case | None = None


def rehearsals_of(snapshot: Snapshot, mission: str, limits: CellLimits) -> list[Rehearsal]:
    """Every parked message with what its sender expects, on the object as it is; then every case.

    A person's next version, of which nothing is recorded, is tried on the message that the method was learned for.
    """
    cycle = cycle_of(snapshot.world, mission)
    plain = Activation(oid_of(cycle.target), cycle.mission_brief["selector"], limits=limits)
    return [
        *_of_messages(cycle, plain, snapshot),
        *_of_cases(cycle, plain, snapshot),
    ]


def _of_messages(cycle: UvmObject, plain: Activation, snapshot: Snapshot) -> Iterator[Rehearsal]:
    for number, message in enumerate(cycle.parked):
        if is_message(cycle, number) or _stands_for_cases(cycle, message["arguments"]):
            arguments = {name: wire(value) for name, value in message["arguments"].items()}
            expectation = expectation_of(cycle, number) or None
            yield Rehearsal(replace(plain, arguments=arguments, expectation=expectation), snapshot)


def _stands_for_cases(cycle: UvmObject, arguments: Mapping[str, object]) -> bool:
    parameters = cycle.mission_brief["parameters"]
    return bool(cycle._slots.get("revision")) and not cases_in(cycle) and set(arguments) == set(parameters)


def _of_cases(cycle: UvmObject, plain: Activation, snapshot: Snapshot) -> Iterator[Rehearsal]:
    for case in cases_in(cycle):
        source = CopyWithSlots(snapshot, plain.receiver, case.slots)
        yield Rehearsal(replace(plain, arguments=case.arguments), source, case)
