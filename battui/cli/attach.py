"""`battui attach [ENDPOINT]`: the full screen on a kernel that runs already."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `attach`."""
    parser = subparsers.add_parser("attach", help="open the screen on a running kernel; leaving it goes on")
    parser.add_argument("endpoint", metavar="ENDPOINT", nargs="?", help="such as tcp://host:5555")
    parser.add_argument(
        "--key", metavar="FILE", type=Path, help="the pair that the kernel's machine made for you"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Open the screen; the exit code. Raises Unreachable where no kernel answers."""
    from battui.cli.remote_kernel import RemoteKernel, running_kernel
    from battui.cli.screen import has_screen, show
    from battui.cli.wiring import settings_of
    from battui.contracts.errors import Unreachable, UsageError

    settings = settings_of(arguments)
    endpoint = arguments.endpoint or running_kernel(settings)
    if not endpoint:
        raise Unreachable(
            "no kernel runs on this image", about=settings.image, remedy="Start one: battui --detach"
        )
    if not has_screen():
        raise UsageError(
            "there is no terminal to open the screen on", remedy="Use a command such as `battui send`."
        )
    return show(settings, RemoteKernel(endpoint, arguments.key))
