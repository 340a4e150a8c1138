"""`battui model pull ADDRESS` and `battui adapter pull ADDRESS`, from a real server on loopback."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, sha256_of
from tests import tiny_bert
from tests.file_server import serving
from tests.functional.command_line.conftest import Battui
from tests.functional.memory_bench import Q_ONLY, SCRIPT, SMALL
from tests.peft_adapters import make_adapter


@pytest.fixture
def at(tmp_path: Path) -> tuple[str, str]:
    return ("--image", str(tmp_path / "image"))


def test_a_model_is_pulled_from_an_address(battui: Battui, at: tuple[str, str], tmp_path: Path) -> None:
    data = tiny_bert.write(tmp_path / "bert.gguf", tiny_bert.weights()).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    with serving({"/models/Tiny-Bert.gguf": data, "/page.gguf": b"<html>sign in</html>"}) as server:
        server.breaks = [len(data) // 2]
        address = f"{server.address}/models/Tiny-Bert.gguf"

        wrong = battui("model", "pull", address, "--sha256", "0" * 64, *at)
        done = battui("model", "pull", address, "--sha256", digest, *at)
        again = battui("model", "pull", address, *at)
        page = battui("model", "pull", f"{server.address}/page.gguf", *at)

    assert (wrong.code, digest in wrong.err) == (3, True)
    assert (done.code, "tiny-bert is now in the image" in done.out) == (0, True), done
    assert f"sha256 {digest}" in done.out
    assert "downloading" in done.err
    assert (again.code, "already in the image" in again.out) == (0, True)
    assert (page.code, "GGUF" in page.err) == (3, True)
    assert not list(tmp_path.rglob("downloads/*")), "nothing is left of what the image has or refused"
    assert "tiny-bert" in battui("model", "list", *at).out


def test_an_adapter_is_pulled_from_the_folder_at_an_address(
    battui: Battui, at: tuple[str, str], tmp_path: Path
) -> None:
    with Image.open(at[1]) as image:
        file = tmp_path / "script.toml"
        file.write_text(SCRIPT)
        record = ModelRecord("script", "Script", "script", "scripted", sha256_of(file), file.stat().st_size)
        incarnate_model(image, record, {file.name: file}, consume=False)
    poet = make_adapter(tmp_path / "made", SMALL, seed=1, targets=Q_ONLY)
    folder = "/somebody/Poet/resolve/main"
    files = {f"{folder}/{name}": Path(path).read_bytes() for name, path in poet.files.items()}
    with serving(files) as server:
        done = battui("adapter", "pull", f"{server.address}{folder}", *at)
        nowhere = battui("adapter", "pull", f"{server.address}/nowhere", *at)

    assert (done.code, "poet is now in the image" in done.out) == (0, True), done
    assert (nowhere.code, "404" in nowhere.err) == (3, True)
    assert "poet  cold  for script" in battui("adapter", "list", *at).out


def test_only_safe_addresses_are_asked(battui: Battui, at: tuple[str, str]) -> None:
    for kind in ("model", "adapter"):
        refused = battui(kind, "pull", "http://example.invalid/x.gguf", *at)
        assert (refused.code, "https://" in refused.err) == (2, True), refused
