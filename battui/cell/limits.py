"""Resource limits of one cell. They are set before any learned code runs and can only be lowered after."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from battui.contracts.activation import CellLimits

STACK_BYTES = 8 << 20
FRAMES = 1_000
"""How deep calls may nest, the few frames of the cell itself included."""

# A cell never opens a file, starts a process or grows a file, and its memory is not for the disk.
_FORBIDDEN = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE)


def mapped_bytes() -> int:
    """The address space that this process uses now; needs /proc, so it is measured before sealing."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def forbid_growth() -> None:
    """The limits that hold for every cell, whatever it runs."""
    for limit in _FORBIDDEN:
        _lower(limit, 0)
    _lower(resource.RLIMIT_STACK, STACK_BYTES)
    sys.setrecursionlimit(FRAMES)


def apply(limits: CellLimits, *, mapped: int) -> None:
    """Allow `limits.memory_bytes` beyond the `mapped` bytes of an idle cell, and `limits.cpu_s` of processor time."""
    _lower(resource.RLIMIT_AS, mapped + limits.memory_bytes)
    # The soft limit's signal tells the kernel why the cell died; the hard limit cannot be ignored.
    _lower(resource.RLIMIT_CPU, limits.cpu_s, hard=limits.cpu_s + 1)


def _lower(limit: int, soft: int, *, hard: int | None = None) -> None:
    present = resource.getrlimit(limit)[1]
    wanted = soft if hard is None else hard
    ceiling = wanted if present == resource.RLIM_INFINITY else min(wanted, present)
    resource.setrlimit(limit, (min(soft, ceiling), ceiling))
