"""A program on a terminal of its own, and what it writes there."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys


def written_on_terminal(program: str, *arguments: str, seconds: float) -> bytes:
    """Run the Python text `program` to its end, which has to be a good one, and return what the terminal shows."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        assert child.wait(seconds) == 0
        return os.read(ours, 4096) if select.select([ours], [], [], 0)[0] else b""
    except OSError:  # the terminal's last writer has gone, and it wrote nothing
        return b""
    finally:
        child.kill()
        os.close(ours)
