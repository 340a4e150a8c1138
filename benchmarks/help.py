"""How long `battui --help` takes, of the whole and of each command, beside a bare Python and one with argparse.

Run: python -m benchmarks.help [ROUNDS]. Everything takes its turn in every round. Told are the shortest wall-clock
time and the least processor time of all rounds, and the ratio of the latter to both kinds of bare Python: a busy
machine adds to either, and never takes away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser

BARE = ("-c", "pass")
ARGPARSE = ("-c", "import argparse")
ROUNDS = 7
AIM_S = 0.15


def commands() -> list[tuple[str, ...]]:
    """The whole of battui, then each of its commands."""
    from battui.cli.arguments import build_parser

    parser: ArgumentParser = build_parser()
    names = [
        name for action in parser._actions if isinstance(action.choices, dict) for name in action.choices
    ]
    return [("-m", "battui", "--help"), *(("-m", "battui", name, "--help") for name in names)]


def once(words: tuple[str, ...]) -> tuple[float, float]:
    """Seconds on the wall's clock and of the processor."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    return took, usage.ru_utime + usage.ru_stime


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    kinds = [BARE, ARGPARSE, *commands()]
    found: dict[tuple[str, ...], list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in kinds:
            found[kind].append(once(kind))
    wall = {kind: min(took for took, _ in each) for kind, each in found.items()}
    work = {kind: min(used for _, used in each) for kind, each in found.items()}
    for kind in kinds:
        ratios = f"{work[kind] / work[BARE]:5.1f} of bare, {work[kind] / work[ARGPARSE]:5.1f} of argparse"
        print(
            f"{' '.join(kind):<30} wall {1e3 * wall[kind]:5.0f} ms   cpu {1e3 * work[kind]:4.0f} ms   {ratios}"
        )
    late = [" ".join(kind) for kind in kinds if wall[kind] > AIM_S]
    print(f"load {os.getloadavg()[0]:.1f}; over {1e3 * AIM_S:.0f} ms: {', '.join(late) or 'none'}")


if __name__ == "__main__":
    main()
