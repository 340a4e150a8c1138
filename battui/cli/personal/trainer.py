"""The trainer as a program of its own: `python -m training.expert personal`, in the Python that has what it needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import battui
from battui.contracts.errors import EngineFailed, ModelUnavailable

MODULE = "training.expert"
NEEDED = ("torch", "transformers", "gguf", "safetensors", MODULE)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPED = 130
"""The trainer's exit code where it was asked to stop, and has saved how far it came."""
_LOOK = "import importlib.util as u, sys\nfor n in sys.argv[1:]:\n if not u.find_spec(n): print(n); break"


def require(python: Path) -> None:
    """Raise ModelUnavailable, with what to do, where this Python cannot train."""
    try:
        found = subprocess.run(
            [str(python), "-c", _LOOK, *NEEDED],
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise ModelUnavailable(
            f"this Python cannot be started: {error.strerror}", about=str(python)
        ) from None
    missing = found.stdout.strip()
    if not missing and found.returncode == 0:
        return
    if missing == MODULE or MODULE.partition(".")[0] in found.stderr:
        remedy = "It is no part of the installed package: run battui from a checkout of its sources."
        raise ModelUnavailable("the folder training/ is not there", about=str(python), remedy=remedy)
    remedy = "Install the extra, pip install -e '.[train]', or name a Python that has it: --python PATH."
    raise ModelUnavailable(
        f"training needs {missing or 'a Python that works'}", about=str(python), remedy=remedy
    )


def run(python: Path, arguments: Sequence[str]) -> bool:
    """Train, telling on stderr; False where it was asked to stop, and can go on.

    A signal to this process is handed on once, and the trainer saves its place; a second one ends it as it is. Raises
    EngineFailed where the trainer fails.
    """
    command = [str(python), "-m", MODULE, "personal", *arguments]
    with (
        _heeded() as relay,
        # A group of its own: what a terminal sends to its group would come to the trainer twice.
        subprocess.Popen(
            command, env=_environment(), stdout=subprocess.PIPE, text=True, process_group=0
        ) as process,
    ):
        relay.hand_on_to(process)
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", file=sys.stderr, flush=True)
        code = process.wait()
    if code in (STOPPED, -signal.SIGINT):
        return False
    if code:
        raise EngineFailed(f"the trainer ended with {code}", about=" ".join(command[:4]))
    return True


class _Relay:
    """Signals that came to this process; those from before the trainer was there are kept for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._come = 0
        self._handed_on = 0

    def heed(self, _number: int, _frame: FrameType | None) -> None:
        self._come += 1
        self._hand_on()

    def hand_on_to(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._hand_on()

    def _hand_on(self) -> None:
        while self._process and self._handed_on < self._come:
            self._handed_on += 1
            self._process.send_signal(signal.SIGINT)


@contextmanager
def _heeded() -> Iterator[_Relay]:
    relay = _Relay()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    earlier = {number: signal.signal(number, relay.heed) for number in heeded}
    try:
        yield relay
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _environment() -> dict[str, str]:
    """With the checkout that this battui is of, whatever that Python has installed."""
    checkout = str(Path(battui.__file__).resolve().parents[1])
    paths = [checkout, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", "TQDM_DISABLE": "1"}
