"""The lines a user has sent, kept from one run to the next."""

from __future__ import annotations

from pathlib import Path

MOST_LINES = 1_000


class LineHistory:
    """Walks through earlier lines. Reads and writes its file only when told to, for that may block."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lines: list[str] = []
        self._position = 0
        self._unsent = ""

    def load(self) -> None:
        """Read the file, if there is one."""
        if self._file is not None and self._file.exists():
            earlier = self._file.read_text(encoding="utf-8", errors="replace").splitlines()
            self._lines = [*earlier[-MOST_LINES:], *self._lines]
            self._position = len(self._lines)

    def save(self) -> None:
        """Write the file; only its owner may read it, for lines can hold anything."""
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600, exist_ok=True)
        self._file.write_text("".join(f"{line}\n" for line in self._lines), encoding="utf-8")

    def add(self, line: str) -> None:
        """Remember `line` as the newest, and only once in a row."""
        if self._lines[-1:] != [line]:
            self._lines = [*self._lines, line][-MOST_LINES:]
        self._position = len(self._lines)
        self._unsent = ""

    def older(self, line: str) -> str:
        """Return the line before; `line` is what stands there now and is found again on the way back."""
        if self._position == len(self._lines):
            self._unsent = line
        self._position = max(0, self._position - 1)
        return self._lines[self._position] if self._lines else line

    def newer(self, line: str) -> str:
        """Return the line after."""
        if self._position >= len(self._lines):
            return line
        self._position += 1
        return self._unsent if self._position == len(self._lines) else self._lines[self._position]
