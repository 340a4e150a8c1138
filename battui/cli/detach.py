"""A kernel in the background: a process of its own session, that no terminal's end reaches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from battui.cli.approval import with_approval
from battui.contracts.errors import BattuiError, Unreachable

if TYPE_CHECKING:
    from battui.contracts.settings import Settings

LOG_FILE = "kernel.log"


def detach(settings: Settings, arguments: Namespace) -> int:
    """Start a kernel in the background and print where it is, once it can be reached. The exit code."""
    from battui.cli.remote_kernel import running_kernel

    if endpoint := running_kernel(settings):
        told: dict[str, Any] = {"endpoint": endpoint, "pid": pid_of(settings), "started": False}
    else:
        told = start(settings, arguments) | {"started": True}
    if arguments.output == "json":
        print(json.dumps({"reply": "bridge"} | told))
    else:
        verb = "started" if told["started"] else "is running already"
        print(f"kernel {verb}: {told['endpoint']} (process {told['pid']})")
    return 0


def start(settings: Settings, arguments: Namespace) -> dict[str, Any]:
    """Start the process and wait for its word; raises Unreachable with its last one where it ends before."""
    log = settings.state_dir / LOG_FILE
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch(mode=0o600)
    reading, writing = os.pipe()
    with log.open("ab") as output, os.fdopen(reading, "rb") as ready:
        begins = output.tell()
        try:
            subprocess.Popen(
                [*_command(settings, arguments), "--ready", str(writing)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Whoever starts it from a terminal wants to be asked, though the process itself has none.
                env={**os.environ, "BATTUI_MISSION_APPROVAL": with_approval(settings).mission.approval},
                pass_fds=(writing,),
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(writing)
        word = ready.read()
    if not word:
        raise Unreachable("the kernel did not start", about=_last_line(log, begins), remedy=f"See {log}.")
    told: dict[str, Any] = json.loads(word)
    return told


def see_missions_through(settings: Settings) -> None:
    """Leave a kernel behind that goes on with the open missions; without any, nothing is started."""
    from battui.image.image import Image
    from battui.mind.cycle import active_cycles

    try:
        with Image.open(settings.image, create=False) as image:
            some = image.read(lambda world: any(True for _ in active_cycles(world)))
        if some:
            start(settings, Namespace())
    except BattuiError:
        # There is no terminal to say it on; the missions wait in the image for the next start.
        return


def pid_file(settings: Settings) -> Path:
    """Where a kernel in the background keeps its process's number."""
    from battui.bridge.endpoint import socket_path

    return socket_path(settings.image, settings.state_dir).with_suffix(".pid")


def pid_of(settings: Settings) -> int:
    """The process's number, 0 where it is not known."""
    try:
        return int(pid_file(settings).read_text())
    except (OSError, ValueError):
        return 0


def _command(settings: Settings, arguments: Namespace) -> list[str]:
    flags = ["--image", settings.image if "://" in settings.image else str(Path(settings.image).absolute())]
    for flag in ("config", "engine", "model"):
        if given := getattr(arguments, flag, None):
            flags += [f"--{flag}", str(Path(given).absolute()) if flag == "config" else given]
    tcp = getattr(arguments, "tcp", "")
    return [sys.executable, "-m", "battui", "bridge", "serve", *flags, *(["--tcp", tcp] if tcp else [])]


def _last_line(log: Path, begins: int) -> str:
    with log.open("rb") as lines:
        lines.seek(begins)
        said = lines.read().decode(errors="replace").strip().splitlines()
    return said[-1].removeprefix("battui: ") if said else ""
