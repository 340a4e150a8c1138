"""Files with one JSON value a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from battui.contracts.errors import UsageError


def read_json_lines(name: str) -> Iterator[tuple[str, object]]:
    """Yield where each line stands and its value; `-` is stdin, and empty lines are passed over.

    Raises UsageError that names the file, and the line where one cannot be read.
    """
    title = "stdin" if name == "-" else name
    for number, line in enumerate(_text(name, title).split("\n"), start=1):
        where = f"{title}, line {number}"
        if line.strip():
            try:
                yield where, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"this is no JSON: {error}", about=where) from None


def _text(name: str, title: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError("this is no UTF-8 text", about=title) from None
    except OSError as error:
        raise UsageError(f"this cannot be read: {error.strerror}", about=title) from None
