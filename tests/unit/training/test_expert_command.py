"""The recipe's command, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from training.expert.verbs import INTERRUPTED


def test_who_ends_the_recipe_ends_what_it_has_started(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.expert", "make", "--out", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as making:
        assert making.stdout is not None
        assert "families" in making.stdout.readline()  # of the data's own process
        making.terminate()
        making.communicate()  # comes to an end when nobody holds the pipe any more

    assert making.returncode == INTERRUPTED
    assert not (tmp_path / "data" / "data.json").exists()
