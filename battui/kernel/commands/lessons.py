"""Teaching by cases: what is checked before a lesson becomes a mission."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from battui.contracts.cases import Case, case_record, contradiction
from battui.contracts.commands import Teach
from battui.contracts.errors import Refused, UsageError
from battui.contracts.values import Value, check_name, storable
from battui.image.cases import cases_of
from battui.image.lookup import Found, find
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.kernel.messages.dispatch import Parked, require_learner
from battui.mind.cycle import Mandate, park, start_cycle, waiting_cycle
from battui.mind.portrait import own_data_slots


def begin_lesson(world: World, teach: Teach) -> Parked:
    """Start a mission whose method has to pass the examples, and what was recorded of the present version.

    A case's slots are put over the object's own, so that each case says all and stands for itself ever after.
    Raises UsageError for cases that cannot all be passed, and Refused where there is nothing to learn.
    """
    receiver = world.receiver(teach.path)
    about = f"{teach.path}.{check_name(teach.selector)}"
    require_learner(receiver, about)
    _require_room(world, receiver, teach.selector, about)
    present = receiver._slots.get(teach.selector)
    recorded = [_recorded(case) for case in cases_of(world, present)] if isinstance(present, Method) else []
    own = own_data_slots(receiver)
    examples = [_whole(case, own, about) for case in teach.cases]
    parameters = _parameters(examples, present, about)
    _require_agreement(examples, recorded, about)
    intent = teach.intent or (present.intent if isinstance(present, Method) else "")
    mandate = Mandate("lesson", teach.selector, parameters, intent)
    cycle = start_cycle(world, receiver, mandate, time.time())
    cycle.cases = [case_record(case) for case in (*examples, *recorded)]
    first = {name: examples[0].arguments[name] for name in parameters}
    return Parked(cycle.mission, park(cycle, first, ""))


def _require_room(world: World, receiver: UvmObject, selector: str, about: str) -> None:
    match find(receiver, selector):
        case Found(value=value) if not isinstance(value, Method):
            raise Refused("this slot holds no method", about=about, remedy="Choose another selector.")
    cycle = waiting_cycle(world, receiver, selector)
    if cycle is not None:
        raise Refused(
            "a mission is already learning this message",
            about=about,
            remedy=f"Wait for it, or cancel it: battui missions cancel {cycle.mission}",
        )


def _whole(case: Case, own: Mapping[str, Value], about: str) -> Case:
    """The case with the slots of the object that it does not speak of, and checked once more."""
    where = f"{about}, {case.name}"
    for name in (*case.slots, *case.arguments, *case.after):
        check_name(name)
    if case.raises and case.after != case.slots:
        raise UsageError("a message that raises changes nothing", about=where, remedy="Leave `after` out.")
    unsaid = {name: value for name, value in own.items() if name not in case.slots}
    for value in (case.slots, case.after, case.arguments, case.result):
        storable(value, about=where)
    return replace(case, slots={**unsaid, **case.slots}, after={**unsaid, **case.after})


def _recorded(case: Case) -> Case:
    """A case of the present version, told apart from the examples by its name."""
    return case if case.name.startswith("recorded ") else replace(case, name=f"recorded {case.name}")


def _parameters(examples: Sequence[Case], present: object, about: str) -> tuple[str, ...]:
    """The names that every example gives its arguments, in the order of the present version or of the first."""
    if not examples:
        raise UsageError("there are no cases to learn from", about=about)
    names = tuple(present.parameters) if isinstance(present, Method) else tuple(examples[0].arguments)
    for case in examples:
        if set(case.arguments) != set(names):
            wanted = f"It takes: {', '.join(names) or 'nothing'}."
            raise UsageError("its arguments have other names", about=f"{about}, {case.name}", remedy=wanted)
    return names


def _require_agreement(examples: Sequence[Case], recorded: Sequence[Case], about: str) -> None:
    for first, second in combinations(examples, 2):
        if contradiction(first, second):
            raise UsageError(
                f"{first.name} and {second.name} contradict each other",
                about=about,
                remedy="The same message to the same slots can end in one way only.",
            )
    for case in examples:
        if any(contradiction(case, other) for other in recorded):
            raise UsageError(
                f"{case.name} contradicts a recorded case of the present version",
                about=about,
                remedy="Take that version back first: battui missions, then battui undo ID",
            )
