"""A copy of an image, made beside whoever works on it: what is committed is never changed in place."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from ZODB.FileStorage import FileStorage

from battui.contracts.errors import Refused, UnknownObject
from battui.image.storage import BLOB_FOLDER, DATA_FILE, PRIVATE, storage_errors


def back_up(location: str, target: Path) -> int:
    """Copy every transaction of the image, with its blobs, into the new folder `target`; bytes of records.

    The copy is an image itself. Raises Refused for an image on a server and for a folder that is there already,
    UnknownObject where there is no image, ImageDamaged and ImageUnwritable.
    """
    if "://" in location:
        raise Refused("a server's image is backed up by the server", about=location, remedy="See its manual.")
    folder = Path(location).expanduser()
    if not (folder / DATA_FILE).exists():
        raise UnknownObject("there is no image here", about=location)
    if target.exists():
        raise Refused("this is there already", about=str(target), remedy="Name a folder that is not.")
    with storage_errors(str(target)):
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(PRIVATE, parents=True)
        size = _copy(folder, partial)
        partial.rename(target)
    return size


def _copy(source: Path, target: Path) -> int:
    # Read-only, it takes no lock and leaves a transaction alone that is being written.
    reading = FileStorage(str(source / DATA_FILE), read_only=True, blob_dir=str(source / BLOB_FOLDER))
    with closing(reading), closing(_new(target)) as writing:
        writing.copyTransactionsFrom(reading)
        return int(writing.getSize())


def _new(folder: Path) -> FileStorage:
    return FileStorage(str(folder / DATA_FILE), create=True, blob_dir=str(folder / BLOB_FOLDER))
