"""Personas and experts that come with battui: brought into an image, and found again among a model's adapters."""

from __future__ import annotations

import json
import tomllib
from functools import lru_cache
from pathlib import Path

from battui.contracts.generation import AdapterFiles, ModelFiles
from battui.contracts.resources import folder
from battui.contracts.values import storable
from battui.engines.peft import CONFIG, EXPERT, WEIGHTS, files_of, read_adapter
from battui.image.adapters import incarnate_shipped_adapter
from battui.image.image import Image
from battui.mind.method_form import MethodExpert, MethodForm, read_form
from battui.mind.personas import keep_shipped


def incarnate_shipped(image: Image) -> None:
    """Give the image the personas and adapters that come with battui, unless it has them or has removed them."""
    keep_shipped(image)
    for path in sorted(folder("adapters").glob(f"*/{EXPERT}")):
        if (path.parent / WEIGHTS).is_file():
            _incarnate(image, path.parent)


def method_expert(model: ModelFiles | None, name: str) -> MethodExpert | None:
    """The adapter `name` as the writer of methods; None where the model in use has no such expert."""
    for adapter in model.adapters if model else ():
        if adapter.name == name and EXPERT in adapter.files:
            return MethodExpert(name, _form(adapter.files[EXPERT]))
    return None


def _incarnate(image: Image, path: Path) -> None:
    files = files_of(path)
    adapter = AdapterFiles(path.name, "", {name: str(place) for name, place in files.items()})
    base = tomllib.loads(files[EXPERT].read_text("utf-8"))["base"]
    incarnate_shipped_adapter(
        image,
        path.name,
        files,
        base=base["name"],
        base_sha256=base["sha256"],
        rank=read_adapter(adapter).rank,
        config=storable(json.loads(files[CONFIG].read_text("utf-8")), about=str(files[CONFIG])),
    )


@lru_cache(maxsize=8)
def _form(path: str) -> MethodForm:
    # Committed files of an image never change, and each has a name of its own.
    return read_form(Path(path).read_bytes(), about=path)
