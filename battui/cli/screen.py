"""`battui` without a command: the full-screen terminal, or lines without one."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from typing import TYPE_CHECKING

from battui.contracts.errors import UsageError

if TYPE_CHECKING:
    from battui.contracts.settings import Settings
    from battui.kernel.threads.thread import ThreadedKernel

HUNG_UP = 129
"""The exit code when the terminal went away, as it does when an SSH line drops."""


def add_arguments(parser: ArgumentParser) -> None:
    """The flags that stand without a command."""
    parser.add_argument(
        "--detach", action="store_true", help="start a kernel in the background, and leave it running"
    )
    parser.add_argument(
        "--tcp",
        metavar="ENDPOINT",
        default="",
        help="with --detach: listen there, too, for clients with keys",
    )
    parser.add_argument("--no-ui", action="store_true", help="no screen: perform the lines given and end")
    parser.add_argument(
        "--script",
        metavar="FILE",
        dest="sources",
        action="append",
        type=partial(_source, "script"),
        help="with --no-ui: a file of message lines, - for stdin",
    )
    parser.add_argument(
        "--send",
        metavar="LINE",
        dest="sources",
        action="append",
        type=partial(_source, "send"),
        help="with --no-ui: one message line; may be repeated",
    )


def run(arguments: Namespace) -> int:
    """Open the screen, or perform the lines; the exit code."""
    from battui.cli.approval import with_approval
    from battui.cli.wiring import settings_of

    if arguments.no_ui or arguments.sources:
        return _run_lines(arguments)
    settings = settings_of(arguments)
    if arguments.detach:
        from battui.cli.detach import detach

        return detach(settings, arguments)
    if not has_screen():
        raise UsageError(
            "there is no terminal to open the screen on",
            remedy="Use --no-ui with --send or --script, or a command such as `battui send`.",
        )
    return _open(with_approval(settings, terminal=True))


def has_screen() -> bool:
    """Whether there is something to draw on: a terminal, or the browser that Textual's driver was told of."""
    return (sys.stdin.isatty() and sys.stdout.isatty()) or "TEXTUAL_DRIVER" in os.environ


def _run_lines(arguments: Namespace) -> int:
    from battui.cli.approval import with_approval
    from battui.cli.script import perform_lines, read_sources
    from battui.cli.wiring import settings_of

    if not arguments.no_ui:
        raise UsageError("--script and --send need --no-ui", remedy="Add --no-ui, or use `battui send`.")
    if not arguments.sources:
        raise UsageError("--no-ui has nothing to do", remedy="Give it --send LINE or --script FILE.")
    settings = with_approval(settings_of(arguments), terminal=False)
    return perform_lines(settings, read_sources(arguments.sources), arguments)


def _open(settings: Settings) -> int:
    """Open the screen on the kernel that owns the image, or on one of our own."""
    from battui.cli.remote_kernel import RemoteKernel, once_it_can_be_had, running_kernel
    from battui.cli.served_kernel import ServedKernel

    def open_it() -> int:
        endpoint = running_kernel(settings)
        return show(
            settings, RemoteKernel(endpoint) if endpoint else ServedKernel(settings, tcp=settings.bridge.tcp)
        )

    code = once_it_can_be_had(open_it)
    if code == HUNG_UP:
        from battui.cli.detach import see_missions_through

        see_missions_through(settings)
    return code


def show(settings: Settings, kernel: ThreadedKernel) -> int:
    """Show a kernel on the full screen; the exit code."""
    import asyncio
    import gc

    from battui.cli.editor import edited
    from battui.contracts.portal import Portal
    from battui.kernel.threads.thread import run_beside
    from battui.tui.app import BattuiApp

    def make_app(portal: Portal) -> BattuiApp:
        # What is imported by now never becomes garbage; going through it again and again would stall the screen.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        return BattuiApp(
            portal,
            image=getattr(kernel, "image", "") or settings.image,
            theme=settings.ui.theme,
            state_dir=settings.state_dir,
            keymap=settings.ui.keymap,
            theme_dirs=(settings.config_dir / "themes",),
            editor=edited,
        )

    return asyncio.run(run_beside(kernel, make_app))


def _source(kind: str, text: str) -> tuple[str, str]:
    return kind, text
