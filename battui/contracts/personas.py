"""Personas of the image: what a front end may ask of the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from battui.contracts.values import Value


@dataclass(frozen=True, slots=True)
class AddPersona:
    """Put a persona into the image, `persona` being the table of its file. Answers an Answer with its name.

    With `replace` it may take the place of one of the same name. It counts with the next step of any mission.
    """

    persona: Mapping[str, Value]
    replace: bool = False


@dataclass(frozen=True, slots=True)
class RemovePersona:
    """Take a persona out of the image; one that came with battui does not come back by itself. An Answer."""

    name: str


PersonaCommand: TypeAlias = AddPersona | RemovePersona
