"""Which engines there are, found out without importing their libraries here."""

from __future__ import annotations

import sys

import pytest

from battui.contracts.errors import EngineFailed
from battui.engines import choice


def test_every_engine_is_probed_apart() -> None:
    found = {probe.name: probe for probe in choice.probe()}

    assert list(found) == ["llama.cpp", "exllamav2", "openai"]
    assert found["llama.cpp"].usable
    assert found["llama.cpp"].version
    assert all(probe.usable or probe.detail for probe in found.values())
    assert "torch" not in sys.modules


def test_a_probe_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "PROBE_LIMIT_S", 0.001)

    assert "no answer" in choice.probe()[0].detail


def test_a_probe_that_crashes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "PROBED", ("no such engine",))

    assert choice.probe()[0].detail == "the probe ended without an answer"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(EngineFailed, match="abacus"):
        choice.create("abacus")
