"""The terminal, which may be gone at any moment: a line that drops must not keep battui from leaving."""

from __future__ import annotations

import os
import sys
from typing import Any, cast

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Draws on a terminal, and on after it has gone.

    Textual's own writer ends with the first error; its queue fills up then, and whoever writes waits for ever.
    """

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file = cast(Any, TerminalOutput(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2))


class TerminalOutput:
    """What is written to a file descriptor; once that fails, nothing is written any more, and nobody is told.

    Python's own file would keep what it could not write and fail once more as the process ends.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: list[str] = []
        self._gone = False

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def write(self, text: str) -> int:
        """Keep the text until the next `flush`."""
        self._waiting.append(text)
        return len(text)

    def flush(self) -> None:
        """Write everything; waits for as long as the terminal takes to read it."""
        data = memoryview("".join(self._waiting).encode("utf-8", "surrogateescape"))
        self._waiting.clear()
        try:
            while data and not self._gone:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._gone = True
