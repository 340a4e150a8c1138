"""Starts the zygote in an interpreter that knows no import path of its own.

Run as a file: `python -I -S start.py CONTROL AHEAD FOLDER...`, where the folders hold battui and ormsgpack.
"""

from __future__ import annotations

import sys


def main(control: str, ahead: str, *folders: str) -> None:
    """Become the zygote on the inherited socket `control`, with `ahead` cells forked before they are needed."""
    sys.path.extend(folders)
    from battui.cell.zygote import main as zygote

    zygote(int(control), int(ahead))


if __name__ == "__main__":
    main(*sys.argv[1:])
