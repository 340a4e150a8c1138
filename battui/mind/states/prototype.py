"""What a user may say in a state's prototype: data slots that take the place of battui's own words and numbers.

A slot that is missing or empty says nothing. All of them are read anew with each step, so that a change in the image
counts at once, for the missions under way as well.

    next_state    where the state goes on to, by the name of a prototype
    prompt        DECOMPOSING, DELEGATING: the text that is asked, with the fields of battui's own
    pillars       DELEGATING: whom it asks, whatever the plan says
    opening       SYNTHESIZING: the first lines of the prompt for a method, where no expert writes it
    candidates, attempts, temperature    SYNTHESIZING: as in the settings
"""

from __future__ import annotations

from dataclasses import replace
from string import Template

from battui.contracts.errors import UsageError
from battui.contracts.settings import MissionSettings
from battui.image.objects import UvmObject
from battui.mind.cycle import own_prototype, state_of
from battui.mind.steps import Step

FOLLOWING = {
    "psm.idle": "DECOMPOSING",
    "psm.decomposing": "DELEGATING",
    "psm.delegating": "SYNTHESIZING",
    "psm.synthesizing": "COMPLETE",
}
"""Where each primitive goes on to by itself, once its work is done."""
LONGEST = 8000


def redirected(cycle: UvmObject, primitive: str, step: Step) -> Step:
    """The step with the prototype's own `next_state`, where its state has done its work."""
    wanted = _text(cycle, "next_state")
    if not wanted or not step.next_state or step.next_state != FOLLOWING.get(primitive):
        return step
    return replace(step, next_state=wanted)


def prompt_in(cycle: UvmObject, fields: Template) -> Template:
    """The prototype's `prompt`, else `fields`, battui's own. Raises UsageError where it has other fields."""
    text = _text(cycle, "prompt")
    if not text:
        return fields
    own = Template(text)
    known = set(fields.get_identifiers())
    if not own.is_valid() or not set(own.get_identifiers()) <= known:
        raise _unusable(cycle, "prompt", f"a text with no other fields than ${', $'.join(sorted(known))}")
    return own


def opening_in(cycle: UvmObject) -> str:
    """The prototype's `opening`, empty for battui's own."""
    return _text(cycle, "opening")


def pillars_in(cycle: UvmObject) -> tuple[str, ...]:
    """The pillars that the prototype names."""
    named = own_prototype(cycle)._slots.get("pillars")
    if not named:
        return ()
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise _unusable(cycle, "pillars", "a list of names")
    return tuple(named)


def settings_in(cycle: UvmObject, settings: MissionSettings) -> MissionSettings:
    """The settings, with what the prototype says of candidates, attempts and temperature."""
    said: dict[str, float] = {}
    for name, low, high in (("candidates", 1, 64), ("attempts", 1, 20), ("temperature", 0, 2)):
        value = own_prototype(cycle)._slots.get(name)
        if value is None:
            continue
        kinds = (int, float) if name == "temperature" else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            raise _unusable(cycle, name, f"a number from {low} to {high}")
        said[name] = value
    return replace(settings, **said) if said else settings  # type: ignore[arg-type]


def _text(cycle: UvmObject, name: str) -> str:
    value = own_prototype(cycle)._slots.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise _unusable(cycle, name, f"a text of at most {LONGEST} characters")
    return value


def _unusable(cycle: UvmObject, name: str, wanted: str) -> UsageError:
    return UsageError(
        f"its slot {name} cannot be used",
        about=f"psm_prototypes_obj.{state_of(cycle)}",
        remedy=f"Put {wanted} there.",
    )
