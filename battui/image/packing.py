"""Packing: the image forgets what it was."""

from __future__ import annotations

import time

from ZODB.FileStorage.FileStorage import FileStorageError

from battui.contracts.errors import Refused
from battui.image.image import Image
from battui.image.storage import storage_errors

DAY_S = 86_400.0


def pack(image: Image, days: float) -> tuple[int, int]:
    """Drop what was replaced or let go more than `days` ago; bytes of records before and after.

    Raises Refused where a pack is under way already, and ImageUnwritable.
    """
    before = int(image.database.getSize())
    with storage_errors(image.location):
        try:
            image.database.pack(time.time() - days * DAY_S)
        except FileStorageError as error:
            raise Refused(f"it cannot be packed now: {error}", about=image.location) from None
    return before, int(image.database.getSize())
