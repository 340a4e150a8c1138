"""Check files of families: `python -m training.check FILE...`; `--show ID` prints examples of one.

Each family's methods are put before the guardian and run in cells on drawn situations, against each other.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import trio

from battui.contracts.errors import UsageError
from training.execution import cells_to_run_in
from training.families import Family, Reading, family_files, read_files
from training.faults import Fault, examine
from training.showing import shown
from training.telling import say, tell


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and print; the exit code is 1 where a family has a fault."""
    asked = _arguments(arguments)
    reading = read_files(asked.files or family_files())
    families = [family for family in reading.families if not asked.show or family.id == asked.show]
    if asked.show and not families:
        tell(f"There is no family {asked.show!r} that can be read there.")
    for family in families if asked.show else ():
        _show(family)
    faults = trio.run(_examine, families, asked.draws)
    return _report(reading, families, faults)


async def _examine(families: Sequence[Family], draws: int) -> list[Fault]:
    faults: list[Fault] = []
    async with cells_to_run_in() as runs:
        for number, family in enumerate(families, start=1):
            faults += await examine(family, runs, draws=draws)
            tell(f"{number} of {len(families)} families", over=True)
    return faults


def _report(reading: Reading, families: Sequence[Family], faults: Sequence[Fault]) -> int:
    for error in reading.errors:
        say(f"ERROR    {error}")
    for fault in faults:
        say(f"{'advice  ' if fault.advice else 'FAULT   '} {fault.family}: {fault.words}")
    faulty = {fault.family for fault in faults if not fault.advice}
    right = len(families) - len(faulty)
    say(f"{right} of {len(families) + len(reading.errors)} families are right.")
    return 1 if faulty or reading.errors else 0


def _show(family: Family) -> None:
    try:
        say(shown(family))
    except UsageError as error:
        say(str(error))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.check", description="Check files of families.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: all of them")
    parser.add_argument(
        "--show", metavar="ID", default="", help="print examples of this family, check no other"
    )
    parser.add_argument("--draws", type=int, default=12, metavar="N", help="choices of words for each family")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
