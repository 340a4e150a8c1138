"""Time: which transactions made the image what it is, and how to take one back."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode

from ZODB.POSException import ConflictError, POSKeyError, UndoError
from ZODB.TimeStamp import TimeStamp

from battui.contracts.errors import Conflict, Refused, UnknownObject
from battui.contracts.replies import HistoryEntry
from battui.image.image import MISSION_KEY, Image
from battui.image.naming import naming_of
from battui.image.world import World


def list_history(image: Image, limit: int = 50, oid: int | None = None) -> tuple[HistoryEntry, ...]:
    """The newest transactions first; with `oid`, only those that changed that object."""
    if oid is None:
        return tuple(_entry(b64decode(item["id"]), item) for item in image.database.undoInfo(0, -limit))
    revisions = image.database.history(oid.to_bytes(8, "big"), size=limit) or ()
    return tuple(_entry(item["tid"], item) for item in revisions)


def take_back(image: Image, transaction_id: str, note: str, *, mission: str = "") -> None:
    """Undo one transaction by a new one, which can be undone in its turn.

    Later changes of other slots stay. Raises UnknownObject for an id that is none, and Conflict where a later
    transaction changed the same slots.
    """
    try:
        tid = binascii.unhexlify(transaction_id)
    except ValueError:
        tid = b""
    if len(tid) != 8:
        raise UnknownObject(
            "this is no transaction", about=transaction_id, remedy="List them with: battui history"
        )
    if not image.database.supportsUndo():
        raise Refused("this kind of storage cannot undo", about=image.location)
    try:
        with image.unit_of_work(note, mission=mission) as world:
            image.database.undoMultiple([b64encode(tid)], world.transaction)
        naming_of(image.database).forget()
        image.perform("count", World.count)
    except (UndoError, ConflictError, POSKeyError, KeyError):
        raise Conflict(
            "later changes build on this transaction, or it is no longer there",
            about=transaction_id,
            remedy="Undo the later ones first: battui history",
        ) from None


def _entry(tid: bytes, item: dict[str, object]) -> HistoryEntry:
    mission = item.get(MISSION_KEY, "")
    return HistoryEntry(
        transaction=tid.hex(),
        at=TimeStamp(tid).timeTime(),
        description=str(item.get("description", "")),
        mission=mission if isinstance(mission, str) else "",
    )
