"""Opening, genesis, units of work, groups, history and undo, on real files."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from battui.contracts.errors import (
    Conflict,
    ImageDamaged,
    ImageInUse,
    ImageUnwritable,
    NotStorable,
    Refused,
    UnknownObject,
    UsageError,
)
from battui.image.history import list_history, take_back
from battui.image.image import Done, Image, Undone
from battui.image.models import ModelRecord, incarnate_model, list_models, model_files, sha256_of
from battui.image.objects import clone_of
from battui.image.storage import DATA_FILE
from battui.image.world import World

SEED_NAMES = {
    "traits_obj",
    "pLLM_obj",
    "genesis_obj",
    "memory_manager_obj",
    "knowledge_catalog_obj",
    "psm_prototypes_obj",
    "orchestrator_obj",
    "alfred_prototype_obj",
    "active_cycles",
}


NO_IMAGES = [b"this is no image", b"FS30" + b"\xff" * 200, b"FS21" + bytes(3), b"FS30" + bytes(5000)]


def make_account(world: World) -> None:
    world.bind("account", world.store(clone_of(world.root["genesis_obj"], {"balance": 100})))


def test_genesis_happens_once_and_makes_the_root_objects(tmp_path: Path) -> None:
    location = str(tmp_path / "image")
    with Image.open(location) as image:
        assert set(image.read(lambda world: list(world.root))) >= SEED_NAMES
        image.perform("make", make_account)
    with Image.open(location) as image:
        assert image.read(lambda world: world.lobby["account"].balance) == 100
        assert [entry.description for entry in list_history(image)].count("genesis") == 1


def test_an_image_has_one_owner(image: Image) -> None:
    with pytest.raises(ImageInUse, match="another process"):
        Image.open(image.location)


@pytest.mark.parametrize("content", NO_IMAGES)
def test_a_file_that_is_no_image_is_refused_and_left_as_it_was(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "image" / DATA_FILE
    file.parent.mkdir()
    file.write_bytes(content)
    # Twice: the first try must not leave the image locked.
    for _ in range(2):
        with pytest.raises(ImageDamaged, match="Nothing was changed"):
            Image.open(str(file.parent))
    assert file.read_bytes() == content


def test_an_image_is_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("notes")
    with pytest.raises(UsageError, match="folder"):
        Image.open(str(file))
    with pytest.raises(UnknownObject, match="no image"):
        Image.open(str(tmp_path / "none"), create=False)


def test_a_refused_unit_of_work_leaves_no_trace(image: Image) -> None:
    def half_done(world: World) -> None:
        make_account(world)
        raise NotStorable("no")

    before = len(list_history(image))
    with pytest.raises(NotStorable):
        image.perform("half", half_done)
    assert image.read(lambda world: "account" in world.lobby) is False
    assert len(list_history(image)) == before


def test_a_full_disk_is_an_error_with_a_remedy_and_loses_nothing(image: Image) -> None:
    image.perform("make", make_account)
    size = (Path(image.location) / DATA_FILE).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The operating system refuses to let the file grow, as it does on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, hard))
    try:
        with pytest.raises(ImageUnwritable, match="disk is full"):
            image.perform("write", lambda world: setattr(world.lobby["account"], "note", "x" * 10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert image.read(lambda world: dict(world.lobby["account"]._slots)["balance"]) == 100
    assert image.read(lambda world: "note" in world.lobby["account"]._slots) is False
    image.perform("write", lambda world: setattr(world.lobby["account"], "note", "x" * 10_000))
    assert image.read(lambda world: len(world.lobby["account"].note)) == 10_000


def test_a_group_is_one_transaction_and_refuses_jobs_one_by_one(image: Image) -> None:
    image.perform("make", make_account)
    before = len(list_history(image))

    def refuse(world: World) -> None:
        world.lobby["account"].balance = -1
        raise Refused("no overdraft")

    results = image.perform_group(
        [
            ("one", lambda world: setattr(world.lobby["account"], "a", 1)),
            ("bad", refuse),
            ("two", lambda world: setattr(world.lobby["account"], "b", 2)),
        ]
    )
    assert [type(result) for result in results] == [Done, Undone, Done]
    account = image.read(lambda world: dict(world.lobby["account"]._slots))
    assert (account["balance"], account["a"], account["b"]) == (100, 1, 2)
    assert len(list_history(image)) == before + 1


def test_undo_takes_back_one_transaction_and_keeps_later_ones(image: Image) -> None:
    image.perform("make", make_account)
    image.perform("name it", lambda world: setattr(world.lobby["account"], "owner", "Ada"))
    image.perform("pay in", lambda world: setattr(world.lobby["account"], "balance", 150))
    (named,) = [entry for entry in list_history(image) if entry.description == "name it"]
    take_back(image, named.transaction, "undo name it")
    account = image.read(lambda world: dict(world.lobby["account"]._slots))
    assert (account["balance"], "owner" in account) == (150, False)
    newest = list_history(image)[0]
    assert newest.description == "undo name it"
    take_back(image, newest.transaction, "redo name it")
    assert image.read(lambda world: world.lobby["account"].owner) == "Ada"


def test_undo_refuses_what_later_changes_build_on(image: Image) -> None:
    image.perform("make", make_account)
    image.perform("first", lambda world: setattr(world.lobby["account"], "balance", 1))
    image.perform("second", lambda world: setattr(world.lobby["account"], "balance", 2))
    (first,) = [entry for entry in list_history(image) if entry.description == "first"]
    with pytest.raises(Conflict, match="later changes"):
        take_back(image, first.transaction, "undo first")
    with pytest.raises(UnknownObject, match="no transaction"):
        take_back(image, "zzz", "undo nothing")
    assert image.read(lambda world: world.lobby["account"].balance) == 2


def test_history_of_one_object_lists_only_what_touched_it(image: Image) -> None:
    image.perform("make", make_account)
    image.perform("other", lambda world: world.bind("number", 3))
    image.perform("touch", lambda world: setattr(world.lobby["account"], "balance", 1))
    oid = image.read(lambda world: int.from_bytes(world.lobby["account"]._p_oid, "big"))
    assert [entry.description for entry in list_history(image, oid=oid)] == ["touch", "make"]


@pytest.mark.parametrize("consume", [False, True])
def test_a_model_becomes_a_blob_that_is_read_in_place(image: Image, tmp_path: Path, consume: bool) -> None:
    weights = tmp_path / "weights.gguf"
    weights.write_bytes(b"GGUF" + bytes(3_000_000))
    record = ModelRecord("tiny", "Tiny", "llama", "gguf", sha256_of(weights), weights.stat().st_size)
    seen: list[tuple[int, int]] = []
    incarnate_model(
        image,
        record,
        {"weights.gguf": weights},
        consume=consume,
        progress=lambda done, total: seen.append((done, total)),
    )
    files = image.read(model_files)
    assert files is not None
    assert sha256_of(Path(files.files["weights.gguf"])) == record.sha256
    assert list_models(image) == (record,)
    assert weights.exists() is not consume
    assert seen[-1][0] == seen[-1][1] == record.bytes


def test_an_unknown_model_is_named_with_those_there_are(image: Image) -> None:
    assert image.read(model_files) is None
    with pytest.raises(UnknownObject, match="It has: none"):
        image.read(lambda world: model_files(world, "gigantic"))
