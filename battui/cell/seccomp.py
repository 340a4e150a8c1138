"""The system calls of a sealed cell, as a seccomp filter."""

from __future__ import annotations

import errno
import os
import platform
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from battui.cell import bpf, linux

AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Linux `include/uapi/linux/audit.h`: machine number, 64 bit, little endian."""

_X32_BIT = 0x40000000
_PROT_EXEC = 4
_PROTECTION_ARGUMENT = 2


def supported() -> bool:
    """Whether this machine's architecture and kernel can filter system calls."""
    return platform.machine() in AUDIT_ARCHITECTURE and linux.seccomp_available()


def install(program: bytes) -> None:
    """Put this process under `program`, for good; raises OSError where the kernel refuses."""
    linux.set_seccomp_filter(program)


def build(machine: str) -> bytes:
    """The filter for `machine` (a name of `platform.machine`); raises KeyError for one without a table."""
    program = bpf.Program()
    program.add(bpf.LOAD_WORD, bpf.ARCHITECTURE_OFFSET)
    program.add(bpf.JUMP_IF_EQUAL, AUDIT_ARCHITECTURE[machine], then="known architecture")
    program.add(bpf.RETURN, bpf.KILL_PROCESS)
    program.label("known architecture")
    program.add(bpf.LOAD_WORD, bpf.NUMBER_OFFSET)
    # The x32 calls of x86_64 share its architecture number and would slip past the comparisons below.
    program.add(bpf.JUMP_IF_AT_LEAST, _X32_BIT, otherwise="native call")
    program.add(bpf.RETURN, bpf.KILL_PROCESS)
    program.label("native call")
    _jump_to("allow", numbers("allowed", machine), program)
    _jump_to("look at protection", numbers("not_executable", machine), program)
    _jump_to("look at process", numbers("own_process", machine), program)
    program.add(bpf.JUMP, then="other calls")
    program.label("look at process")
    program.add(bpf.LOAD_WORD, bpf.ARGUMENTS_OFFSET)
    program.add(bpf.JUMP_IF_EQUAL, 0, then="allow")
    program.add(bpf.RETURN, bpf.REFUSE | errno.EPERM)
    program.label("look at protection")
    program.add(bpf.LOAD_WORD, bpf.ARGUMENTS_OFFSET + 8 * _PROTECTION_ARGUMENT)
    program.add(bpf.JUMP_IF_ANY_BIT, _PROT_EXEC, otherwise="allow")
    program.add(bpf.RETURN, bpf.REFUSE | errno.EPERM)
    program.label("allow")
    program.add(bpf.RETURN, bpf.ALLOW)
    program.label("other calls")
    _jump_to("refuse", numbers("refused", machine), program)
    program.add(bpf.RETURN, bpf.KILL_PROCESS)
    program.label("refuse")
    program.add(bpf.RETURN, bpf.REFUSE | errno.EPERM)
    return program.assemble()


def numbers(group: str, machine: str) -> list[int]:
    """The numbers of a group's system calls on `machine`."""
    return [call[machine] for call in _table()[group].values() if machine in call]


def native() -> bytes:
    """The filter for the machine that this process runs on."""
    return build(os.uname().machine)


@cache
def _table() -> dict[str, dict[str, dict[str, int]]]:
    return tomllib.loads((files("battui.cell") / "syscalls.toml").read_text(encoding="utf-8"))


def _jump_to(label: str, calls: Iterable[int], program: bpf.Program) -> None:
    for number in calls:
        program.add(bpf.JUMP_IF_EQUAL, number, then=label)
