"""The terminal's clipboard, reached by OSC 52: it works over SSH, where no other clipboard does."""

from __future__ import annotations

import base64
from collections.abc import Mapping

MAX_COPY = 74_994
"""Bytes of text. Terminals read sequences of at most 100,000 bytes; base64 makes four of three."""


def fits_clipboard(text: str) -> bool:
    """Whether terminals can be trusted to take all of `text`."""
    return len(text.encode()) <= MAX_COPY


def copy_sequence(text: str, environment: Mapping[str, str]) -> str:
    """Return what to write to the terminal so that `text` lands in its clipboard.

    tmux hands the plain sequence on with `set-clipboard on`, the wrapped one with `allow-passthrough on`; a
    program cannot see which of them is set, and doing both does no harm. GNU screen knows only the wrapped one.
    """
    encoded = base64.b64encode(text.encode()).decode("ascii")
    plain = f"\x1b]52;c;{encoded}\x07"
    if environment.get("TMUX"):
        return plain + f"\x1bPtmux;{plain.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environment.get("STY"):
        return f"\x1bP{plain}\x1b\\"
    return plain
