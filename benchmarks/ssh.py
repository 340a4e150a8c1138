"""battui over a real ssh to this machine, on a line with a delay, beside a bare Textual app on the same line.

    python -m benchmarks.ssh [milliseconds there and back, 120] [keys, 60]

An OpenSSH server of its own, on loopback with keys of its own, is reached through a relay that holds every byte back
(benchmarks/terminal/delay.py; a network namespace with netem would do the same where the kernel has it). Printed are
the time to the first frame, milliseconds from key to glyph, and the bytes of TCP that a key costs in each direction.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.terminal.delay import DelayedLine
from benchmarks.terminal.screen import Screen
from tests.terminal.house import House

REST_S = 5.0
SERVER = "/usr/sbin/sshd"
CONFIGURATION = """
ListenAddress 127.0.0.1:{port}
HostKey {home}/host
AuthorizedKeysFile {home}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
"""


@contextmanager
def ssh_server(home: Path) -> Iterator[int]:
    """An OpenSSH server that lets in who has the key in `home`; its port."""
    for name in ("host", "user"):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)]
        subprocess.run(keygen, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (home / "sshd_config").write_text(CONFIGURATION.format(port=port, home=home))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # OpenSSH will not start without it
    server = subprocess.Popen([SERVER, "-D", "-e", "-f", str(home / "sshd_config")], stderr=subprocess.PIPE)
    try:
        assert server.stderr is not None
        while b"listening" not in server.stderr.readline():
            assert server.poll() is None, "the ssh server has not started"
        yield port
    finally:
        server.terminate()
        server.communicate()


def over_ssh(home: Path, port: int, subject: str, environment: dict[str, str]) -> Screen:
    """Open the subject on the other side of the line."""
    options = ["-tt", "-p", str(port), "-i", str(home / "user"), "-F", os.devnull]
    for option in ("StrictHostKeyChecking=no", f"UserKnownHostsFile={os.devnull}", "LogLevel=ERROR"):
        options += ["-o", option]
    wanted = ("HOME", "BATTUI_ENGINE_NAME", "BATTUI_HEARTBEAT_ENABLED", "HOUSE_UNDER_TEST", "PYTHONPATH")
    passed = [f"{name}={environment[name]}" for name in wanted if name in environment]
    command = ["env", "LC_ALL=C.UTF-8", *passed, sys.executable, "-m", "benchmarks.terminal.subjects"]
    there = f"cd {shlex.quote(str(Path.cwd()))} && exec {shlex.join([*command, subject])}"
    return Screen(["ssh", *options, "127.0.0.1", there])


def measure(name: str, screen: Screen, line: DelayedLine, keys: int) -> None:
    """Type over the line, move about, rest; print what it took."""
    subject = name.partition(" ")[0]
    try:
        screen.until("ready to type" if subject == "bare" else "lobby")
        first = (time.perf_counter() - screen.started) * 1000
        screen.rest(REST_S)
        before = line.down
        screen.rest(REST_S)
        idle = (line.down - before) / REST_S
        if subject == "battui":
            screen.press(":")
            screen.rest(1.0)
        sent, came = line.up, line.down
        taken = screen.typed(keys, pause=0.1)
        screen.rest(1.0)
        up, down = (line.up - sent) / keys, (line.down - came) / keys
        print(
            f"{name:<12}{first:>12.0f}{taken.at(50):>9.0f}{taken.at(99):>8.0f}{up:>9.0f}{down:>8.0f}{idle:>9.0f}"
        )
        if subject == "battui":
            _move_about(screen, line)
    finally:
        screen.close()


def _move_about(screen: Screen, line: DelayedLine) -> None:
    screen.press("\x15\x1b")
    screen.rest(1.0)
    for words, keys in (("a tab", "2341"), ("a row of the tree", "jkjkjk")):
        down = line.down
        for key in keys:
            screen.press(key)
            screen.rest(1.0)
        print(f"  {words}: {(line.down - down) / len(keys):.0f} bytes")


def main() -> None:
    if not (Path(SERVER).exists() and shutil.which("ssh")):
        print(f"There is no {SERVER} here (Debian: openssh-server), or no ssh.")
        return
    milliseconds = float(sys.argv[1]) if len(sys.argv) > 1 else 120.0
    keys = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    print(
        f"{milliseconds:g} ms there and back; load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores"
    )
    print(f"{'':<12}{'first frame':>12}{'key p50':>9}{'p99':>8}{'bytes up':>9}{'down':>8}{'idle B/s':>9}")
    with tempfile.TemporaryDirectory(prefix="battui-") as folder:
        house = House.built(Path(folder))
        with ssh_server(Path(folder)) as port:
            line = DelayedLine(port, milliseconds / 2000)
            with line.open() as delayed:
                for name in ("bare app", "battui"):
                    measure(
                        name,
                        over_ssh(Path(folder), delayed, name.partition(" ")[0], house.environment),
                        line,
                        keys,
                    )


if __name__ == "__main__":
    main()
