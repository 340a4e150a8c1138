"""A model's folder as exllamav2 is to find it: the weights and nothing beside them, and a clear configuration.

The library reads every safetensors file of a folder, takes a pickle before anything else, and passes over what it
does not know of a configuration. So it never sees the folder that a person has: it gets one of links, made for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from battui.contracts.errors import ModelUnavailable
from battui.contracts.generation import ModelFiles

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_model.safetensors"
MAX_CONFIG = 1 << 22
QUANTIZATIONS = frozenset({"exl2", "gptq"})
BESIDE = (
    "tokenizer_config.json",
    "generation_config.json",
    "added_tokens.json",
    "chat_template.jinja",
    "special_tokens_map.json",
)


def is_model_folder(files: Mapping[str, str]) -> bool:
    """Whether these are the files of such a model, rather than one file that is all of it."""
    return CONFIG in files


def files_in(folder: Path) -> dict[str, Path]:
    """The files of the model in `folder` that count, by name; pickles and whatever else lies there do not.

    Raises ModelUnavailable where it is no whole model of a kind that exllamav2 reads.
    """
    there = {path.name: str(path) for path in sorted(folder.iterdir()) if path.is_file()}
    model = ModelFiles(str(folder), "", there)
    require_whole(model)
    mended(read_json(model, CONFIG), model.name)
    wanted = (CONFIG, TOKENIZER, INDEX, *BESIDE, *weights_of(model))
    return {name: Path(there[name]) for name in wanted if name in there}


def require_whole(model: ModelFiles) -> None:
    """Raise ModelUnavailable where the model's configuration or tokenizer is missing."""
    for name in (CONFIG, TOKENIZER):
        if name not in model.files:
            remedy = f"exllamav2 needs a model's whole folder, with its {name}."
            raise ModelUnavailable(f"the model has no {name}", about=model.name, remedy=remedy)


def weights_of(model: ModelFiles) -> list[str]:
    """The names of the files with the model's weights: those of its index, or where it has none, all there are.

    Raises ModelUnavailable where one is missing or damaged.
    """
    found = sorted(name for name in model.files if name.endswith(".safetensors") and name != ADAPTER)
    if INDEX in model.files:
        table = read_json(model, INDEX).get("weight_map")
        found = sorted(set(map(str, table.values()))) if isinstance(table, dict) else []
    if not found:
        pickled = any(name.endswith((".bin", ".pt", ".pth")) for name in model.files)
        remedy = "A pickle is never opened; convert it to safetensors." if pickled else ""
        raise ModelUnavailable("the model has no .safetensors file", about=model.name, remedy=remedy)
    for name in found:
        _check(model, name)
    return found


def lay_out(model: ModelFiles, folder: Path) -> None:
    """Fill `folder` with links to the model's files, and with its configuration as the library has to have it.

    Raises ModelUnavailable where the model is not whole or not of a kind that the library reads.
    """
    require_whole(model)
    config = mended(read_json(model, CONFIG), model.name)
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    for name in (TOKENIZER, *weights_of(model), *BESIDE):
        if name in model.files:
            (folder / name).symlink_to(Path(model.files[name]).absolute())


def mended(config: Mapping[str, Any], about: str) -> dict[str, Any]:
    """The configuration with what newer versions of transformers call otherwise under the names that are read.

    With `rope_parameters` alone the library would take a rope theta of 10000 and say nothing. Raises ModelUnavailable
    where it could not be told what the model needs.
    """
    fixed = dict(config)
    method = (config.get("quantization_config") or {}).get("quant_method", "")
    if method and method not in QUANTIZATIONS:
        raise ModelUnavailable(
            f"its weights are quantized with {method}",
            about=about,
            remedy="exllamav2 reads EXL2, GPTQ and fp16.",
        )
    if len(config.get("architectures") or ()) != 1:
        raise ModelUnavailable(f"its {CONFIG} names no architecture", about=about)
    rope = config.get("rope_parameters")
    if isinstance(rope, dict) and rope:
        if any(isinstance(value, dict) for value in rope.values()):
            raise ModelUnavailable("its layers have rotary embeddings of several kinds", about=about)
        if "rope_theta" in rope:
            fixed["rope_theta"] = rope["rope_theta"]
        scaling = {key: value for key, value in rope.items() if key not in ("rope_theta", "type")}
        if scaling.get("rope_type", "default") != "default":
            fixed["rope_scaling"] = scaling
    return fixed


def read_json(model: ModelFiles, name: str) -> dict[str, Any]:
    """One of the model's JSON files; raises ModelUnavailable where it is none."""
    try:
        with Path(model.files[name]).open("rb") as file:
            found = json.loads(file.read(MAX_CONFIG))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelUnavailable(f"its {name} cannot be read ({error})", about=model.name) from error
    if not isinstance(found, dict):
        raise ModelUnavailable(f"its {name} is no table", about=model.name)
    return found


def _check(model: ModelFiles, name: str) -> None:
    if name not in model.files:
        raise ModelUnavailable(f"the model has no {name}, which its index names", about=model.name)
    try:
        with safe_open(model.files[name], "numpy") as checked:
            checked.keys()
    except (OSError, SafetensorError) as error:
        raise ModelUnavailable(f"its {name} is cut off or damaged ({error})", about=model.name) from error
