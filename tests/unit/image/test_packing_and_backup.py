"""An image that forgets, an image that is copied, and an image that is looked at beside its owner."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from battui.contracts.errors import ImageInUse, Refused, UnknownObject
from battui.image.backup import back_up
from battui.image.history import list_history
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, model_files
from battui.image.packing import pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An image with a number that was written often, and a model's blob."""
    place = tmp_path / "image"
    weights = tmp_path / "weights"
    weights.write_bytes(b"weights" * 1000)
    record = ModelRecord("own", "Own", "script", "scripted", "0" * 64, weights.stat().st_size)
    with Image.open(str(place)) as image:
        incarnate_model(image, record, {"weights": weights}, consume=False)
        for number in range(30):
            _write(image, number)
    return place


def _write(image: Image, number: int) -> None:
    image.perform(f"write {number}", lambda world: world.bind("number", number))


def _number(image: Image) -> object:
    return image.read(lambda world: world.lobby["number"])


def test_a_packed_image_is_smaller_has_no_past_and_no_copy_of_it(folder: Path) -> None:
    with Image.open(str(folder)) as image:
        before, after = pack(image, 0.0)
        assert after < before
        assert _number(image) == 29
        assert len(list_history(image, 1000)) < 30
        _write(image, 30)
    assert not list(folder.glob("*.old"))
    with Image.open(str(folder)) as image:
        assert _number(image) == 30
        assert image.read(model_files) is not None


def test_what_is_younger_stays(folder: Path) -> None:
    with Image.open(str(folder)) as image:
        pack(image, 1.0)
        assert len(list_history(image, 1000)) >= 30


def test_a_backup_is_the_image_with_its_past_and_its_blobs_while_it_is_worked_on(
    folder: Path, tmp_path: Path
) -> None:
    with Image.open(str(folder)) as image:
        size = back_up(str(folder), tmp_path / "copy")
        _write(image, 99)
        past = [entry.description for entry in list_history(image, 1000)][1:]
    assert size > 0
    with Image.open(str(tmp_path / "copy")) as copy:
        assert _number(copy) == 29
        assert [entry.description for entry in list_history(copy, 1000)] == past
        files = copy.read(model_files)
        assert files is not None
        assert Path(files.files["weights"]).read_bytes() == b"weights" * 1000
        assert str(tmp_path / "copy") in files.files["weights"]
        _write(copy, 100)


def test_an_image_and_its_backup_are_their_owners_alone(tmp_path: Path) -> None:
    Image.open(str(tmp_path / "image")).close()
    back_up(str(tmp_path / "image"), tmp_path / "copy")
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("image", "copy")} == {0o700}


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o770)
    Image.open(str(shared)).close()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o770


def test_a_backup_overwrites_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    with pytest.raises(Refused, match="there already"):
        back_up(str(folder), tmp_path / "copy")
    with pytest.raises(UnknownObject):
        back_up(str(tmp_path / "nowhere"), tmp_path / "other")
    with pytest.raises(Refused, match="server"):
        back_up("zeo://localhost:9999", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_an_image_is_looked_at_beside_its_owner_as_it_was(folder: Path) -> None:
    with Image.open(str(folder)) as owner:
        with pytest.raises(ImageInUse):
            Image.open(str(folder))
        with Image.look(str(folder)) as looking:
            _write(owner, 77)
            assert _number(looking) == 29
        with Image.look(str(folder)) as looking:
            assert _number(looking) == 77


def test_to_look_at_no_image_makes_none(tmp_path: Path) -> None:
    with pytest.raises(UnknownObject):
        Image.look(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
