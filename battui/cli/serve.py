"""`battui serve`: the full screen in a browser, on this machine alone unless more is asked for."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from battui.contracts.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from battui.contracts.settings import Settings
    from battui.kernel.threads.thread import ThreadedKernel

HOST, PORT = "127.0.0.1", 8022


def add_parser(subparsers: Any) -> None:
    """Add the command `serve`."""
    parser = subparsers.add_parser("serve", help="the full screen in a browser, on this machine")
    parser.add_argument("--host", metavar="ADDRESS", default=HOST, help=f"where to listen (default {HOST})")
    parser.add_argument("--port", metavar="N", type=int, default=PORT, help=f"default {PORT}; 0: any")
    parser.add_argument(
        "--beyond-this-machine", action="store_true", help="let --host be an address that others can reach"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Serve until a signal ends it; the exit code. Raises UsageError for an address that others can reach."""
    from battui.cli.remote_kernel import RemoteKernel, once_it_can_be_had, running_kernel
    from battui.cli.wiring import settings_of

    check_place(arguments.host, arguments.port, beyond=arguments.beyond_this_machine)
    require_library()
    settings = settings_of(arguments)

    def serve() -> int:
        from battui.cli.approval import with_approval
        from battui.cli.served_kernel import ServedKernel

        endpoint = running_kernel(settings)
        # Whoever looks at it in a browser can be asked.
        asking = with_approval(settings, terminal=True)
        kernel = RemoteKernel(endpoint) if endpoint else ServedKernel(asking, required=True)
        return _serve(settings, kernel, arguments)

    return once_it_can_be_had(serve)


def check_place(host: str, port: int, *, beyond: bool) -> None:
    """Raises UsageError for a port that is none, and for an address beyond this machine unless `beyond`."""
    if not 0 <= port <= 65_535:
        raise UsageError("--port is from 0 to 65535", about=str(port))
    if not (beyond or is_loopback(host)):
        raise UsageError(
            "others could reach the screen at this address, over a connection that is not encrypted",
            about=host,
            remedy="Leave --host out and tunnel (ssh -L), or add --beyond-this-machine.",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    import ipaddress

    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_library() -> None:
    """Raises Unreachable where what serves Textual apps is not installed."""
    from importlib.util import find_spec

    if find_spec("textual_serve") is None:
        raise Unreachable(
            "what serves the screen to a browser is not installed",
            about="textual-serve",
            remedy="Install it: pip install 'battui[serve]'",
        )


def _serve(settings: Settings, kernel: ThreadedKernel, arguments: Namespace) -> int:
    import asyncio

    from battui.cli.web_server import WebServer
    from battui.kernel.threads.thread import run_beside

    def tell(url: str) -> None:
        if arguments.output == "json":
            import json

            print(json.dumps({"reply": "serve", "url": url}), flush=True)
        else:
            print(url, flush=True)

    command = attach_command(settings, arguments)
    return asyncio.run(
        run_beside(kernel, lambda portal: WebServer(portal, command, arguments.host, arguments.port, tell))
    )


def attach_command(settings: Settings, arguments: Namespace) -> str:
    """The shell's line that opens a screen for one browser, on the kernel that runs here."""
    import shlex
    import sys

    place = settings.image if "://" in settings.image else str(Path(settings.image).absolute())
    words = [sys.executable, "-m", "battui", "attach", "--image", place]
    if config := getattr(arguments, "config", None):
        words += ["--config", str(Path(config).absolute())]
    return shlex.join(words)
