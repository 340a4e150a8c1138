"""How far a model's file is: told now and then, in the kernel's own thread, and no further once nobody waits."""

from __future__ import annotations

import threading
from typing import Any

import trio

from battui.contracts.models import OnStep
from battui.kernel.commands.model_steps import PARTS, steps_of

SIZE = 1000


def copy(tell: OnStep) -> None:
    for done in range(1, SIZE + 1):
        tell("store", done, SIZE)


async def test_each_part_of_a_step_is_told_once_in_the_thread_of_the_kernel() -> None:
    told: list[tuple[str, Any, str]] = []

    def announce(kind: str, _text: str, **more: Any) -> None:
        told.append((kind, more["data"]["done"], threading.current_thread().name))

    await trio.to_thread.run_sync(copy, steps_of("cub", announce))

    here = threading.current_thread().name
    assert told == [("model", max(1, part * SIZE // PARTS), here) for part in range(PARTS + 1)]


async def test_an_empty_file_is_told_as_done() -> None:
    told: list[str] = []

    def announce(_kind: str, text: str, **_more: Any) -> None:
        told.append(text)

    await trio.to_thread.run_sync(steps_of("cub", announce), "store", 0, 0)

    assert told == ["cub: store, 100 %"]


async def test_a_copy_ends_where_its_command_is_cancelled() -> None:
    told: list[int] = []
    with trio.CancelScope() as scope:

        def announce(_kind: str, _text: str, **more: Any) -> None:
            told.append(more["data"]["done"])
            scope.cancel()

        await trio.to_thread.run_sync(copy, steps_of("cub", announce))

    assert scope.cancelled_caught
    assert told == [1]
