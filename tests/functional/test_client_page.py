"""The examples of docs/client.md, run as they stand against a kernel; and the types that they rely on."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy import api

from battui import client
from tests.functional.command_line.house import House, house_at, kernel_in

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PLAIN, ERRORS, ASYNCHRONOUS, OVER_TCP = EXAMPLES


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    """A house whose kernel listens on TCP, too, with a key for the laptop."""
    house = house_at(tmp_path_factory.mktemp("client"))
    code, out = house.run("--output", "json", "bridge", "keys", "add", "laptop", "--role", "send")
    assert code == 0
    (house.home / "laptop.key").symlink_to(json.loads(out)["file"])
    with kernel_in(house, "--tcp", "tcp://127.0.0.1:*") as word:
        yield house, word["tcp"]


def run(house: House, example: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=house.home,
        capture_output=True,
        text=True,
        env={**house.environment, "PYTHONPATH": str(ROOT)},
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_plain_program(served: tuple[House, str]) -> None:
    told = run(served[0], PLAIN)
    assert "balance data 150" in told
    assert "self.balance += amount" in told


def test_an_error_says_what_to_do(served: tuple[House, str]) -> None:
    code, what, about, _remedy = run(served[0], ERRORS).split(" | ")
    assert (code, bool(what), about) == ("UnknownSlot", True, "account")


@pytest.mark.parametrize("world", ["trio.run(main)", "asyncio.run(main())"])
def test_an_asynchronous_program_on_trio_and_on_asyncio(served: tuple[House, str], world: str) -> None:
    selector = f"withdraw_{len(world)}"  # each learns its own
    example = ASYNCHRONOUS.replace("withdraw_", selector).replace("trio.run(main)", world, 1)
    told = run(served[0], f"import asyncio\n{example}")
    assert "candidate" in told
    assert "the answer is" in told
    assert f"{selector}" in told.splitlines()[-1], "the event says what was installed"


def test_over_tcp(served: tuple[House, str]) -> None:
    house, endpoint = served
    assert "KernelStatus(" in run(house, OVER_TCP.replace("tcp://kernel.example:5555", endpoint))


def test_both_clients_have_the_same_verbs_and_the_page_names_them() -> None:
    def verbs(kind: type) -> dict[str, str]:
        return {
            name: str(inspect.signature(method))
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    plain, asynchronous = verbs(client.Client), verbs(client.AsyncClient)
    assert plain.keys() == asynchronous.keys()
    events = {"events"}  # the one is entered with `with`, the other with `async with`
    assert {name: plain[name] for name in plain.keys() - events} == {
        name: asynchronous[name] for name in asynchronous.keys() - events
    }
    assert {name for name in plain if f"`{name}(" not in PAGE} == set()


def test_the_public_names_are_those_and_bring_no_image_along() -> None:
    assert client.__all__ == ["AsyncClient", "Client", "KeyPair", "local_endpoint", "read_pair"]
    foreign = "('ZODB', 'textual', 'libcst', 'numpy', 'battui.kernel', 'battui.image')"
    probe = f"import sys, battui.client; print([name for name in {foreign} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", probe], text=True) == "[]\n"


@pytest.mark.slow
def test_the_examples_are_typed(tmp_path: Path) -> None:
    """mypy, strict: for programs whose author relies on battui's types."""
    files = []
    for number, example in enumerate(EXAMPLES):
        files.append(tmp_path / f"example_{number}.py")
        files[-1].write_text(example)
    config = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache")]
    said, complained, code = api.run([*config, *map(str, files)])
    assert (code, complained) == (0, ""), said
