"""exllamav2 and what it stands on, imported with care: to import it may start a compiler, or hang for ever."""

from __future__ import annotations

import importlib
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from battui.contracts.errors import EngineFailed

EXTENSION = "exllamav2_ext"
LOCK = "lock"
YOUNG_S = 60.0  # a build that has just begun may have started no compiler yet
INSTALL = "With an NVIDIA GPU: pip install 'battui[cuda]'."


@dataclass(frozen=True, slots=True)
class Library:
    """The modules that the engine works with."""

    torch: Any
    exllamav2: Any
    generator: Any

    @property
    def paged(self) -> bool:
        """Whether several jobs can run at once: that takes flash-attn 2.5.7 or later."""
        attention = importlib.import_module("exllamav2.attn")
        return bool(attention.has_flash_attn_with_paged)


def import_library() -> Library:
    """Import it all. What the build says goes to this process's output, which is the engine's log.

    Raises EngineFailed where something is missing, or where a build that was ended has left its lock behind.
    """
    for name in ("torch", "tokenizers", "exllamav2"):  # the library needs tokenizers and does not say so
        if find_spec(name) is None:
            raise EngineFailed(f"the package {name} is not installed", about="exllamav2", remedy=INSTALL)
    try:
        torch = importlib.import_module("torch")
        if find_spec(EXTENSION) is None:
            _require_device(torch)
            cpp_extension = importlib.import_module("torch.utils.cpp_extension")
            require_no_stale_lock(Path(cpp_extension._get_build_directory(EXTENSION, False)))
        return Library(
            torch, importlib.import_module("exllamav2"), importlib.import_module("exllamav2.generator")
        )
    except EngineFailed:
        raise
    except Exception as error:  # a build can fail in any way
        raise EngineFailed(
            f"the library cannot be imported: {error}", about="exllamav2", remedy=INSTALL
        ) from error


def _require_device(torch: Any) -> None:
    if not torch.cuda.is_available():
        raise EngineFailed(
            f"torch {torch.__version__} sees no CUDA device",
            about="exllamav2",
            remedy="Use --engine llama.cpp, which needs none.",
        )


def require_no_stale_lock(folder: Path, *, young_s: float = YOUNG_S) -> None:
    """Raise EngineFailed where the lock in a build's folder belongs to nobody: the import would wait for ever.

    torch's lock is a file without an owner. A build at work has a process whose working folder is the build's.
    """
    lock = folder / LOCK
    try:
        age = time.time() - lock.stat().st_mtime
    except FileNotFoundError:
        return
    if age < young_s or _at_work_in(folder):
        return
    raise EngineFailed(
        "a build of its extension was ended and has left a lock", about="exllamav2", remedy=f"Delete {lock}."
    )


def _at_work_in(folder: Path) -> bool:
    place = folder.resolve()
    for process in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # it has ended, or is somebody else's
            if process.readlink() == place:
                return True
    return False
