"""A file from a web address comes whole or not at all, and what has come need not come twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from battui.contracts.errors import ImageUnwritable, ModelUnavailable, UsageError
from battui.engines import web_source
from battui.engines.web_source import ATTEMPTS, fetch, file_name, inside
from tests.file_server import FileServer, serving

DATA = bytes(range(256)) * 40
SHA256 = hashlib.sha256(DATA).hexdigest()
HALF = len(DATA) // 2


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(web_source, "BACKOFF_S", 0.0)
    with serving({"/a/model.gguf": DATA}) as server:
        yield server


def fetched(server: FileServer, folder: Path, **more: str) -> str:
    """Fetch; nothing but the file itself is left of it."""
    found = fetch(f"{server.address}/a/model.gguf", folder / "model.gguf", lambda *_: None, **more)
    assert [path.name for path in folder.iterdir()] == ["model.gguf"]
    assert (folder / "model.gguf").read_bytes() == server.files["/a/model.gguf"]
    return found


def test_a_file_comes_whole_with_its_hash_and_says_how_far_it_is(server: FileServer, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    found = fetch(
        f"{server.address}/a/model.gguf", tmp_path / "deep/model.gguf", lambda *step: told.append(step)
    )

    assert found == SHA256
    assert told[-1] == ("download", len(DATA), len(DATA))
    assert fetched(server, tmp_path / "deep", sha256=SHA256.upper()) == SHA256


def test_what_breaks_off_goes_on_where_it_was(server: FileServer, tmp_path: Path) -> None:
    server.breaks = [HALF, 10]

    assert fetched(server, tmp_path) == SHA256
    assert server.asked == ["", f"bytes={HALF}-", f"bytes={HALF + 10}-"]


def test_the_next_call_goes_on_where_the_last_one_gave_up(server: FileServer, tmp_path: Path) -> None:
    server.breaks = [HALF, *[0] * (ATTEMPTS - 1)]
    with pytest.raises(ModelUnavailable, match=r"broke off.*goes on where it stopped"):
        fetched(server, tmp_path)
    assert not (tmp_path / "model.gguf").exists()

    assert fetched(server, tmp_path) == SHA256
    assert server.asked[-1] == f"bytes={HALF}-"


def test_a_file_that_has_changed_meanwhile_begins_anew(server: FileServer, tmp_path: Path) -> None:
    server.breaks = [HALF, *[0] * (ATTEMPTS - 1)]
    with pytest.raises(ModelUnavailable):
        fetched(server, tmp_path)
    server.files["/a/model.gguf"] = DATA[::-1]

    assert fetched(server, tmp_path) == hashlib.sha256(DATA[::-1]).hexdigest()


def test_a_server_that_knows_no_parts_begins_anew(server: FileServer, tmp_path: Path) -> None:
    server.breaks, server.ranges = [HALF], False

    assert fetched(server, tmp_path) == SHA256


def test_a_busy_server_is_asked_again(server: FileServer, tmp_path: Path) -> None:
    server.statuses = [503, 429]

    assert fetched(server, tmp_path) == SHA256


def test_a_wrong_hash_leaves_nothing(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=SHA256):
        fetched(server, tmp_path, sha256="0" * 64)

    assert not list(tmp_path.iterdir())


def test_what_is_not_there_is_told_at_once(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="404"):
        fetch(f"{server.address}/nowhere", tmp_path / "x", lambda *_: None)

    assert len(server.asked) == 1


def test_nobody_there_is_told(tmp_path: Path, server: FileServer) -> None:
    with serving({}) as gone:
        pass
    with pytest.raises(ModelUnavailable, match="refused"):
        fetch(f"{gone.address}/x", tmp_path / "x", lambda *_: None)


def test_a_folder_that_cannot_be_written_is_told(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ImageUnwritable):
        fetch(f"{server.address}/a/model.gguf", tmp_path / "file" / "x", lambda *_: None)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.invalid/model.gguf",
        "http://127.0.0.1.example.invalid/model.gguf",
        "ftp://127.0.0.1/model.gguf",
        "file:///etc/passwd",
        "https://me:secret@example.invalid/model.gguf",
        "https:///model.gguf",
        "http://[::1/model.gguf",
    ],
)
def test_an_address_that_is_not_safe_is_not_asked(address: str, server: FileServer, tmp_path: Path) -> None:
    server.moved["/there"] = address
    with pytest.raises(UsageError):
        fetch(address, tmp_path / "x", lambda *_: None)
    with pytest.raises((UsageError, ModelUnavailable)):
        fetch(f"{server.address}/there", tmp_path / "x", lambda *_: None)
    assert server.asked == [""]


def test_a_safe_redirect_is_followed(server: FileServer, tmp_path: Path) -> None:
    server.moved["/there"] = f"{server.address}/a/model.gguf"
    server.breaks = [HALF]

    assert fetch(f"{server.address}/there", tmp_path / "x", lambda *_: None) == SHA256


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://host.invalid/a/small.gguf?download=true", "small.gguf"),
        ("https://host.invalid/a/Small%20one.gguf", "Small one.gguf"),
    ],
)
def test_files_are_called_after_their_address(address: str, name: str) -> None:
    assert file_name(address) == name


@pytest.mark.parametrize(
    "address", ["https://host.invalid/", "https://host.invalid", "https://host.invalid/%2e%2e"]
)
def test_an_address_without_a_file_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        file_name(address)


def test_a_file_in_a_folder_keeps_what_the_address_asks_for() -> None:
    assert inside("https://host.invalid/a/?v=1", "b.json") == "https://host.invalid/a/b.json?v=1"
