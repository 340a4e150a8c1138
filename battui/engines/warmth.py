"""The form in which an engine reads an adapter, kept in RAM: the warm tier between the blob and the engine."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from battui.contracts.generation import AdapterFiles, ModelFiles
from battui.engines.gguf import Header, read_header
from battui.engines.gguf_lora import converted
from battui.engines.peft import read_adapter

CHUNK = 8 << 20
CONVERTED = "adapters"  # the folder of the cache, as the engine in its process looks for it


@dataclass(eq=False)
class Warmth:
    """One file, mapped and read once, so that its pages are in RAM; the system takes them back only in need."""

    path: Path
    bytes: int
    _pages: mmap.mmap

    def cool(self) -> None:
        """Let the pages go; the file stays where it is."""
        self._pages.close()
        with suppress(FileNotFoundError), self.path.open("rb") as file:  # anybody may empty the cache
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def warm(engine: str, adapter: AdapterFiles, model: ModelFiles, cache: str) -> Warmth:
    """Judge an adapter, bring it into the form that `engine` reads, and read that into RAM. Blocks.

    Raises ModelUnavailable where the adapter is damaged or does not fit the model, EngineFailed where the cache
    cannot be written.
    """
    path = _form(engine, adapter, model, cache)
    with path.open("rb") as file:
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        buffer = bytearray(CHUNK)
        while file.readinto(buffer):
            pass
    return Warmth(path, len(pages), pages)


def _form(engine: str, adapter: AdapterFiles, model: ModelFiles, cache: str) -> Path:
    parts = sorted(path for name, path in model.files.items() if name.endswith(".gguf"))
    if engine != "llama.cpp" or not parts:
        return read_adapter(adapter).weights
    return converted(adapter, _header(parts[0]), Path(cache) / CONVERTED)


@lru_cache(maxsize=4)
def _header(path: str) -> Header:
    # Committed files of an image never change, and each has a name of its own.
    return read_header(Path(path))
