"""`battui log`: the kernel's events, from the log files and, with --follow, from the running kernel."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.cli.log_records import Picked
    from battui.contracts.settings import Settings

LEVELS = ("debug", "info", "warning", "error")
LOOK_AGAIN_S = 0.5
PATIENCE_S = 2.0


def add_parser(subparsers: Any) -> None:
    """Add the command `log`."""
    parser = subparsers.add_parser("log", help="show what has happened, and with --follow what happens")
    parser.add_argument("--follow", "-f", action="store_true", help="stay, and show events as they come")
    parser.add_argument(
        "--lines", "-n", metavar="N", type=int, default=20, help="the last N of the past (default 20)"
    )
    parser.add_argument("--level", choices=LEVELS, default="debug", help="only events of this level or above")
    parser.add_argument(
        "--kind", metavar="KIND", default="", help="only events of this kind, such as mission"
    )
    parser.add_argument("--mission", metavar="ID", default="", help="only events of this mission")
    parser.add_argument(
        "--source",
        choices=("kernel", "engine"),
        default="kernel",
        help="engine: what its process printed, instead of the kernel's events",
    )
    parser.add_argument("--where", action="store_true", help="print where the files are, instead")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Show the log; the exit code."""
    from battui.cli.log_records import Picked, records_in
    from battui.cli.wiring import settings_of
    from battui.contracts.errors import UsageError
    from battui.kernel.events.event_log import log_path

    settings = settings_of(arguments)
    if arguments.lines < 0:
        raise UsageError("--lines must be at least 0", about=str(arguments.lines))
    if arguments.where:
        print(settings.state_dir / "engine.log" if arguments.source == "engine" else log_path(settings))
        return 0
    if arguments.source == "engine":
        return _engine_log(settings, arguments.lines)
    picked = Picked(arguments.level, arguments.kind, arguments.mission, arguments.output)
    wanted = [record for record in records_in(log_path(settings)) if picked.passes(record)]
    picked.show(wanted[len(wanted) - arguments.lines if arguments.lines < len(wanted) else 0 :])
    if arguments.follow:
        _follow(settings, picked)
    return 0


def _engine_log(settings: Settings, lines: int) -> int:
    from battui.cli.reply_text import harmless

    path = settings.state_dir / "engine.log"
    said = path.read_text(errors="replace").splitlines() if path.exists() else []
    for line in said[max(0, len(said) - lines) :]:
        print(harmless(line))
    return 0


def _follow(settings: Settings, picked: Picked) -> None:
    """Show what comes, until a signal: from the kernel while one can be reached, else from its files."""
    import time

    from battui.cli.log_records import records_in
    from battui.cli.remote_kernel import running_kernel
    from battui.kernel.events.event_log import log_path

    picked.pass_over(records_in(log_path(settings)))
    while True:
        if endpoint := running_kernel(settings):
            _follow_kernel(endpoint, picked)
        # A kernel that was there for one command is found in its files; that it comes, nothing tells.
        picked.show(records_in(log_path(settings)))
        time.sleep(LOOK_AGAIN_S)


def _follow_kernel(endpoint: str, picked: Picked) -> None:
    import json

    from battui.bridge.client import Client
    from battui.contracts.errors import Unreachable
    from battui.kernel.events.event_log import event_as_json

    try:
        with Client(endpoint, patience=PATIENCE_S, name="log") as client, client.events(since=0) as events:
            for event in events:
                if event.kind != "token":
                    picked.show([json.loads(event_as_json(event))])
    except Unreachable:
        return
