"""Models in the image: one is in use, another can be, and a removed one is in use no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from battui.contracts.errors import UnknownObject
from battui.image.image import Image
from battui.image.models import (
    ModelRecord,
    incarnate_model,
    list_models,
    model_files,
    remove_model,
    use_model,
)


@pytest.fixture
def two(image: Image, tmp_path: Path) -> Image:
    """An image with two models, of which the second is in use."""
    for name in ("first", "second"):
        file = tmp_path / name
        file.write_text(name)
        incarnate_model(image, ModelRecord(name, name, "llama", "gguf", name, 5), {name: file}, consume=False)
    return image


def used(image: Image) -> str:
    files = image.read(model_files)
    return files.name if files else ""


def test_the_one_in_use_can_be_another(two: Image) -> None:
    assert used(two) == "second"

    assert use_model(two, "first").name == "first"

    assert used(two) == "first"
    assert [record.name for record in list_models(two)] == ["first", "second"]
    with pytest.raises(UnknownObject, match="It has: first, second"):
        use_model(two, "third")


def test_a_removed_model_is_in_use_no_longer(two: Image) -> None:
    assert not remove_model(two, "first")
    assert used(two) == "second"

    assert remove_model(two, "second")

    assert used(two) == ""
    with pytest.raises(UnknownObject, match="It has: none"):
        remove_model(two, "second")
