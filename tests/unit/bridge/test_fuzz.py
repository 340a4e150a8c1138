"""Hostile frames: nothing ends, nothing grows, honest clients are served."""

from __future__ import annotations

import pytest

from tests.unit.bridge.fuzz import BATCH, fuzz

GROWTH_KIB = 16_384


@pytest.mark.parametrize(
    "frames", [20_000, pytest.param(1_000_000, marks=[pytest.mark.slow, pytest.mark.timeout(3_600)])]
)
async def test_hostile_frames_end_nothing_and_cost_nothing_that_stays(frames: int) -> None:
    outcome = await fuzz(frames)
    assert outcome.served == frames // BATCH
    assert outcome.after - outcome.before < GROWTH_KIB
