"""Where a kernel's bridge listens: a socket in a folder that is its owner's alone.

The socket's name follows from the image, so that whoever means the same image finds the same kernel.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from battui.contracts.bridge_settings import LEAST_HIGH_WATER
from battui.contracts.errors import Unreachable, UsageError

LONGEST_PATH = 100
"""Bytes; the system allows 107 for the name of a socket."""
PRIVATE = 0o700


def socket_path(image: str, state_dir: Path) -> Path:
    """The socket of the kernel that owns `image`, whether there is one or not."""
    place = image if "://" in image else str(Path(image).expanduser().resolve())
    name = f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.ipc"
    usual = state_dir / "bridge" / name
    if len(os.fsencode(usual)) <= LONGEST_PATH:
        return usual
    return Path(tempfile.gettempdir()) / f"battui-{os.getuid()}" / name


def endpoint_of(path: Path) -> str:
    """The socket as ZeroMQ names it."""
    return f"ipc://{path}"


def prepare_folder(path: Path) -> None:
    """Make the folder of the socket, readable by its owner alone; raises Unreachable where it is not."""
    folder = path.parent
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=PRIVATE, exist_ok=True)
    except OSError as error:
        raise Unreachable(
            f"the socket's folder cannot be made ({error.strerror})", about=str(folder)
        ) from None
    require_private(folder)


def require_private(folder: Path) -> None:
    """Raise Unreachable where somebody else could put a socket of his own into the folder, or use ours."""
    found = folder.lstat()
    remedy = f"Remove it, or: chmod 700 {folder}"
    if not stat.S_ISDIR(found.st_mode):
        raise Unreachable("the socket's folder is none", about=str(folder), remedy=remedy)
    if found.st_uid != os.getuid():
        raise Unreachable(
            f"the socket's folder belongs to user {found.st_uid}", about=str(folder), remedy=remedy
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(found.st_mode):o}"
        raise Unreachable(
            f"others may use the socket's folder (mode {mode})", about=str(folder), remedy=remedy
        )


def is_alive(path: Path) -> bool:
    """Whether somebody listens there; a socket that was left behind by a killed kernel is not alive."""
    try:
        require_private(path.parent)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.connect(str(path))
    except (OSError, Unreachable):
        return False
    return True


def require_high_water(messages: int) -> int:
    """Return a high-water mark that works; raises UsageError for a smaller one."""
    if messages < LEAST_HIGH_WATER:
        raise UsageError(
            f"a high-water mark is {LEAST_HIGH_WATER} at least: with 1, ZeroMQ's own greeting fills the queue, and "
            "no message ever comes through",
            about=f"high_water = {messages}",
            remedy=f"Set it to {LEAST_HIGH_WATER} or more.",
        )
    return messages


def require_tcp(endpoint: str) -> str:
    """Return the endpoint if it is one for TCP; raises UsageError."""
    host, colon, port = endpoint.removeprefix("tcp://").rpartition(":")
    if not (endpoint.startswith("tcp://") and host and colon and (port == "*" or port.isdecimal())):
        raise UsageError("this is no endpoint", about=endpoint, remedy="Write tcp://127.0.0.1:5555.")
    return endpoint
