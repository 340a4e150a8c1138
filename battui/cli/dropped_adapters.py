"""Adapters that lie about and are in no image yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from battui.contracts.resources import folder
from battui.contracts.settings import Settings
from battui.engines.peft import CONFIG, EXPERT
from battui.kernel.experts.incarnation import name_after

DROPPED = "adapters"


def dropped(settings: Settings, names: frozenset[str]) -> Iterator[Path]:
    """Folders with an adapter that nobody has added: in the data folder, and beside battui's own.

    Battui's own experts come into an image by themselves.
    """
    own = folder(DROPPED)
    for place in (settings.data_dir / DROPPED, own):
        for config in sorted(place.glob(f"*/{CONFIG}")):
            shipped = place == own and (config.parent / EXPERT).exists()
            if not shipped and name_after(config.parent.name) not in names:
                yield config.parent
