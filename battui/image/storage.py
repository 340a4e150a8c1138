"""Where an image lies: a folder with a FileStorage and its blobs, or a database server by zodburi."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ZODB
from zc.lockfile import LockError
from ZODB.FileStorage import FileStorage
from ZODB.FileStorage.FileStorage import FileStorageQuotaError, packed_version
from ZODB.FileStorage.format import CorruptedError
from ZODB.POSException import StorageError

from battui.contracts.errors import ImageDamaged, ImageInUse, ImageUnwritable, UnknownObject, UsageError
from battui.image.naming import naming_of

DATA_FILE = "image.fs"
BLOB_FOLDER = "blobs"
PRIVATE = 0o700
"""A new image is its owner's alone; a folder that is there already keeps its mode."""
TID_BYTES = 8
"""A transaction begins with its id, and none is zero; FileStorage would take zeros for a torn end and cut it off."""

# ZODB reports lock failures and damaged tails on the terminal; battui says it once, in its own words.
logging.getLogger("zc.lockfile").setLevel(logging.CRITICAL)
logging.getLogger("ZODB.FileStorage").setLevel(logging.CRITICAL)


def open_database(location: str, *, create: bool, read_only: bool = False) -> Any:
    """Return the ZODB.DB at `location`; with `read_only` as it is now, and without its lock where it is a folder.

    Raises ImageInUse, ImageDamaged, ImageUnwritable, and UnknownObject where there is none and `create` is false.
    """
    if "://" in location:
        return _open_uri(location)
    folder = Path(location).expanduser()
    file = folder / DATA_FILE
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            "an image is a folder, and this is a file", about=location, remedy="Name another place."
        )
    if not file.exists() and not create:
        raise UnknownObject("there is no image here", about=location, remedy="Start battui once to make one.")
    _check_magic(file, location)
    with storage_errors(location):
        folder.mkdir(PRIVATE, parents=True, exist_ok=True)
        storage = _open_file_storage(file, folder / BLOB_FOLDER, read_only=read_only)
        try:
            return ZODB.DB(storage, pool_size=32)
        except BaseException:
            storage.close()
            raise


def _open_file_storage(file: Path, blobs: Path, *, read_only: bool) -> Any:
    """Open the storage, and where that fails give back the lock and the files that it holds already."""
    storage = FileStorage.__new__(FileStorage)
    try:
        # A pack is asked for to make room: no copy of the image as it was is left beside it.
        storage.__init__(
            str(file), blob_dir=str(blobs), create=False, read_only=read_only, pack_keep_old=False
        )
    except BaseException:
        for held in ("_file", "_tfile", "_files", "_lock_file"):
            if (half_open := getattr(storage, held, None)) is not None:
                half_open.close()
        raise
    return storage


def _check_magic(file: Path, location: str) -> None:
    """Refuse a file that is no FileStorage before it is locked or touched in any way."""
    with storage_errors(location):
        if file.exists() and file.stat().st_size > 0:
            with file.open("rb") as content:
                head = content.read(len(packed_version) + TID_BYTES)
            if not head.startswith(packed_version) or head[len(packed_version) :] == bytes(TID_BYTES):
                raise ValueError(f"{DATA_FILE} does not begin like one")


def _open_uri(location: str) -> Any:
    try:
        import zodburi
    except ImportError:
        raise UsageError(
            "a database server needs more packages",
            about=location,
            remedy="Install them with: pip install 'battui[zeo]' or 'battui[postgres]'.",
        ) from None
    with storage_errors(location):
        factory, options = zodburi.resolve_uri(location)
        database = ZODB.DB(factory(), **options)
    naming_of(database).shared = True
    return database


@contextmanager
def storage_errors(location: str) -> Iterator[None]:
    """Turn what a storage raises into the errors of battui."""
    try:
        yield
    except LockError:
        raise ImageInUse(
            "another process has this image open",
            about=location,
            remedy="Quit that one first, or name another image.",
        ) from None
    except FileStorageQuotaError as error:
        raise ImageUnwritable(str(error), about=location, remedy="Make room, then try again.") from None
    except (CorruptedError, StorageError, EOFError, ValueError) as error:
        raise ImageDamaged(
            f"the image cannot be read ({error})",
            about=location,
            remedy="Nothing was changed. Put a copy back, or name another image.",
        ) from None
    except OSError as error:
        raise unwritable(error, location) from None


def unwritable(error: OSError, location: str) -> ImageUnwritable:
    """The error for a failed write, with the remedy that fits."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ImageUnwritable(
            "the disk is full", about=location, remedy="Make room, then try again; nothing was lost."
        )
    reason = (error.strerror or str(error)).lower()
    return ImageUnwritable(
        f"the image cannot be written ({reason})",
        about=location,
        remedy="Check the folder and its permissions.",
    )
