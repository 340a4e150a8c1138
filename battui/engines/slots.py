"""The slots of llama.cpp's server: whose turn it is at them, and in which of them most of a prompt is known.

The server works on slots with the same adapter only, of these the lowest first, so that a mixture leaves most of them
idle and can starve the others. And it looks for the slot of a prompt by its text alone: one prompt asked of two
adapters in turn finds the other one's work, drops it, and is read anew each time.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from battui.engines.adapter_turns import ALONE, AdapterTurns, Use

TURN = 4
"""So many times the number of slots may pass those that have waited longer for another adapter."""
LEAST_SHARE = 0.1
"""Of a prompt: with less of it in a slot, another one is taken, whose content is older."""


@dataclass(eq=False)
class Call:
    """A call that wants `size` slots at once for one prompt; nobody waits for one that is `given_up`."""

    use: Use
    prompt: str
    size: int
    given_up: Callable[[], bool]
    slots: Sequence[int] = field(default=(), init=False)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a slot was last used for; `at` counts the calls."""

    use: Use = ALONE
    prompt: str = ""
    at: int = 0


class Slots:
    """`count` slots. Calls with one adapter at a time are let in, and the next when these have ended."""

    def __init__(self, count: int) -> None:
        self._kept = [_Kept() for _ in range(count)]
        self._free = set(range(count))
        self._turns: AdapterTurns[Call] = AdapterTurns(TURN * count)
        self._changed = threading.Condition()
        self._calls = 0

    @contextmanager
    def taken(self, call: Call) -> Iterator[int | None]:
        """The block in which a call may be at the server: the slot it should ask for, None once it is given up."""
        with self._changed:
            self._turns.waiting.append(call)
            self._admit()
            self._changed.wait_for(lambda: call.slots or call.given_up())
            if not call.slots:
                self._turns.waiting.remove(call)
        try:
            yield call.slots[0] if call.slots else None
        finally:
            with self._changed:
                self._free.update(call.slots)
                self._admit()

    def look_again(self) -> None:
        """Wake those who wait: some may have been given up."""
        with self._changed:
            self._changed.notify_all()

    def _admit(self) -> None:
        if len(self._free) == len(self._kept) and self._turns.is_over:
            self._turns.begin(self._turns.waiting[0].use)
        for call in self._turns.admitted(len(self._free)):
            self._seat(call)
        self._changed.notify_all()

    def _seat(self, call: Call) -> None:
        first = max(self._free, key=lambda slot: self._worth(slot, call))
        # The server hands what it has read to the next free slots, for the other candidates of the call.
        call.slots = [first, *sorted(self._free - {first})][: call.size]
        self._free.difference_update(call.slots)
        self._calls += 1
        for slot in call.slots:
            self._kept[slot] = _Kept(call.use, call.prompt, self._calls)

    def _worth(self, slot: int, call: Call) -> tuple[int, int]:
        kept = self._kept[slot]
        known = shared(kept.prompt, call.prompt) if kept.use == call.use else 0
        return (known if known >= LEAST_SHARE * len(call.prompt) else 0, -kept.at)


def shared(one: str, other: str) -> int:
    """How many characters two texts have in common from their beginning on."""
    longest = min(len(one), len(other))
    return bisect_left(range(1, longest + 1), True, key=lambda size: one[:size] != other[:size])
