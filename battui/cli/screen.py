"""`battui` without a command: the full-screen terminal, or lines without one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from typing import TYPE_CHECKING

from battui.contracts.errors import UsageError

if TYPE_CHECKING:
    from battui.contracts.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """The flags that stand without a command."""
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
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "there is no terminal to open the screen on",
            remedy="Use --no-ui with --send or --script, or a command such as `battui send`.",
        )
    return _open(with_approval(settings, terminal=True))


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
    import asyncio
    import gc

    from battui.contracts.portal import Portal
    from battui.kernel.kernel import Kernel
    from battui.kernel.thread import run_beside
    from battui.tui.app import BattuiApp

    def make_app(portal: Portal) -> BattuiApp:
        # What is imported by now never becomes garbage; going through it again and again would stall the screen.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        return BattuiApp(
            portal,
            image=settings.image,
            theme=settings.ui.theme,
            state_dir=settings.state_dir,
            keymap=settings.ui.keymap,
            theme_dirs=(settings.config_dir / "themes",),
        )

    return asyncio.run(run_beside(Kernel(settings), make_app))


def _source(kind: str, text: str) -> tuple[str, str]:
    return kind, text
