"""A folder for a child's temporary files that does not outlive its owner for long."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "battui-"
LOCK = "owner.lock"


class Scratch:
    """A private folder (0700) with its owner's lock in it.

    `remove` takes it away. An owner that was killed leaves it, unlocked, and the next one that starts sweeps it up.
    """

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        fresh = self.path / "fresh.lock"
        self._lock = fresh.open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        fresh.rename(self.path / LOCK)  # under this name it is locked from the first moment

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _sweep(parent: Path) -> None:
    for lock in parent.glob(f"{PREFIX}*/{LOCK}"):
        # Another user's, or removed meanwhile, or in use (which is a BlockingIOError).
        with suppress(OSError), lock.open("r+b") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
