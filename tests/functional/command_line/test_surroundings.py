"""What the `battui` command meets: images in use or damaged, models to fetch, readers that leave, signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from battui.contracts.generation import ModelFiles
from battui.image.image import Image
from tests.functional.command_line.conftest import COMMAND, MAKE, Battui, assert_told

WHEELS = Path(__file__).parents[3] / ".cache" / "wheels"


def test_an_image_in_use_is_said_to_be_and_left_alone(battui: Battui, image_folder: Path) -> None:
    with Image.open(str(image_folder)):
        assert_told(battui("show"), 3, "another process", str(image_folder))
        assert_told(battui("model", "add", __file__), 3, "GGUF")
        assert battui("doctor").code == 0
    assert battui("show").code == 0


@pytest.mark.parametrize("damage", [b"no image", b"SQLite format 3\x00" * 100])
def test_a_damaged_image_is_said_to_be_and_left_alone(
    battui: Battui, image_folder: Path, damage: bytes
) -> None:
    image_folder.mkdir(parents=True)
    file = image_folder / "image.fs"
    file.write_bytes(damage)

    assert_told(battui("show"), 3, str(image_folder))
    assert battui("doctor").code == 3
    assert file.read_bytes() == damage


def test_an_image_in_an_impossible_place_is_told(battui: Battui, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    assert_told(battui("--image", str(tmp_path / "file"), "show"), 2, "is a folder")
    assert_told(battui("--image", "/proc/nowhere/image", "show"), 3, "/proc/nowhere/image", "permissions")
    assert_told(battui("--image", "zeo://127.0.0.1:1", "show"), 2, "battui[zeo]")


def test_a_model_or_engine_that_is_not_there_is_told(battui: Battui) -> None:
    assert_told(battui("--model", "gpt", "show"), 1, "gpt")
    assert_told(battui("model", "add", "/etc/hostname"), 3, "GGUF")


def test_without_a_network_a_pull_says_what_to_do_and_leaves_no_image(
    battui: Battui, image_folder: Path, tmp_path: Path
) -> None:
    done = battui(
        *("model", "pull", "smollm2-135m"),
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS=str(tmp_path),
        PIP_CONFIG_FILE="/dev/null",
    )

    assert_told(done, 3, "cannot be downloaded", "Check the network", "try again")
    assert not image_folder.exists()


def test_a_pull_that_is_told_to_end_takes_pip_with_it(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(30)
        silent = {
            "PIP_INDEX_URL": f"http://127.0.0.1:{index.getsockname()[1]}/",
            "PIP_CONFIG_FILE": "/dev/null",
        }
        with subprocess.Popen(
            [*COMMAND, "model", "pull", "smollm2-135m"], env=environment | silent, stderr=subprocess.PIPE
        ) as process:
            # An index that takes the call and never answers: pip is now in the middle of its work.
            connection, _ = index.accept()
            pip = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
            process.terminate()

            assert process.wait(timeout=20) == 128 + signal.SIGTERM
            connection.close()
    assert not Path(f"/proc/{pip}").exists()


@pytest.mark.model
def test_a_pull_that_was_killed_half_way_is_finished_by_the_next(
    battui: Battui, environment: dict[str, str], image_folder: Path, tmp_path: Path
) -> None:
    cache = tmp_path / ".cache" / "battui"
    cache.mkdir(parents=True)
    WHEELS.mkdir(parents=True, exist_ok=True)
    (cache / "wheels").symlink_to(WHEELS)
    with subprocess.Popen(
        [*COMMAND, "model", "pull", "smollm2-135m"], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert any(line.startswith("unpacking") for line in process.stderr)
        process.kill()
    assert list((image_folder / "incoming").iterdir())

    finished, again = (battui("model", "pull", "smollm2-135m") for _ in range(2))

    assert (finished.code, again.code) == (0, 0)
    assert "is now in the image" in finished.out
    assert "already in the image" in again.out
    assert not (image_folder / "incoming").exists()
    assert "smollm2-135m  in the image" in battui("model", "list").out


@pytest.mark.model
def test_a_users_own_model_is_copied_once_and_listed(battui: Battui, bundled_model: ModelFiles) -> None:
    (path,) = bundled_model.files.values()

    first, second = (battui("model", "add", path, "--name", "mine") for _ in range(2))

    assert (first.code, second.code) == (0, 0)
    assert "is now in the image" in first.out
    assert "already in the image" in second.out
    assert Path(path).is_file()
    assert "mine  in the image" in battui("model", "list").out


def test_a_reader_that_goes_away_ends_the_writer_silently(environment: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "config", "default"], stdout=writer, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")


def test_doctor_says_what_is_here_and_what_to_run(battui: Battui) -> None:
    checks = battui("--output", "json", "doctor").objects

    assert {check["name"] for check in checks} >= {
        "battui",
        "libraries",
        "config",
        "image",
        "model",
        "engine",
    }
    (model,) = [check for check in checks if check["name"] == "model"]
    assert (model["state"], model["remedy"]) == ("missing", "battui model pull smollm2-135m")


SLOW = """
[[rules]]
answers = ["one two three four five six seven eight nine ten"]
delay = 60.0
"""


@pytest.fixture
def thinking(environment: dict[str, str], script: Callable[[str], None]) -> Iterator[subprocess.Popen[str]]:
    """A battui that is in the middle of a mission."""
    script(SLOW)
    lines = ("--send", MAKE, "--send", "account.deposit_(amount=50)")
    with subprocess.Popen(
        [*COMMAND, "--no-ui", "--engine", "scripted", *lines],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stderr is not None
        assert any("engine ready" in line for line in process.stderr)
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_kernel_in_order_and_the_mission_is_kept(
    battui: Battui, thinking: subprocess.Popen[str], number: signal.Signals
) -> None:
    thinking.send_signal(number)
    out, err = thinking.communicate(timeout=20)

    assert thinking.returncode == 128 + number
    assert out == "account\n"
    assert "Traceback" not in err
    (listed,) = battui("--engine", "none", "--output", "json", "missions", "list", "--open").objects
    assert [mission["id"] for mission in listed["missions"]] == ["m1"]
