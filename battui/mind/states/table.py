"""Which function stands behind the `_process_synthesis_` primitive of which prototype."""

from __future__ import annotations

from collections.abc import Mapping

from battui.mind.states import complete, decomposing, delegating, failed, idle, synthesizing
from battui.mind.states.context import StateFunction


def state_functions() -> Mapping[str, StateFunction]:
    """The primitives of the six states that every image is born with, by name."""
    return {
        "psm.idle": idle.process,
        "psm.decomposing": decomposing.process,
        "psm.delegating": delegating.process,
        "psm.synthesizing": synthesizing.process,
        "psm.complete": complete.process,
        "psm.failed": failed.process,
    }
