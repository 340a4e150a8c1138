"""What the end of a cell says about the code that ran in it."""

from __future__ import annotations

import signal

from battui.contracts.activation import CellLimits

EXIT_OUT_OF_MEMORY = 81
"""The exit status of a cell that had no memory left to say anything."""

_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE})


def cause_of_death(status: int | None, limits: CellLimits) -> str:
    """The likely reason, to follow a method's name; a negative `status` is the signal's, None is unknown."""
    if status is not None and -status in _CRASHES:
        return f"crashed its interpreter ({signal.Signals(-status).name})"
    causes = {
        EXIT_OUT_OF_MEMORY: f"used more than {limits.memory_bytes >> 20} MiB of memory",
        -signal.SIGXCPU: f"used more than {limits.cpu_s} s of processor time",
        -signal.SIGKILL: "was killed: it used too much processor time, or the machine had no memory left",
        -signal.SIGSYS: "made a forbidden system call",
    }
    return causes.get(status or 0, "ended without an answer")
