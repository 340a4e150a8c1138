"""How glibc keeps memory that training gives back: for the next step, and in one place."""

from __future__ import annotations

import ctypes

# Of glibc's <malloc.h>. Without the first two every large tensor is mapped, cleared and unmapped anew; without the
# last every thread has an arena of its own, in which large tensors of ever other sizes leave gaps that nobody fills.
MMAP_MAX, TRIM_THRESHOLD, TOP_PAD, ARENA_MAX = -4, -1, -2, -8


def keep_memory() -> None:
    """Keep it. Has to be called before any thread is started: the number of arenas is settled then."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return  # not glibc: only slower
    for option, value in ((MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, 1 << 28), (ARENA_MAX, 1)):
        mallopt(option, value)
