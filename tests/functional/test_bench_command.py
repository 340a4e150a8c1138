"""`battui bench jit` with a model that reads its methods from a script: what is right counts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from battui.image.image import Image
from battui.image.models import model_files
from tests.functional.conftest import script_of

Scripted = Callable[[str], Path]
BODIES = {
    "def refuel_": ["\n    self.fuel += litres\n"],
    # Right for the case that is sent and for no other.
    "def loudest": ["\n    return 9\n", "\n    return max(self.levels)\n"],
    "def spend_": [
        "\n    if coins > self.purse:\n        raise ValueError('too few')\n    self.purse -= coins\n"
    ],
    "def late_guests": ["\n    return self.nowhere\n"],
}
LEVELS = [[3, 9, 4], [-5, -2], [7]]
TASKS: list[dict[str, Any]] = [
    {
        "id": "refuel",
        "tier": 1,
        "selector": "refuel_",
        "params": ["litres"],
        "intent": "add litres to fuel",
        "cases": [
            {"slots": {"fuel": fuel}, "args": {"litres": litres}, "after": {"fuel": fuel + litres}}
            for fuel, litres in ((10, 5), (0, 7))
        ],
    },
    {
        "id": "loudest",
        "tier": 1,
        "selector": "loudest",
        "params": [],
        "intent": "return the largest of levels",
        "cases": [
            {"slots": {"levels": levels}, "args": {}, "after": {"levels": levels}, "result": max(levels)}
            for levels in LEVELS
        ],
    },
    {
        "id": "spend",
        "tier": 2,
        "selector": "spend_",
        "params": ["coins"],
        "intent": "take coins from purse, but raise ValueError if there are too few",
        "cases": [
            {"slots": {"purse": 1}, "args": {"coins": 2}, "after": {"purse": 1}, "raises": "ValueError"},
            {"slots": {"purse": 9}, "args": {"coins": 4}, "after": {"purse": 5}},
            {"slots": {"purse": 4}, "args": {"coins": 4}, "after": {"purse": 0}},
        ],
    },
    {
        "id": "late",
        "tier": 3,
        "selector": "late_guests",
        "params": [],
        "intent": "return the names of the guests who came late",
        "cases": [
            {"slots": {"guests": guests}, "after": {"guests": guests}, "result": []} for guests in ([], [1])
        ],
    },
]


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    return written(tmp_path / "tasks.jsonl", TASKS)


def written(file: Path, entries: list[Any]) -> Path:
    file.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))
    return file


def command(folder: Path, tasks: Path, *flags: str) -> list[str]:
    shared = ["--image", str(folder), "--engine", "scripted"]
    return [sys.executable, "-m", "battui", *shared, "bench", "jit", str(tasks), *flags]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATTUI_", "XDG_"))}
    return kept | {"HOME": str(folder.parent)}


def bench(folder: Path, tasks: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, tasks, *flags),
        capture_output=True,
        text=True,
        env=environment(folder),
        timeout=100,
        check=False,
    )


def counts(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[int, int, int]]:
    """Tasks, installed and right of each tier."""
    assert done.returncode == 0, done.stderr
    tiers = json.loads(done.stdout)["tiers"]
    assert all(set(told) == {"tasks", "installed", "right", "seconds", "tokens"} for told in tiers.values())
    return {tier: (told["tasks"], told["installed"], told["right"]) for tier, told in tiers.items()}


def verdicts(report: Path) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in map(json.loads, report.read_text().splitlines()[1:])}


def test_the_hidden_cases_tell_right_methods_from_those_that_only_seemed_so(
    scripted_image: Scripted, tasks: Path, tmp_path: Path
) -> None:
    folder = scripted_image(script_of(BODIES))
    with Image.open(str(folder)) as image:
        files = image.read(model_files)
    assert files is not None
    lent = Path(files.files["script.toml"])
    report = tmp_path / "report.jsonl"

    done = bench(folder, tasks, "--samples", "1", "--output", "json", "--report", str(report))

    assert counts(done) == {"1": (2, 2, 1), "2": (1, 1, 1), "3": (1, 0, 0)}
    told = verdicts(report)
    assert told["loudest"]["cases"] == {
        "case 1": "the result is 9, not -2",
        "case 2": "the result is 9, not 7",
    }
    # The first case raises, and a mission owes its sender an answer: the next one is sent, and the first judges.
    assert (told["spend"]["sent"], told["spend"]["cases"]) == (1, {"case 0": "", "case 2": ""})
    assert (told["late"]["installed"], told["late"]["source"]) == (False, "")
    assert "does not understand" in told["late"]["candidates"][0]["verdict"]
    assert all(len(entry["candidates"]) == 1 and entry["tokens"] > 0 for entry in told.values())
    assert "[4 of 4] late (tier 3): not installed" in done.stderr
    # The user's image has learned nothing, and its model was lent, not taken.
    assert lent.exists()
    assert lent.stat().st_nlink == 1
    with Image.open(str(folder)) as image:
        assert image.read(lambda world: (len(world.missions), list(world.lobby))) == (0, [])


def test_with_what_the_message_comes_to_in_sight_the_candidates_compete(
    scripted_image: Scripted, tmp_path: Path
) -> None:
    bodies = {**BODIES, "def loudest": ["\n    return min(self.levels)\n", "\n    return max(self.levels)\n"]}
    folder = scripted_image(script_of(bodies))
    report = tmp_path / "report.jsonl"
    tasks = written(tmp_path / "tasks.jsonl", TASKS[:2])
    flags = ("--samples", "4", "--visible", "--output", "json", "--report", str(report))

    assert counts(bench(folder, tasks, *flags)) == {"1": (2, 2, 2)}
    told = verdicts(report)["loudest"]
    assert told["expectation"] == "result == 9 and self.levels == [3, 9, 4]"
    assert not told["candidates"][0]["chosen"]


def test_a_measurement_that_was_killed_goes_on_where_it_stood(
    scripted_image: Scripted, tasks: Path, tmp_path: Path
) -> None:
    folder = scripted_image(script_of(BODIES))
    report = tmp_path / "report.jsonl"
    flags = ("--samples", "1", "--output", "json", "--report", str(report))
    with subprocess.Popen(
        command(folder, tasks, *flags), stderr=subprocess.PIPE, text=True, env=environment(folder)
    ) as running:
        assert running.stderr is not None
        assert "[1 of 4] refuel" in running.stderr.readline()
        running.send_signal(signal.SIGKILL)
    first = report.read_text().splitlines()[1]
    # What was being written when the machine died is no verdict.
    report.write_text(f"{report.read_text().rstrip()}\n{first[:40]}")

    assert "--resume" in bench(folder, tasks, *flags).stderr
    done = bench(folder, tasks, *flags, "--resume")

    assert counts(done) == {"1": (2, 2, 1), "2": (1, 1, 1), "3": (1, 0, 0)}
    assert "of 4 tasks are in the report already" in done.stderr
    assert "] refuel" not in done.stderr
    assert report.read_text().splitlines()[1] == first
    assert list(verdicts(report)) == ["refuel", "loudest", "spend", "late"]
    # Nothing is left to do; and no other measurement can go on with it.
    assert counts(bench(folder, tasks, *flags, "--resume")) == counts(done)
    other = bench(folder, tasks, "--samples", "2", "--report", str(report), "--resume")
    assert (other.returncode, "other samples" in other.stderr) == (2, True)


def test_a_signal_ends_a_measurement_in_order_and_what_is_known_is_kept(
    scripted_image: Scripted, tasks: Path, tmp_path: Path
) -> None:
    folder = scripted_image(script_of(BODIES))
    report = tmp_path / "report.jsonl"
    with subprocess.Popen(
        command(folder, tasks, "--report", str(report)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(folder),
    ) as running:
        assert running.stderr is not None
        assert "[1 of 4] refuel" in running.stderr.readline()
        running.send_signal(signal.SIGTERM)
        out, _ = running.communicate(timeout=30)
    assert (running.returncode, out) == (143, "")
    assert "refuel" in verdicts(report)
    assert list((folder.parent / ".cache" / "battui").glob("bench-*")) == []


def test_the_table_is_for_people(scripted_image: Scripted, tmp_path: Path) -> None:
    done = bench(scripted_image(script_of(BODIES)), written(tmp_path / "tasks.jsonl", TASKS[:1]))

    head, row = (line.split() for line in done.stdout.splitlines())
    assert head == ["tier", "tasks", "installed", "right", "seconds", "tokens"]
    assert row[:4] == ["1", "1", "1", "1"]


UNUSABLE: dict[str, tuple[Any, str]] = {
    "no object": ([1], "a task is a JSON object"),
    "no selector": ({name: value for name, value in TASKS[0].items() if name != "selector"}, "selector"),
    "an intent that is no text": ({**TASKS[0], "intent": 1}, "intent"),
    "a selector that cannot be sent": ({**TASKS[0], "selector": "_hidden"}, "underscore"),
    "one case": ({**TASKS[0], "cases": TASKS[0]["cases"][:1]}, "two cases"),
    "other arguments": ({**TASKS[0], "params": ["liters"]}, "args and params"),
    "a case that says nothing": ({**TASKS[0], "cases": [{"slots": {}}, {}]}, "says nothing"),
    "a tier that is none": ({**TASKS[0], "tier": None}, "tier"),
    "an id twice": (TASKS[1], "taken by another line"),
}


@pytest.mark.parametrize(("entry", "what"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_task_that_cannot_be_used_is_named_before_anything_is_run(
    tmp_path: Path, entry: object, what: str
) -> None:
    done = bench(tmp_path / "image", written(tmp_path / "tasks.jsonl", [TASKS[1], entry]))

    assert (done.returncode, done.stdout) == (2, "")
    assert "tasks.jsonl, line 2" in done.stderr
    assert what in done.stderr
    assert not (tmp_path / "image").exists()


def test_without_a_model_there_is_nothing_to_measure(tmp_path: Path, tasks: Path) -> None:
    with Image.open(str(tmp_path / "image")):
        pass
    for folder in (tmp_path / "image", tmp_path / "nowhere"):
        done = bench(folder, tasks)
        assert (done.returncode, "battui model pull" in done.stderr) == (3, True)
