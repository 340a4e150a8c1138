"""The system calls that Python has no function for.

Numbers and structures: Linux `include/uapi/linux/prctl.h`, `landlock.h` and `sched.h`. The three Landlock calls have
the same numbers on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_GET_SECCOMP = 21
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_VERSION = 1

_CLONE_NEWIPC = 0x08000000
_CLONE_NEWNET = 0x40000000

# Rights on files known to each version of the interface; later versions added none up to 7.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_RIGHTS_SINCE_5 = 16
_NETWORK_RIGHTS = 2
_SCOPES = 2

_libc = ctypes.CDLL(None, use_errno=True)
# Both take a variable number of arguments, each a whole register wide.
_libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
_libc.syscall.argtypes = (ctypes.c_long, *[ctypes.c_ulong] * 3)
_libc.syscall.restype = ctypes.c_long


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def die_with_parent() -> None:
    """Have the kernel end this process when the thread that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def forbid_inspection() -> None:
    """No core dumps, no ptrace, and a /proc entry that only root may read."""
    _prctl(_PR_SET_DUMPABLE, 0)


def gain_no_privileges() -> None:
    """Make set-user-id programs powerless; Landlock and seccomp ask for it."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def leave_network() -> None:
    """Enter an empty network and an empty System V IPC namespace; raises OSError without the privilege."""
    _checked(_libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC), "unshare")


def seccomp_available() -> bool:
    """Whether the running kernel was built with seccomp."""
    return bool(_libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)


def set_seccomp_filter(program: bytes) -> None:
    """Put this process under a BPF program, for good; raises OSError."""
    code = ctypes.create_string_buffer(program, len(program))
    filter_program = _FilterProgram(len(program) // 8, ctypes.addressof(code))
    address = ctypes.addressof(filter_program)
    _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, address, 0, 0), "seccomp")


def landlock_abi() -> int:
    """The version of Landlock that the running kernel offers, 0 for none."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE_RULESET, 0, 0, _LANDLOCK_VERSION)))


def landlock_everything() -> None:
    """Handle every right that the kernel knows and allow none: no path, no TCP port, no signal to outsiders."""
    attributes = _landlock_attributes(landlock_abi())
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    ruleset = _checked(
        _libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.addressof(buffer), len(attributes), 0),
        "landlock_create_ruleset",
    )
    try:
        _checked(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def _landlock_attributes(abi: int) -> bytes:
    # Older kernels refuse a structure with fields that they do not know.
    file_rights = (1 << _FILE_RIGHTS.get(abi, _FILE_RIGHTS_SINCE_5)) - 1
    fields = [file_rights]
    if abi >= 4:
        fields.append((1 << _NETWORK_RIGHTS) - 1)
    if abi >= 6:
        fields.append((1 << _SCOPES) - 1)
    return struct.pack(f"={len(fields)}Q", *fields)


def _prctl(option: int, argument: int) -> None:
    _checked(_libc.prctl(option, argument, 0, 0, 0), f"prctl {option}")


def _checked(result: Any, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return int(result)
