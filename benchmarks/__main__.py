"""Run the benchmarks that need nothing but battui: `python -m benchmarks`, or one by its name."""

from __future__ import annotations

import runpy
import sys

ALONE = ("cell", "sends")


def main() -> None:
    for name in sys.argv[1:] or ALONE:
        print(f"# {name}", flush=True)
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
