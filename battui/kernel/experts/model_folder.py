"""A model's folder (EXL2, GPTQ or fp16 safetensors) brought into an image: checked first, then copied."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from battui.contracts.generation import ModelFiles
from battui.contracts.models import OnStep
from battui.engines.exllamav2_folder import CONFIG, files_in, read_json
from battui.image.image import Image
from battui.image.models import ModelRecord, sha256_of
from battui.kernel.experts.model_storing import store_model


def add_folder(image: Image, folder: Path, name: str, tell: OnStep) -> ModelRecord:
    """Copy the model in `folder` into the image as `name` and take it into use; the folder is left as it is. Blocks.

    Raises ModelUnavailable where it is no whole model, Refused where another one has the name, ImageUnwritable.
    """
    files = files_in(folder)
    record = _record(name, folder, files, tell)
    return store_model(image, record, files, tell)


def _record(name: str, folder: Path, files: Mapping[str, Path], tell: OnStep) -> ModelRecord:
    config = read_json(ModelFiles(str(folder), "", {CONFIG: str(files[CONFIG])}), CONFIG)
    return ModelRecord(
        name=name,
        title=folder.resolve().name,
        family=str(config.get("model_type") or "unknown"),
        format=form_of(config),
        sha256=sha256_of_all(files, tell),
        bytes=sum(path.stat().st_size for path in files.values()),
        context=_whole(config.get("max_position_embeddings")),
    )


def form_of(config: Mapping[str, Any]) -> str:
    """How the weights are stored."""
    return str((config.get("quantization_config") or {}).get("quant_method") or "safetensors")


def sha256_of_all(files: Mapping[str, Path], tell: OnStep) -> str:
    """One hash for all files: that of their names and hashes, in order of name."""
    digest, done = hashlib.sha256(), 0
    total = sum(path.stat().st_size for path in files.values())
    for name, path in sorted(files.items()):
        before = done

        def advance(part: int, _size: int, before: int = before) -> None:
            tell("check", before + part, total)

        digest.update(f"{name} {sha256_of(path, advance)}\n".encode())
        done += path.stat().st_size
    return digest.hexdigest()


def _whole(number: object) -> int:
    return number if isinstance(number, int) else 0
