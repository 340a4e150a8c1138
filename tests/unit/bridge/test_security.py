"""Who is refused: other users, strangers' keys, small roles, places that others could use. And that it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trio
import zmq

from battui.bridge.client import AsyncClient, KeyPair
from battui.bridge.endpoint import is_alive, prepare_folder, socket_path
from battui.bridge.frames import Ping
from battui.bridge.keys import AllowList, Client, new_pair, read_pair, server_pair, write_pair
from battui.contracts import commands as c
from battui.contracts.errors import Refused, Unreachable, UsageError
from battui.contracts.replies import Answer
from tests.unit.bridge.raw_client import raw_client
from tests.unit.bridge.small_bridge import Running, small_bridge

SLOT = c.Path(("a", "b"))
TCP = "tcp://127.0.0.1:*"


def let_in(keys: Path, name: str, role: str) -> KeyPair:
    pair = new_pair(server_pair(keys).public)
    AllowList(keys).add(Client(name, pair.public, role))  # type: ignore[arg-type]
    return pair


def client(running: Running, key: KeyPair | None) -> AsyncClient:
    return AsyncClient(running.bridge.tcp, key=key, patience=20.0)


async def test_a_key_on_the_list_opens_the_door_and_its_role_what_is_behind(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    sender, reader = let_in(keys, "sender", "send"), let_in(keys, "reader", "read")
    async with small_bridge(tcp=TCP, keys=keys) as running:
        async with client(running, sender) as sending:
            assert await sending.submit(c.Write(SLOT, 1)) == Answer(1, "written")
            with pytest.raises(Refused, match="administer"):
                await sending.submit(c.Undo("m1"))
            with pytest.raises(Refused):
                await sending.stop()
        async with client(running, reader) as reading:
            assert (await reading.submit(c.ShowStatus())) == Answer("status")
            with pytest.raises(Refused, match="'send'"):
                await reading.submit(c.Write(SLOT, 1))
            with pytest.raises(Refused):
                await reading.submit(c.ApproveMission("m1"))
    assert "reader with the role read was refused: Once" in running.announced
    assert "sender with the role send was refused: stop" in running.announced
    assert [type(each) for each in running.portal.commands] == [c.Once, c.ShowStatus]


async def test_nobody_listens_on_tcp_before_somebody_has_a_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nobody has a key"):
        async with small_bridge(tcp=TCP, keys=tmp_path / "keys"):
            pass


@pytest.mark.parametrize("kind", ["a stranger's key", "no key", "another kernel's key"])
async def test_who_has_no_key_is_refused(tmp_path: Path, kind: str) -> None:
    keys = tmp_path / "keys"
    known = let_in(keys, "known", "administer")
    server = server_pair(keys).public
    wrong = {
        "a stranger's key": new_pair(server),
        "no key": None,
        "another kernel's key": KeyPair(known.public, known.secret, new_pair().public),
    }[kind]
    async with small_bridge(tcp=TCP, keys=keys) as running:
        if wrong is None:
            with pytest.raises(UsageError, match="needs a key"):
                async with client(running, None):
                    pytest.fail("came in without a key")
            assert not await _answered(running.bridge.tcp)
        else:
            with pytest.raises(Unreachable):
                async with AsyncClient(running.bridge.tcp, key=wrong, patience=1.0):
                    pytest.fail("came in with a wrong key")
        async with client(running, known) as honest:
            assert await honest.ping(b"x") == b"x"
    assert running.portal.commands == []
    if kind == "a stranger's key":
        assert "refused: its key is not on the list" in running.announced[0]


async def _answered(endpoint: str) -> bool:
    """Whether a socket that knows nothing of keys gets an answer within a while."""
    async with raw_client(endpoint) as stranger:
        with trio.move_on_after(0.5) as waited:
            await stranger.ask(1, Ping())
            await stranger.hear()
    return not waited.cancelled_caught


async def test_who_is_taken_off_the_list_is_refused_at_once(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    pair = let_in(keys, "laptop", "send")
    async with small_bridge(tcp=TCP, keys=keys) as running, client(running, pair) as laptop:
        await laptop.ping()
        AllowList(keys).remove("laptop")
        with trio.move_on_after(0.3) as waited:
            await laptop.ping()
        assert waited.cancelled_caught
        assert "laptop was refused: it is no longer on the list" in running.announced


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
async def test_another_local_user_is_refused_even_where_the_folder_was_opened_to_him(tmp_path: Path) -> None:
    async with small_bridge() as running:
        for place in (running.path, running.path.parent, running.path.parent.parent):
            place.chmod(0o777)
        knock = (
            "import os, sys, zmq; s = zmq.Context().socket(zmq.DEALER); os.setuid(65534);"
            f"s.connect({running.endpoint!r}); s.send(b'x'); sys.exit(3 if s.poll(1500) else 0)"
        )
        code = await trio.run_process([sys.executable, "-c", knock], check=False, stderr=subprocess.DEVNULL)
        assert code.returncode == 0, "he was answered"
        assert any("refused: user 65534" in line for line in running.announced), running.announced


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "bridge"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(Unreachable, match=f"mode {mode:o}"):
        prepare_folder(folder / "kernel.ipc")


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(Unreachable, match="is none"):
        prepare_folder(tmp_path / "link" / "kernel.ipc")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bridge"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    with pytest.raises(Unreachable, match="belongs to user 65534"):
        prepare_folder(folder / "kernel.ipc")


async def test_the_socket_is_its_owners_alone_and_goes_with_the_bridge() -> None:
    async with small_bridge() as running:
        assert running.path.stat().st_mode & 0o777 == 0o600
        assert running.path.parent.stat().st_mode & 0o777 == 0o700
        assert is_alive(running.path)
        running.bridge.withdraw()
        assert not is_alive(running.path)
    assert not running.path.exists()


def test_what_a_killed_kernel_left_is_not_alive(tmp_path: Path) -> None:
    place = Path(os.path.relpath(tmp_path)) / "b" / "kernel.ipc"
    prepare_folder(place)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    bound = context.socket(zmq.ROUTER)
    bound.bind(f"ipc://{place}")
    assert is_alive(place)
    context.destroy(linger=0)
    assert place.exists()
    assert not is_alive(place)


def test_each_image_has_its_socket_however_it_is_spelt(tmp_path: Path) -> None:
    state = Path("/state")
    here = socket_path(str(tmp_path / "image"), state)
    assert here == socket_path(str(tmp_path / "x" / ".." / "image"), state)
    assert here != socket_path(str(tmp_path / "other"), state)
    assert socket_path("zeo://host", state).parent == state / "bridge"
    assert len(str(socket_path("image", Path("/" + "long" * 50)))) < 100


def test_keys_are_kept_from_others(tmp_path: Path) -> None:
    pair = new_pair("server")
    file = tmp_path / "new" / "laptop.key"
    write_pair(file, pair)
    assert (read_pair(file), file.stat().st_mode & 0o777) == (pair, 0o600)
    with pytest.raises(Refused, match="already"):
        write_pair(file, pair)
    file.chmod(0o644)
    with pytest.raises(Unreachable, match="others"):
        read_pair(file)


@pytest.mark.parametrize(
    "text", ["no toml", '[a]\nrole = "king"', '[a]\nrole = "read"\npublic = "short"', "a = 1"], ids=repr
)
async def test_a_list_that_cannot_be_read_lets_nobody_in(tmp_path: Path, text: str) -> None:
    keys = tmp_path / "keys"
    pair = let_in(keys, "known", "read")
    async with small_bridge(tcp=TCP, keys=keys) as running:
        (keys / "clients.toml").write_text(text)
        with pytest.raises(Unreachable):
            async with AsyncClient(running.bridge.tcp, key=pair, patience=1.0):
                pytest.fail("came in past an unreadable list")
    assert running.announced


def test_the_list_knows_each_client_once(tmp_path: Path) -> None:
    allowed, pair = AllowList(tmp_path), new_pair()
    allowed.add(Client("laptop", pair.public, "read"))
    for again in (Client("laptop", new_pair().public, "read"), Client("other", pair.public, "read")):
        with pytest.raises(Refused):
            allowed.add(again)
    for wrong in (Client("no name", new_pair().public, "read"), Client("x", "no key", "read")):
        with pytest.raises(UsageError):
            allowed.add(wrong)
    allowed.remove("laptop")
    assert dict(allowed.clients()) == {}
    with pytest.raises(Refused):
        allowed.remove("laptop")
