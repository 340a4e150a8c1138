"""What learned code prints: kept up to a limit, and handed back with the answer."""

from __future__ import annotations


class Printed:
    """Collects printed text up to `room` bytes of UTF-8; what is beyond is dropped."""

    def __init__(self) -> None:
        self.room = 0
        self._pieces: list[str] = []

    @property
    def text(self) -> str:
        """Everything that was printed and had room."""
        return "".join(self._pieces)

    def print(self, *values: object, sep: str | None = None, end: str | None = None) -> None:
        """Python's `print`, without a file to print to."""
        line = (" " if sep is None else sep).join(map(str, values)) + ("\n" if end is None else end)
        data = line.encode("utf-8", "replace")[: self.room]
        self.room -= len(data)
        if data:
            self._pieces.append(data.decode("utf-8", "ignore"))
