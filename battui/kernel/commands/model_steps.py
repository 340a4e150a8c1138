"""How far a model's file is on its way into the image, told by the thread that copies it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import trio

from battui.contracts.models import OnStep

PARTS = 20
"""Of each step: at their ends it is told."""


def steps_of(name: str, announce: Callable[..., Any]) -> OnStep:
    """What a worker thread of Trio may tell its steps to: `announce` is called in Trio's own thread.

    Where the command has been cancelled, telling it raises Cancelled: a copy of gigabytes ends at once.
    """
    last: tuple[str, int] = ("", -1)

    def tell(step: str, done: int, total: int) -> None:
        nonlocal last
        trio.from_thread.check_cancelled()
        here = step, (done * PARTS // total if total else PARTS)
        if here != last:
            last = here
            data = {"step": step, "done": done, "bytes": total}
            text = f"{name}: {step}, {100 * done // total if total else 100} %"
            trio.from_thread.run_sync(partial(announce, "model", text, level="debug", about=name, data=data))

    return tell
