"""LoRA adapters in exllamav2: judged before the library sees them, and with nothing left behind when it fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from battui.contracts.generation import AdapterFiles, AdapterUse
from battui.engines.exllamav2_library import Library
from battui.engines.peft import CONFIG, WEIGHTS, PeftAdapter, read_adapter, refusal

LAYERS = "model.layers."


class Adapters:
    """The adapters of a loaded model. `folder` is for links to their files: the library wants a folder for each."""

    def __init__(self, library: Library, model: Any, folder: Path) -> None:
        self._library = library
        self._model = model
        self._folder = folder
        self._places: dict[str, Path] = {}
        self._loaded: dict[str, tuple[float, Any]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """In the order in which they were added."""
        return tuple(self._places)

    def add(self, adapter: AdapterFiles) -> None:
        """Judge an adapter and load it at scale 1. Raises ModelUnavailable where it is damaged or does not fit."""
        fit(read_adapter(adapter), self._model.modules_dict, adapter.name)
        place = self._folder / f"{len(self._places)}-{adapter.name}"
        place.mkdir()
        for name in (CONFIG, WEIGHTS):
            (place / name).symlink_to(Path(adapter.files[name]).absolute())
        self._loaded[adapter.name] = (1.0, self._load(place, 1.0, adapter.name))
        self._places[adapter.name] = place

    def at(self, use: AdapterUse | None) -> Any | None:
        """The library's adapter for a request, None for none.

        The scale is multiplied into the weights as they are loaded, so there is one of each adapter at a time.
        """
        if use is None or use.scale == 0.0:
            return None
        scale, lora = self._loaded[use.name]
        if scale != use.scale:
            fresh = self._load(self._places[use.name], use.scale, use.name)
            lora.unload()
            self._loaded[use.name] = (use.scale, fresh)
            return fresh
        return lora

    def unload(self) -> None:
        """Let all of them go."""
        for _, lora in self._loaded.values():
            lora.unload()
        self._loaded.clear()
        self._places.clear()

    def _load(self, place: Path, scale: float, name: str) -> Any:
        try:
            return self._library.exllamav2.ExLlamaV2Lora.from_directory(self._model, str(place), scale)
        except Exception as error:
            self._sweep()
            raise refusal(f"exllamav2 cannot load it ({error})", name) from error

    def _sweep(self) -> None:
        """Take out what a failed load has left: each module holds the tensors that it got before the failure."""
        known = {id(lora) for _, lora in self._loaded.values()}
        for module in self._model.modules_dict.values():
            for held in (getattr(module, "lora_a_tensors", {}), getattr(module, "lora_b_tensors", {})):
                for stray in [lora for lora in held if id(lora) not in known]:
                    del held[stray]
        self._model.update_loras()


def fit(adapter: PeftAdapter, modules: Mapping[str, Any], about: str) -> None:
    """Raise ModelUnavailable where the adapter was made for another model than the one with these modules."""
    for name, pair in adapter.pairs.items():
        module = modules.get(name) if name.startswith(LAYERS) else None
        if module is None or not hasattr(module, "in_features"):
            raise refusal(f"exllamav2 has no place for its {name}", about)
        wanted = (module.out_features, module.in_features)
        if (pair.b.shape[0], pair.a.shape[1]) != wanted:
            found = f"{pair.b.shape[0]} by {pair.a.shape[1]}"
            raise refusal(
                f"it was made for another model: its {name} is {found}, the model's {wanted[0]} by {wanted[1]}",
                about,
            )
