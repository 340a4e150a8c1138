"""Who is asked before a method is installed, where the settings leave it to the front end."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from battui.contracts.settings import Settings

BY_TERMINAL = "terminal"


def with_approval(settings: Settings, *, terminal: bool | None = None) -> Settings:
    """The settings with `mission.approval` decided: what was set, else `ask` where there is a terminal.

    A person is at a terminal where stdin and stdout both are one; `terminal` says so for whom it is known.
    """
    if settings.mission.approval != BY_TERMINAL:
        return settings
    if terminal is None:
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return replace(settings, mission=replace(settings.mission, approval="ask" if terminal else "auto"))
