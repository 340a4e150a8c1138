"""The command line against a running kernel, judged by stdout and exit codes alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import trio

from battui.cli import remote_kernel
from battui.cli.remote_kernel import KernelLeft, RemoteKernel
from tests.functional.bridge.conftest import Serve


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.timeout(600)
def test_commands_reach_the_kernel_that_owns_the_image(serving: Serve) -> None:
    kernel = serving()
    kernel.start()
    made = kernel.battui("--output", "json", "send", "account = genesis_obj.clone(balance=100)")
    assert (made.returncode, lines(made.stdout)[0]["reply"]) == (0, "answer")
    script = kernel.battui("--no-ui", "--send", "account.balance = 5", "--send", "account.balance")
    assert (script.returncode, script.stdout) == (0, "5\n5\n")
    assert kernel.battui("show", "account").stdout.startswith("account @")
    assert kernel.battui("missions").returncode == 0
    assert "write account.balance" in kernel.battui("history").stdout
    refused = kernel.battui("--output", "json", "send", "account.nothing")
    assert (refused.returncode, lines(refused.stdout)[0]["error"]) == (1, "UnknownSlot")
    status = kernel.battui("--output", "json", "bridge", "status")
    assert lines(status.stdout)[0]["pid"] == kernel.word["pid"]
    stopped = kernel.battui("bridge", "stop")
    assert stopped.returncode == 0
    assert kernel.process is not None
    assert kernel.process.wait() == 0
    assert kernel.battui("bridge", "status").returncode == 3
    assert kernel.battui("send", "account.balance").stdout == "5\n", "alone, on what the kernel left"


@pytest.mark.timeout(600)
def test_a_kernel_in_the_background_outlives_who_started_it(serving: Serve) -> None:
    kernel = serving()
    started = lines(kernel.battui("--output", "json", "--detach").stdout)[0]
    pid = int(str(started["pid"]))
    try:
        assert started["started"]
        assert os.getsid(pid) == pid, "a session of its own, without a terminal"
        again = lines(kernel.battui("--output", "json", "--detach").stdout)[0]
        assert (again["started"], again["pid"]) == (False, pid)
        assert kernel.battui("send", "n = 7").returncode == 0
        assert kernel.battui("attach").returncode == 2, "there is no terminal here"
        state = Path(kernel.environment["XDG_STATE_HOME"]) / "battui"
        logs = [*state.glob("*.log"), *state.glob("log/*")]
        assert state / "kernel.log" in logs
        assert {log.stat().st_mode & 0o777 for log in logs} == {0o600}, "messages can hold anything"
    finally:
        assert kernel.battui("bridge", "stop").returncode == 0
    assert kernel.battui("send", "n").stdout == "7\n"


@pytest.mark.timeout(600)
def test_one_shots_beside_each_other_all_get_their_answers(serving: Serve) -> None:
    """Whichever comes first owns the image; the others go through its bridge, and on when it leaves."""
    kernel = serving()
    assert kernel.battui("send", "account = genesis_obj.clone(balance=1)").returncode == 0

    async def all_at_once() -> list[int]:
        codes: list[int] = []

        async def one(number: int) -> None:
            done = await trio.to_thread.run_sync(kernel.battui, "send", f"account.slot{number} = {number}")
            codes.append(done.returncode)

        async with trio.open_nursery() as nursery:
            for number in range(4):
                nursery.start_soon(one, number)
        return codes

    assert trio.run(all_at_once) == [0, 0, 0, 0]
    shown = kernel.battui("show", "account").stdout
    assert all(f"slot{number} = {number}" in shown for number in range(4))


def test_a_kernel_that_leaves_before_it_is_met_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked of it can then be asked again, of whoever owns the image next."""
    monkeypatch.setattr(remote_kernel, "PATIENCE_S", 0.1)
    with pytest.raises(KernelLeft, match="no kernel answers here"):
        trio.run(RemoteKernel(f"ipc://{tmp_path}/gone").run)


@pytest.mark.timeout(600)
def test_keys_are_made_listed_and_removed(serving: Serve) -> None:
    kernel = serving()
    kernel.environment["BATTUI_BRIDGE_TCP"] = "tcp://127.0.0.1:*"
    refused = kernel.battui("bridge", "serve")
    assert (refused.returncode, "nobody has a key" in refused.stderr) == (2, True)
    added = lines(
        kernel.battui("--output", "json", "bridge", "keys", "add", "laptop", "--role", "send").stdout
    )[0]
    assert Path(str(added["file"])).stat().st_mode & 0o777 == 0o600
    listed = lines(kernel.battui("--output", "json", "bridge", "keys").stdout)[0]
    assert listed["clients"] == [{"name": "laptop", "role": "send", "public": added["public"]}]
    assert str(kernel.start()["tcp"]).startswith("tcp://127.0.0.1:"), "as the configuration says"
    assert kernel.stop() == 143
    assert kernel.battui("bridge", "keys", "add", "laptop").returncode == 1
    assert kernel.battui("bridge", "keys", "remove", "laptop").returncode == 0
    assert kernel.battui("bridge", "keys", "remove", "laptop").returncode == 1


@pytest.mark.timeout(600)
def test_a_folder_that_others_may_use_is_no_place_for_a_bridge(serving: Serve) -> None:
    kernel = serving()
    assert kernel.battui("send", "n = 1").returncode == 0
    folder = Path(kernel.environment["XDG_STATE_HOME"]) / "battui" / "bridge"
    folder.chmod(0o755)
    refused = kernel.battui("bridge", "serve")
    assert (refused.returncode, "mode 755" in refused.stderr) == (3, True)
    alone = kernel.battui("send", "n")
    assert (alone.returncode, alone.stdout) == (0, "1\n"), "the command goes on without one"
