"""The script for machines with a GPU, on one without: it begins, says what is missing, and claims nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.gpu.run import NO_CUDA, ROOT


def test_without_cuda_it_stops_and_says_so(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "tests/gpu/run.py", "--from", str(tmp_path), "--report", str(report)]
    environment = {"PATH": "/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": ""}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == NO_CUDA, done.stderr
    assert "Nothing was tried: " in done.stderr
    assert "NVIDIA GPU" in done.stderr
    found = json.loads(report.read_text())
    assert found["stopped"]
    assert found["steps"] == {}
