"""The event stream in files: one JSON object a line, in a few files of limited size.

<state folder>/log/<image>-<digest>.jsonl        the present file; .1 is the one before, and so on
"""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import suppress
from dataclasses import asdict
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from battui.contracts.events import KernelEvent
from battui.contracts.settings import Settings
from battui.contracts.values import Ref

LEVELS = ("debug", "info", "warning", "error")


def log_path(settings: Settings) -> Path:
    """The present log file of the kernel of these settings, whether there is one yet or not."""
    image = settings.image
    place = image if "://" in image else str(Path(image).expanduser().resolve())
    digest = hashlib.sha256(place.encode()).hexdigest()[:8]
    name = "".join(
        letter for letter in place.rstrip("/").rsplit("/", 1)[-1] if letter.isalnum() or letter in "-_"
    )
    return settings.state_dir / "log" / f"{name or 'image'}-{digest}.jsonl"


class EventLog:
    """Keeps events from the level that was set on. A log that cannot be written is no reason not to live."""

    def __init__(self, settings: Settings) -> None:
        level = settings.log.level
        self._kept = frozenset(LEVELS[LEVELS.index(level) :]) if level in LEVELS else frozenset()
        self._handler = _opened(settings) if self._kept else None

    def write(self, event: KernelEvent) -> None:
        """Keep the event, if it is of the level."""
        if self._handler is not None and event.level in self._kept:
            self._handler.emit(logging.makeLogRecord({"msg": event_as_json(event)}))

    def close(self) -> None:
        """Nothing more comes."""
        if self._handler is not None:
            self._handler.close()


def event_as_json(event: KernelEvent) -> str:
    """The event as one line."""
    told = {**asdict(event), "data": dict(event.data)}
    return json.dumps(told, ensure_ascii=False, default=_reference)


class _Files(RotatingFileHandler):
    """Files that only their owner may read, for messages can hold anything."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A full disk is told by the image, which suffers more from it."""


def _opened(settings: Settings) -> _Files | None:
    path = log_path(settings)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        limit = settings.log.file_kb << 10
        return _Files(path, maxBytes=limit, backupCount=settings.log.files - 1, encoding="utf-8", delay=True)
    return None


def _reference(value: object) -> object:
    if isinstance(value, Ref):
        return {"$ref": str(value)}
    return str(value)
