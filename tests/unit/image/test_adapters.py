"""Adapters in the image: blobs that are read in place, and a repository that keeps names apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from battui.contracts.errors import Refused, UnknownObject
from battui.image.adapters import (
    AdapterRecord,
    adapter_config,
    copy_adapters,
    incarnate_adapter,
    incarnate_shipped_adapter,
    list_adapters,
    remove_adapter,
)
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, model_files, sha256_of


def put(image: Image, folder: Path, name: str = "poet", weights: bytes = b"weights") -> AdapterRecord:
    folder.mkdir(exist_ok=True)
    files = {"adapter_config.json": folder / "c.json", "adapter_model.safetensors": folder / "w"}
    files["adapter_config.json"].write_bytes(b"{}")
    files["adapter_model.safetensors"].write_bytes(weights)
    return incarnate_adapter(
        image,
        name,
        files,
        base="tiny",
        base_sha256="abc",
        rank=4,
        config={"r": 4, "target_modules": ["q_proj"]},
    )


def own_model(image: Image, folder: Path, sha256: str) -> None:
    path = folder / "tiny.gguf"
    path.write_bytes(b"GGUF")
    record = ModelRecord("tiny", "Tiny", "llama", "gguf", sha256, 4)
    incarnate_model(image, record, {"tiny.gguf": path}, consume=False)


def test_an_adapter_becomes_blobs_with_its_model_in_use(image: Image, tmp_path: Path) -> None:
    own_model(image, tmp_path, "abc")
    record = put(image, tmp_path / "poet", weights=b"x" * 3_000_000)

    files = image.read(model_files)

    assert (record.rank, record.bytes, record.base) == (4, 3_000_002, "tiny")
    assert files is not None
    (adapter,) = files.adapters
    assert (adapter.name, adapter.sha256) == ("poet", record.sha256)
    assert sha256_of(Path(adapter.files["adapter_model.safetensors"])) == sha256_of(tmp_path / "poet" / "w")
    assert list_adapters(image) == (record,)
    assert adapter_config(image, "poet") == (record, {"r": 4, "target_modules": ["q_proj"]})


def test_an_adapter_of_another_model_stays_where_it_is(image: Image, tmp_path: Path) -> None:
    own_model(image, tmp_path, "another")
    put(image, tmp_path / "poet")

    files = image.read(model_files)

    assert files is not None
    assert files.adapters == ()


def test_the_same_adapter_is_there_once_and_another_is_refused(image: Image, tmp_path: Path) -> None:
    assert put(image, tmp_path / "poet") == put(image, tmp_path / "poet")

    with pytest.raises(Refused, match="another adapter has this name"):
        put(image, tmp_path / "poet", weights=b"others")

    assert len(list_adapters(image)) == 1


def test_a_removed_adapter_is_gone(image: Image, tmp_path: Path) -> None:
    put(image, tmp_path / "poet")
    put(image, tmp_path / "clerk", "clerk")

    remove_adapter(image, "poet")

    assert [record.name for record in list_adapters(image)] == ["clerk"]
    with pytest.raises(UnknownObject, match="It has: clerk"):
        adapter_config(image, "poet")
    with pytest.raises(UnknownObject, match="It has: clerk"):
        remove_adapter(image, "poet")


def test_a_failed_incarnation_leaves_nothing(image: Image, tmp_path: Path) -> None:
    present = tmp_path / "c.json"
    present.write_text("{}")
    files = {"adapter_config.json": present, "adapter_model.safetensors": tmp_path / "missing"}

    with pytest.raises(FileNotFoundError):
        incarnate_adapter(image, "poet", files, base="tiny", base_sha256="abc", rank=4, config={})

    assert list_adapters(image) == ()


def ship(image: Image, folder: Path, weights: bytes) -> tuple[AdapterRecord, ...]:
    path = folder / "shipped"
    path.write_bytes(weights)
    incarnate_shipped_adapter(image, "jit", {"w": path}, base="tiny", base_sha256="abc", rank=4, config={})
    return list_adapters(image)


def test_what_comes_with_battui_is_brought_once_and_renewed(image: Image, tmp_path: Path) -> None:
    (first,) = ship(image, tmp_path, b"old")
    before = image.read(lambda world: world.root["pLLM_obj"].lora_repository["jit"]._p_serial)
    assert ship(image, tmp_path, b"old") == (first,)
    assert image.read(lambda world: world.root["pLLM_obj"].lora_repository["jit"]._p_serial) == before

    (newer,) = ship(image, tmp_path, b"newer")

    assert newer.sha256 != first.sha256


def test_a_users_own_adapter_keeps_its_name(image: Image, tmp_path: Path) -> None:
    own = put(image, tmp_path / "own", name="jit")
    assert ship(image, tmp_path, b"old") == (own,)


def test_what_was_removed_does_not_come_back(image: Image, tmp_path: Path) -> None:
    ship(image, tmp_path, b"old")
    remove_adapter(image, "jit")
    assert ship(image, tmp_path, b"newer") == ()


def test_a_copy_has_the_adapters_of_its_model_and_not_what_was_removed(image: Image, tmp_path: Path) -> None:
    """What measures on a copy of an image measures with the same experts."""
    record = put(image, tmp_path / "poet")
    ship(image, tmp_path, b"old")
    remove_adapter(image, "jit")
    with Image.open(str(tmp_path / "copy")) as copy:
        copy_adapters(image, copy, "another model")
        assert list_adapters(copy) == ()
        copy_adapters(image, copy, "abc")

        assert list_adapters(copy) == (record,)
        assert adapter_config(copy, "poet") == adapter_config(image, "poet")
        assert ship(copy, tmp_path, b"old") == (record,)
