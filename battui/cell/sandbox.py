"""What seals a cell on this machine, and which guarantees are absent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from battui.cell import linux, seccomp

CELL_UID = 65_533
"""No account: the last number of a range that distributions keep unassigned."""

NETWORK_ABI = 4
SIGNAL_ABI = 6


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What is in force for learned code. Resource limits and the wall clock always are.

    `landlock_abi` is the version of Landlock in force, 0 for none; `uid` the user that cells run as; `own_uid`
    whether that user owns nothing else; `own_network` whether cells stand in an empty network namespace.
    """

    landlock_abi: int
    seccomp: bool
    rlimits: bool
    uid: int
    own_uid: bool
    own_network: bool

    @property
    def absent(self) -> tuple[str, ...]:
        """The guarantees that this machine cannot give, one sentence each."""
        return tuple(sentence for missing, sentence in self._judgements() if missing)

    def _judgements(self) -> tuple[tuple[bool, str], ...]:
        return (
            (
                self.landlock_abi == 0,
                "Landlock is not in force: only the filter of system calls keeps cells from files.",
            ),
            (
                0 < self.landlock_abi < NETWORK_ABI and not self.own_network,
                "This Landlock knows no network: only the filter of system calls keeps cells from it.",
            ),
            (
                0 < self.landlock_abi < SIGNAL_ABI,
                "This Landlock knows no signals: only the filter of system calls keeps cells from sending them.",
            ),
            (
                not self.seccomp,
                "System calls are not filtered: a flaw of the operating system's kernel is within a cell's reach.",
            ),
            (
                not self.own_uid,
                "Cells run as your own user: their seal is all that is between them and your files.",
            ),
        )

    @property
    def sealed(self) -> bool:
        """Whether at least one of the two seals that keep code from files and network is in force."""
        return self.seccomp or self.landlock_abi > 0


def probe() -> SandboxReport:
    """What a cell started now would be sealed with; starts nothing and changes nothing."""
    root = os.geteuid() == 0
    return SandboxReport(
        landlock_abi=linux.landlock_abi(),
        seccomp=seccomp.supported(),
        rlimits=True,
        uid=CELL_UID if root else os.geteuid(),
        own_uid=root,
        own_network=root,
    )


def seal_zygote() -> SandboxReport:
    """Take from this process, and so from every child, what no cell needs; return what came into force.

    Nothing can be opened afterwards: whatever has to be imported is imported before.
    """
    own_network = os.geteuid() == 0 and _succeeds(linux.leave_network)
    own_uid = os.geteuid() == 0 and _succeeds(_become_nobody)
    linux.gain_no_privileges()
    linux.forbid_inspection()
    # After the change of user, which clears it.
    linux.die_with_parent()
    abi = linux.landlock_abi()
    if abi and not _succeeds(linux.landlock_everything):
        abi = 0
    return SandboxReport(
        landlock_abi=abi,
        seccomp=seccomp.supported(),
        rlimits=True,
        uid=os.geteuid(),
        own_uid=own_uid,
        own_network=own_network,
    )


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(CELL_UID, CELL_UID, CELL_UID)
    os.setresuid(CELL_UID, CELL_UID, CELL_UID)


def _succeeds(step: Callable[[], None]) -> bool:
    try:
        step()
    except OSError:
        return False
    return True
