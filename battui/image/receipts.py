"""Receipts: which keyed commands have been done, kept in the metadata of the very transactions that did them.

Metadata costs no object and no index, so it can neither conflict with anything nor stand in the way of an undo. It
goes when the image is packed, and with storages that keep no history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from battui.contracts.values import Ref, Value
from battui.image.image import Image
from battui.image.world import World

RECEIPTS = "receipts"
MAX_KEY = 64
"""Characters of a key."""
MOST_KEPT = 240
"""Characters of an answer that is kept; FileStorage has room for 64 KiB of metadata in a transaction."""
LOOKED_THROUGH = 20_000
"""Transactions, the newest first, in which a new kernel looks for receipts."""
TOO_LONG = "done; its answer was too long to be kept"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command came to: its answer, or the mission and the number under which its message was parked.

    `digest` tells whether a key is used again for the same command.
    """

    digest: str
    value: Value = None
    text: str = ""
    mission: str = ""
    number: int = -1
    learned: bool = False


def note_receipt(world: World, key: str, receipt: Receipt) -> None:
    """Commit the receipt with the running transaction."""
    noted = dict(world.transaction.extension.get(RECEIPTS, {}))
    noted[key] = _kept(receipt)
    world.transaction.setExtendedInfo(RECEIPTS, noted)


def receipts_of(image: Image) -> dict[str, Receipt]:
    """The receipts of the newest transactions."""
    if not image.database.supportsUndo():
        return {}
    found: dict[str, Receipt] = {}
    for item in image.database.undoInfo(0, -LOOKED_THROUGH):
        found |= dict(_read(item.get(RECEIPTS)))
    return found


def _kept(receipt: Receipt) -> tuple[object, ...]:
    fits = len(repr(receipt.value)) <= MOST_KEPT and len(receipt.text) <= MOST_KEPT
    value, text = (_plain(receipt.value), receipt.text) if fits else (None, TOO_LONG)
    return (receipt.digest, value, text, receipt.mission, receipt.number, receipt.learned)


def _read(noted: object) -> Iterator[tuple[str, Receipt]]:
    if isinstance(noted, dict):
        for key, (digest, value, text, mission, number, learned) in noted.items():
            yield key, Receipt(digest, _value(value), text, mission, number, learned)


def _plain(value: Value) -> Any:
    """The value without a class of battui's, which metadata should outlive; no value is a tuple by itself."""
    if isinstance(value, Ref):
        return (value.oid,)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _value(plain: Any) -> Value:
    if isinstance(plain, tuple):
        return Ref(plain[0])
    if isinstance(plain, list):
        return [_value(item) for item in plain]
    if isinstance(plain, dict):
        return {key: _value(item) for key, item in plain.items()}
    kept: Value = plain
    return kept
