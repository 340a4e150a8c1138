"""Code that takes what it can, time, memory and output: it is stopped, and the next message is answered."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from battui.kernel.cells.cells import CellBlock
from tests.functional.cell_attacks.conftest import LIMITS, assert_still_serving, needs_seccomp, run

pytestmark = needs_seccomp


BOMBS = {
    "a loop in Python": ("while True:\n    pass", "ran longer than 1 s|processor time"),
    "a loop in C": ("return sum(range(10**11))", "ran longer than 1 s|processor time"),
    "a power": ("return 9**9**9", "ran longer than 1 s|processor time|memory"),
    "a regular expression": (
        "return re.match('(a+)+$', 'a' * 64 + 'b')",
        "ran longer than 1 s|processor time",
    ),
    "a sort of a shifting key": ("return sorted(range(10**9))", "ran longer|processor time|memory"),
    "one big list": ("return [0] * 10**10", "more than 64 MiB of memory"),
    "one big text": ("return len('x' * (80 << 20))", "more than 64 MiB of memory"),
    "many small things": ("kept = []\nwhile True:\n    kept.append([1])", "more than 64 MiB of memory"),
    "a big result": ("return 'x' * (1 << 20)", "answer is larger"),
    "nobody catches it": (
        "try:\n    while True:\n        pass\nexcept Exception:\n    pass",
        "ran longer|processor",
    ),
    "it prints for ever": ("while True:\n    print('x' * 1000)", "ran longer|processor time"),
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_is_stopped(block: CellBlock, bomb: str) -> None:
    body, words = BOMBS[bomb]
    answer = await run(block, body)
    assert answer.failure is not None
    assert answer.failure.kind == "stopped", answer
    assert re.search(words, answer.failure.message), answer.failure.message
    await assert_still_serving(block)


async def test_memory_within_the_limit_is_granted(block: CellBlock) -> None:
    answer = await run(block, "return len('x' * (56 << 20))")
    assert answer.result == 56 << 20


async def test_processor_time_is_limited_while_the_wall_clock_is_not(block: CellBlock) -> None:
    answer = await run(block, "while True:\n    pass", limits=replace(LIMITS, wall_s=15.0))
    assert answer.failure is not None
    assert "more than 1 s of processor time" in answer.failure.message
    await assert_still_serving(block)


async def test_recursion_raises_in_the_method(block: CellBlock) -> None:
    answer = await run(block, "return self.attack()")
    assert answer.failure is not None
    assert (answer.failure.kind, answer.failure.error_type) == ("raised", "RecursionError")
    assert len(answer.failure.traceback) < 5_000
    await assert_still_serving(block)


async def test_a_deeply_nested_result_is_refused(block: CellBlock) -> None:
    answer = await run(block, "nest = []\nfor _ in range(100000):\n    nest = [nest]\nreturn nest")
    assert answer.failure is not None
    assert answer.failure.kind == "not-storable"
    await assert_still_serving(block)


async def test_what_is_printed_is_cut(block: CellBlock) -> None:
    answer = await run(block, "for _ in range(5000):\n    print('x' * 1000)\nreturn 1")
    assert answer.result == 1
    assert len(answer.printed.encode()) == LIMITS.output_bytes
