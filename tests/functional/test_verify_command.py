"""`battui verify` on images that have really learned something, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import trio

from battui.image.image import Image
from battui.image.world import World
from tests.functional.conftest import BODIES, Live, script_of

LINES = (
    "account = genesis_obj.clone(balance=100)",
    "account.deposit_(amount=50)  # add amount to balance => self.balance == 150",
    "account.audit()  # twice the balance => result == 300",
    "twin = account.clone(balance=1)",
)
Scripted = Callable[[str], Path]
Verified = subprocess.CompletedProcess[bytes]


@pytest.fixture
async def learned(scripted_image: Scripted, live: Live) -> Path:
    """The folder of an image that has learned two methods, which a clone shares."""
    folder = scripted_image(script_of(BODIES))
    async with live(folder) as life:
        for line in LINES:
            await life.line(line)
    return folder


async def verify(folder: Path, *flags: str) -> Verified:
    command = [sys.executable, "-m", "battui.cli.main", "--image", str(folder), *flags, "verify"]
    environment = {"HOME": str(folder.parent)}
    return await trio.run_process(
        command, capture_stdout=True, capture_stderr=True, check=False, env=environment
    )


def change(folder: Path, work: Callable[[World], None]) -> None:
    with Image.open(str(folder)) as image:
        image.perform("change", work)


def tamper(slot: str, name: str, value: object, world: World) -> None:
    method = world.lobby["account"]._slots[slot]
    setattr(method, name, value)


async def test_what_was_learned_verifies_and_each_method_is_told_once(learned: Path) -> None:
    done = await verify(learned)

    assert done.returncode == 0
    assert sorted(done.stdout.decode().splitlines()) == ["account.audit  ok", "account.deposit_  ok"]
    assert done.stderr == b"2 learned methods, none refused.\n"


async def test_another_source_than_the_certified_one_is_reported(learned: Path) -> None:
    source = "def deposit_(self, amount):\n    self.balance += amount * 2\n    self._p_changed = True\n"
    change(learned, partial(tamper, "deposit_", "source", source))

    done = await verify(learned)

    assert done.returncode == 5
    audit, deposit = sorted(done.stdout.decode().splitlines())
    assert audit == "account.audit  ok"
    assert deposit.startswith("account.deposit_  line 1: this is not the source that was certified")
    assert done.stderr == b"2 learned methods, 1 refused.\n"


TAMPERED = {
    "no signal": ("source", "def deposit_(self, amount):\n    self.rows.append(amount)\n", "covenant"),
    "forbidden": ("source", "def deposit_(self, amount):\n    return open(amount)\n", "name"),
    "no Python": ("source", "def deposit_(self", "syntax"),
    "no certificate": ("proof", {}, "certificate"),
    "no trials": ("proof", None, "certificate"),
}


@pytest.mark.parametrize("name", TAMPERED)
async def test_every_finding_has_its_rule_in_json(learned: Path, name: str) -> None:
    attribute, value, rule = TAMPERED[name]
    change(learned, partial(tamper, "deposit_", attribute, value))

    done = await verify(learned, "--output", "json")

    assert done.returncode == 5
    verdicts = {entry["selector"]: entry for entry in map(json.loads, done.stdout.splitlines())}
    assert verdicts["audit"] == {
        "reply": "method",
        "holder": "account",
        "selector": "audit",
        "mission": "m2",
        "ok": True,
        "findings": [],
    }
    refused = verdicts["deposit_"]
    assert (refused["holder"], refused["mission"], refused["ok"]) == ("account", "m1", False)
    assert any(finding["rule"].startswith(rule) for finding in refused["findings"])


async def test_an_image_is_verified_beside_its_owner(learned: Path) -> None:
    alone = await verify(learned)
    with Image.open(str(learned)):
        beside = await verify(learned)

    assert (beside.returncode, beside.stdout) == (alone.returncode, alone.stdout)
    assert beside.stdout


async def test_an_absent_image_is_told_and_none_is_made(tmp_path: Path) -> None:
    absent = await verify(tmp_path / "nowhere")

    assert (absent.returncode, absent.stdout) == (1, b"")
    assert not (tmp_path / "nowhere").exists()


async def test_an_image_that_has_learned_nothing_passes(tmp_path: Path) -> None:
    Image.open(str(tmp_path / "image")).close()

    done = await verify(tmp_path / "image")

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"0 learned methods, none refused.\n")
