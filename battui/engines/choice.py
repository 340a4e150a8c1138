"""Which engines there are, and which of them can run on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from battui.contracts.errors import EngineFailed
from battui.contracts.generation import Engine

PROBE_LIMIT_S = 30.0
PROBED = ("llama.cpp", "exllamav2")


@dataclass(frozen=True, slots=True)
class EngineProbe:
    """Whether an engine can run here: its `version` where it is installed, and why not where it cannot."""

    name: str
    usable: bool
    version: str = ""
    detail: str = ""
    remedy: str = ""


def create(name: str) -> Engine:
    """A new engine by its name. To be called in the host process only: the libraries are imported when it loads."""
    if name == "llama.cpp":
        from battui.engines.llama_cpp import LlamaCppEngine

        return LlamaCppEngine()
    if name == "openai":
        from battui.engines.openai import OpenAIEngine

        return OpenAIEngine()
    if name == "exllamav2":
        from battui.engines.exllamav2 import ExLlamaV2Engine

        return ExLlamaV2Engine()
    if name == "scripted":
        from battui.engines.scripted import ScriptedEngine

        return ScriptedEngine()
    raise EngineFailed(
        "there is no such engine",
        about=repr(name),
        remedy="Choose llama.cpp, exllamav2, openai, or none to think nothing.",
    )


def probe() -> list[EngineProbe]:
    """Try every engine in a process of its own: importing a CUDA library can hang or end the one that does it."""
    return [*(probe_one(name) for name in PROBED), _openai()]


def probe_one(name: str) -> EngineProbe:
    """Try one engine in a process of its own."""
    command = [sys.executable, "-P", "-m", "battui.engines.probing", name]
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=PROBE_LIMIT_S, check=False
        )
        answer = json.loads(done.stdout.splitlines()[-1])
        return EngineProbe(**answer)
    except subprocess.TimeoutExpired:
        return EngineProbe(name, usable=False, detail=f"no answer within {PROBE_LIMIT_S:.0f} s")
    except (OSError, ValueError, IndexError, TypeError):
        return EngineProbe(name, usable=False, detail="the probe ended without an answer")


def _openai() -> EngineProbe:
    remedy = "Where there is one: set engine.url to its address, and BATTUI_ENGINE_KEY to its key."
    return EngineProbe("openai", usable=False, detail="no server is configured", remedy=remedy)
