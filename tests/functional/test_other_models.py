"""A GGUF model of another family, added by its user: the same commands work, and what it cannot do is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tiny_qwen
from tests.functional.test_bench_command import TASKS, environment, verdicts, written

SPARING = {"BATTUI_MISSION_MAX_TOKENS": "24", "BATTUI_MISSION_ATTEMPTS": "2", "BATTUI_ENGINE_CONTEXT": "8192"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_model_that_knows_nothing_fails_its_missions_with_reasons(tmp_path: Path) -> None:
    model = tiny_qwen.write(tmp_path / "tiny.gguf")
    folder = tmp_path / "image"
    report = tmp_path / "report.jsonl"
    tasks = written(tmp_path / "tasks.jsonl", TASKS[:1])

    def battui(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "battui", "--image", str(folder), *arguments]
        environ = {**environment(folder), **SPARING}
        return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=400, check=False)

    assert battui("model", "add", str(model)).returncode == 0
    done = battui("bench", "jit", str(tasks), "--samples", "2", "--output", "json", "--report", str(report))

    assert done.returncode == 0, done.stderr
    (tier,) = json.loads(done.stdout)["tiers"].values()
    assert (tier["tasks"], tier["right"]) == (1, 0)
    told = verdicts(report)["refuel"]
    assert told["candidates"]
    assert all(candidate["verdict"] for candidate in told["candidates"])
    assert "Traceback" not in done.stderr

    battui("send", "tank = genesis_obj.clone(fuel=1)")
    failed = battui("send", "tank.refuel_(litres=2)  # add litres to fuel => self.fuel == 3")
    assert failed.returncode not in (0, 70)
    assert "candidate" in failed.stderr or "the model wrote no method" in failed.stderr
    assert battui("send", "tank.fuel").stdout == "1\n"
