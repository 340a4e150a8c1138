"""What one part of the screen asks of another; the app sees to it."""

from __future__ import annotations

from textual.message import Message

from battui.contracts.commands import Path


class WriteLine(Message):
    """Put `line` into the message line, with the cursor `back` characters before its end."""

    def __init__(self, line: str, back: int = 0) -> None:
        super().__init__()
        self.line = line
        self.back = back


class OpenObject(Message):
    """Show an object."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path


class OpenMission(Message):
    """Show a mission."""

    def __init__(self, mission: str) -> None:
        super().__init__()
        self.mission = mission


class OpenHistory(Message):
    """Show the transactions that changed one object, which people call `name`."""

    def __init__(self, oid: int, name: str) -> None:
        super().__init__()
        self.oid = oid
        self.name = name
