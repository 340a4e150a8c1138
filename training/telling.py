"""What the commands of this package say: results on the standard output, progress beside it."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Print a result."""
    print(text)


def tell(text: str, *, over: bool = False) -> None:
    """Print progress; `over` the line that was told before, where a person looks on."""
    if over and not sys.stderr.isatty():
        return
    print(f"\r{text}" if over else text, end="" if over else "\n", file=sys.stderr, flush=True)
