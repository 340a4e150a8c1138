"""What the seal is made of, each layer on its own and in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from battui.cell import sandbox, seccomp
from battui.cell.death import EXIT_OUT_OF_MEMORY, cause_of_death
from battui.cell.sandbox import SandboxReport, probe
from battui.contracts.activation import CellLimits

FULL = SandboxReport(landlock_abi=6, seccomp=True, rlimits=True, uid=65_533, own_uid=True, own_network=True)


def test_a_full_seal_lacks_nothing() -> None:
    assert FULL.absent == ()
    assert FULL.sealed


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (SandboxReport(0, True, True, 65_533, True, True), ["Landlock is not in force"]),
        (SandboxReport(3, True, True, 65_533, True, False), ["knows no network", "knows no signals"]),
        (SandboxReport(3, True, True, 65_533, True, True), ["knows no signals"]),
        (SandboxReport(6, False, True, 65_533, True, True), ["System calls are not filtered"]),
        (SandboxReport(6, True, True, 1000, False, False), ["your own user"]),
    ],
)
def test_what_is_absent_is_said_in_words(report: SandboxReport, words: list[str]) -> None:
    assert len(report.absent) == len(words)
    assert all(word in sentence for word, sentence in zip(words, report.absent, strict=True))


def test_without_both_seals_a_cell_is_not_sealed() -> None:
    assert not SandboxReport(0, False, True, 1000, False, False).sealed


def attempt(seal: str, deed: str) -> str:
    """What a fresh process says after it put on a seal and tried a deed."""
    script = f"from battui.cell import sandbox, seccomp\nimport os, socket\n{seal}\n{deed}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stderr.strip().rpartition("\n")[2].partition(":")[0] or f"exit {done.returncode}"


LANDLOCK = "sandbox.seal_zygote()"
SECCOMP = "sandbox.linux.gain_no_privileges(); seccomp.install(seccomp.native())"


@pytest.mark.skipif(probe().landlock_abi == 0, reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    "deed", ["open('/etc/passwd')", "open('/tmp/x', 'w')", "os.listdir('/')", "os.mkdir('/tmp/x')"]
)
def test_landlock_alone_refuses_every_path(deed: str) -> None:
    assert attempt("", deed.replace("/tmp/x", "/dev/null").replace("mkdir", "stat")) == "exit 0"
    assert attempt(LANDLOCK, deed) == "PermissionError"


@pytest.mark.skipif(not probe().seccomp, reason="this kernel or architecture has no seccomp filter")
@pytest.mark.parametrize("deed", ["open('/etc/passwd')", "socket.socket()", "os.fork()", "os.pipe()"])
def test_seccomp_alone_refuses_files_sockets_and_processes(deed: str) -> None:
    assert attempt("", deed) == "exit 0"
    assert attempt(SECCOMP, deed) == "PermissionError"


@pytest.mark.skipif(probe().landlock_abi < sandbox.NETWORK_ABI, reason="this Landlock knows no network")
def test_landlock_alone_refuses_tcp() -> None:
    bind = "socket.socket().bind(('127.0.0.1', 0))"
    assert attempt("", bind) == "exit 0"
    assert (
        attempt("sandbox.linux.gain_no_privileges(); sandbox.linux.landlock_everything()", bind)
        == "PermissionError"
    )


def test_probing_changes_nothing() -> None:
    assert probe() == probe()
    assert attempt("sandbox.probe()", "open('/etc/passwd')") == "exit 0"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (-24, "processor time"),
        (-9, "was killed"),
        (-31, "forbidden system call"),
        (-11, "crashed its interpreter (SIGSEGV)"),
        (EXIT_OUT_OF_MEMORY, "256 MiB of memory"),
        (0, "without an answer"),
        (3, "without an answer"),
        (None, "without an answer"),
    ],
)
def test_a_death_is_explained(status: int | None, words: str) -> None:
    assert words in cause_of_death(status, CellLimits())


@pytest.mark.skipif(not seccomp.supported(), reason="this kernel or architecture has no seccomp filter")
def test_the_native_filter_is_one_of_those_tested() -> None:
    assert seccomp.native() in [seccomp.build(machine) for machine in seccomp.AUDIT_ARCHITECTURE]
