"""What every state may know besides its cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from battui.contracts.settings import MissionSettings
from battui.image.objects import UvmObject
from battui.mind.briefs import Persona
from battui.mind.method_form import MethodExpert
from battui.mind.steps import Outcome, Step


@dataclass(frozen=True, slots=True)
class MindContext:
    """Personas by name, how much thinking a mission may cost, and the expert for methods, if the engine has one."""

    personas: Mapping[str, Persona]
    settings: MissionSettings
    expert: Callable[[], MethodExpert | None] = lambda: None


StateFunction = Callable[[UvmObject, tuple[Outcome, ...], MindContext], Step]
