"""The event stream in files: whole lines, levels, and files that are turned over."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from battui.cli.log_records import Picked, records_in
from battui.contracts.events import KernelEvent, Level
from battui.contracts.settings import Settings, load_settings
from battui.contracts.values import Ref
from battui.kernel.events.event_log import EventLog, log_path


def _settings(folder: Path, **keys: object) -> Settings:
    flags = {f"log.{key}": value for key, value in keys.items()}
    return load_settings({"image": str(folder / "my image"), **flags}, {"XDG_STATE_HOME": str(folder)}, None)


def _event(number: int, level: Level = "info", text: str = "") -> KernelEvent:
    text = text or f"event {number}"
    return KernelEvent(number, 1000.0 + number, "mission", text, level, "m1", "account", {"oids": [Ref(31)]})


def test_an_event_is_one_line_that_says_everything(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    log = EventLog(settings)
    log.write(_event(1, text="two\nlines"))
    log.close()

    (line,) = log_path(settings).read_text().splitlines()
    record = json.loads(line)
    assert (record["sequence"], record["kind"], record["text"]) == (1, "mission", "two\nlines")
    assert record["data"] == {"oids": [{"$ref": "@1f"}]}


@pytest.mark.parametrize(("level", "kept"), [("debug", 3), ("info", 2), ("warning", 1), ("none", 0)])
def test_only_what_is_of_the_level_is_kept(tmp_path: Path, level: str, kept: int) -> None:
    settings = _settings(tmp_path, level=level)
    log = EventLog(settings)
    for number, own in enumerate(("debug", "info", "warning")):
        log.write(_event(number, own))  # type: ignore[arg-type]
    log.close()

    assert len(list(records_in(log_path(settings)))) == kept


def test_a_shown_line_names_the_state_that_a_mission_has_entered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(tmp_path)
    log = EventLog(settings)
    for number, state in enumerate(("DECOMPOSING", "ended")):
        log.write(replace(_event(number), data={"state": state}))
    log.write(replace(_event(2), kind="engine", data={"state": "READY"}))
    log.close()

    Picked("info", "", "", "text").show(records_in(log_path(settings)))
    shown = capsys.readouterr().out.splitlines()
    assert [line.partition(" m1 account")[2] for line in shown] == [
        " DECOMPOSING: event 0",
        ": event 1",
        ": event 2",
    ]


def test_files_are_turned_over_and_read_in_order(tmp_path: Path) -> None:
    settings = _settings(tmp_path, file_kb=16, files=3)
    log = EventLog(settings)
    for number in range(400):
        log.write(_event(number))
    log.close()

    files = sorted(log_path(settings).parent.iterdir())
    numbers = [record["sequence"] for record in records_in(log_path(settings))]
    assert len(files) == 3
    assert all(file.stat().st_size <= 16 << 10 for file in files)
    assert numbers == list(range(numbers[0], 400))


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_live(tmp_path: Path) -> None:
    (tmp_path / "battui").write_text("a file where the folder would be")
    log = EventLog(_settings(tmp_path))
    log.write(_event(1))
    log.close()


def test_each_image_has_a_file_of_its_own(tmp_path: Path) -> None:
    one, two = (load_settings({"image": f"{tmp_path}/{name}"}, {}, None) for name in ("a", "b"))
    assert log_path(one) != log_path(two)


def test_a_record_is_shown_once_and_half_a_line_never(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(tmp_path)
    log = EventLog(settings)
    for number in (1, 2):
        log.write(_event(number))
    log.close()
    with log_path(settings).open("a") as file:
        file.write('{"sequence": 3, "at": 10')

    picked = Picked("debug", "", "", "json")
    for _ in range(2):
        picked.show(records_in(log_path(settings)))
    assert [json.loads(line)["sequence"] for line in capsys.readouterr().out.splitlines()] == [1, 2]


@pytest.mark.parametrize(
    ("level", "kind", "mission", "shown"),
    [
        ("info", "", "", True),
        ("warning", "", "", False),
        ("info", "engine", "", False),
        ("info", "mission", "m1", True),
        ("info", "", "m2", False),
    ],
)
def test_records_are_picked_by_level_kind_and_mission(
    level: str, kind: str, mission: str, shown: bool
) -> None:
    record = {"level": "info", "kind": "mission", "mission": "m1"}
    assert Picked(level, kind, mission, "text").passes(record) is shown


def test_nobody_else_may_read_the_files(tmp_path: Path) -> None:
    settings = _settings(tmp_path, file_kb=16, files=3)
    log = EventLog(settings)
    before = os.umask(0)
    try:
        for number in range(200):
            log.write(_event(number))
    finally:
        os.umask(before)
    log.close()

    modes = {file.stat().st_mode & 0o777 for file in log_path(settings).parent.iterdir()}
    assert modes == {0o600}
