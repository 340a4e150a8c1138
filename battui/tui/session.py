"""Where the user was: kept from one run to the next."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

FILE = "session.json"


@dataclass(frozen=True, slots=True)
class Session:
    """What is restored. `configured` is the theme that the settings named when `theme` was chosen instead.

    `object` is an oid, which means something in `image` alone.
    """

    image: str = ""
    tab: str = "objects"
    theme: str = ""
    configured: str = ""
    object: int = 0
    taught: bool = False


def load_session(folder: Path | None) -> Session:
    """Return what was kept; what cannot be read is forgotten, for it is a convenience and nothing more."""
    if folder is None:
        return Session()
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Session()
    if not isinstance(kept, dict):
        return Session()
    defaults = asdict(Session())
    known = {field.name for field in fields(Session)}
    return Session(
        **{
            name: value
            for name, value in kept.items()
            if name in known and type(value) is type(defaults[name])
        }
    )


def save_session(folder: Path | None, session: Session) -> None:
    """Keep it for the next run; raises OSError."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(asdict(session)), encoding="utf-8")
