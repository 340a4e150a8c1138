"""Message lines without a screen: parsed before anything is done, performed in order, ended by a failure."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from battui.contracts.commands import Line
from battui.contracts.errors import BattuiError, UsageError
from battui.contracts.message_line import parse_line, parse_script
from battui.contracts.portal import Portal
from battui.contracts.settings import Settings


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line and where it stands, for the answer that it failed."""

    where: str
    number: int
    command: Line


def read_sources(sources: Sequence[tuple[str, str]]) -> list[SourceLine]:
    """Parse every line of every source, in order; raises UsageError or NotASelector, naming the line."""
    lines: list[SourceLine] = []
    sends = 0
    for kind, text in sources:
        if kind == "send":
            sends += 1
            where = f"--send, line {sends}"
            with _Placed(where):
                lines.append(SourceLine(where, sends, parse_line(text)))
        else:
            lines += _script_lines(text)
    return lines


def perform_lines(settings: Settings, lines: Sequence[SourceLine], arguments: Namespace) -> int:
    """Perform `lines` on the image: answers on stdout, progress on stderr. Returns the exit code.

    Raises BattuiError with the line's place at the first line that fails.
    """
    from battui.cli.headless import run_again
    from battui.cli.output import print_reply
    from battui.cli.remote_kernel import keyed

    left = deque((line, keyed(line.command)) for line in lines)

    async def work(portal: Portal) -> int:
        while left:
            line, command = left[0]
            with _Placed(line.where):
                reply = await portal.submit(command)
            print_reply(reply, arguments.output, line=line.number)
            left.popleft()
        return 0

    return run_again(settings, work, verbose=arguments.verbose)


class _Placed:
    """Say in an error at which line it happened."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BattuiError) and self.where:
            error.about = f"{self.where}: {error.about}" if error.about else self.where


def _script_lines(name: str) -> list[SourceLine]:
    title = "stdin" if name == "-" else name
    with _Placed(title):
        return [
            SourceLine(f"{title}, line {line.number}", line.number, line.command)
            for line in parse_script(_script_text(name))
        ]


def _script_text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError("the script is no UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"the script cannot be read: {error.strerror}") from None
