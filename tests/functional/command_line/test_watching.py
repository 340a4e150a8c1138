"""To watch a kernel: what needs no thought starts nothing; what happens is told in files, figures and a stream."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import tiny_bert
from tests.functional.command_line.conftest import COMMAND, MAKE, Battui

LEARN = "account.deposit_(amount=50)  # add amount to balance => self.balance == 150"
DEPOSIT = r"""
[[rules]]
match = "def deposit_[^#]*$"
answers = ["\n    self.balance += amount\n    self._p_changed = True\n"]

[[rules]]
match = "JSON"
answers = ['{"strategy": "one assignment", "pillars": [], "sub_questions": {}, "look_up": []}']

[[rules]]
match = ""
answers = ["words"]
"""
Script = Callable[[str], None]


def test_an_engine_is_started_when_something_has_to_be_thought_about_and_not_before(
    battui: Battui, script: Script, tmp_path: Path
) -> None:
    script(DEPOSIT)
    engine_log = tmp_path / ".local/state/battui/engine.log"
    scripted = {"BATTUI_ENGINE_NAME": "scripted"}
    assert battui("--no-ui", "--send", MAKE, "--send", "account.balance", **scripted).code == 0
    told = battui("log").out
    for words in (("show",), ("history",), ("missions",), ("stats",), ("image",)):
        assert battui(*words, **scripted).code == 0
    assert not engine_log.exists()
    assert battui("log").out == told

    assert battui("send", LEARN, **scripted).code == 0
    assert engine_log.exists()
    stats = battui("--output", "json", "stats", **scripted).objects[0]
    assert (stats["missions"], stats["engine"]) == ({"COMPLETE": 1}, "not started")


def test_what_a_mission_did_is_in_the_log_afterwards(battui: Battui, script: Script) -> None:
    script(DEPOSIT)
    assert battui("--engine", "scripted", "--no-ui", "--send", MAKE, "--send", LEARN).code == 0

    kinds = [event["kind"] for event in battui("--output", "json", "log", "-n", "1000").objects]
    assert {"kernel", "mission", "candidate", "installed"} <= set(kinds)
    assert "token" not in kinds
    of_mission = battui("--output", "json", "log", "--mission", "m1", "-n", "1").objects
    assert [event["text"].split(":")[0] for event in of_mission] == ["ended COMPLETE"]
    assert Path(battui("log", "--where").out.strip()).exists()


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[int]:
    reading, writing = os.pipe()
    with os.fdopen(reading) as ready:
        command = [*COMMAND, "bridge", "serve", "--ready", str(writing)]
        silent = subprocess.DEVNULL
        serving = subprocess.Popen(
            command, pass_fds=(writing,), env=environment, stdin=silent, stdout=silent, stderr=silent
        )
        os.close(writing)
        try:
            assert json.loads(ready.read())["pid"] == serving.pid
            yield serving.pid
        finally:
            serving.terminate()
            serving.wait(60)


@pytest.fixture
def following(environment: dict[str, str]) -> Iterator[Iterator[dict[str, object]]]:
    """What `battui log --follow` prints, as it comes."""
    command = [*COMMAND, "--output", "json", "log", "--follow", "-n", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield map(json.loads, process.stdout)
        finally:
            process.terminate()


def test_who_follows_sees_one_kernel_after_the_other(
    battui: Battui, environment: dict[str, str], following: Iterator[dict[str, object]]
) -> None:
    seen: list[int] = []
    for _ in range(2):
        with _served(environment):
            assert next(following)["text"] == "started"
            made = battui("send", MAKE)
            assert made.code == 0, made.err
        for event in following:
            assert event["reply"] == "event"
            if event["text"] == "stopping":
                seen.append(1)
                break
        for event in following:
            # The engine's end is the last that is heard of a kernel.
            if event["kind"] == "engine":
                break
    assert seen == [1, 1]


def test_who_adds_a_model_beside_a_kernel_sees_how_far_it_is(
    battui: Battui, environment: dict[str, str], tmp_path: Path
) -> None:
    bert = tiny_bert.write(tmp_path / "Tiny-Bert.gguf", tiny_bert.weights())
    with _served(environment):
        done = battui("model", "add", str(bert))
        refused = battui("model", "add", str(tmp_path))
    assert (done.code, done.out.rpartition(" in the image ")[0]) == (0, "tiny-bert is now"), done.err
    assert "checking" in done.err
    assert "storing" in done.err
    assert (refused.code, "config.json" in refused.err) == (3, True), refused.err


def test_a_kernel_whose_only_command_fails_still_ends_in_order(battui: Battui) -> None:
    refused = battui("send", "nobody.balance")
    assert refused.code != 0

    told = [event["text"] for event in battui("--output", "json", "log").objects if event["kind"] == "kernel"]
    assert told == ["started", "stopping"]


def test_prometheus_finds_the_figures_on_loopback(battui: Battui, environment: dict[str, str]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with _served(environment | {"BATTUI_METRICS_PORT": str(port)}):
        for line in (MAKE, "account.balance", "account.balance"):
            assert battui("send", line).code == 0
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        stats = battui("--output", "json", "stats").objects[0]

    assert "battui_message_seconds_count 3\n" in text
    assert (stats["messages"], stats["busy"], stats["within"][-1][1]) == (3, 0, 3)
