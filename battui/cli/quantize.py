"""`battui model quantize`: an fp16 model's folder as EXL2, by exllamav2's converter."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any


def add_parser(verbs: Any) -> None:
    """Add the verb `quantize` to those of `battui model`."""
    parser = verbs.add_parser(
        "quantize", help="convert a folder of fp16 safetensors to EXL2; needs an NVIDIA GPU"
    )
    parser.add_argument("path", metavar="PATH", type=Path, help="the model's folder")
    parser.add_argument(
        "--bpw", metavar="BITS", type=float, default=4.65, help="bits a weight, 2 to 8; else 4.65"
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="where to; otherwise beside PATH")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Convert, and say what came of it; the exit code."""
    import hashlib

    from battui.cli.wiring import settings_of
    from battui.contracts.errors import EngineFailed
    from battui.engines.choice import probe_one
    from battui.engines.exllamav2_quantize import quantize

    found = probe_one("exllamav2")
    if not found.usable:
        raise EngineFailed(
            found.detail, about="exllamav2", remedy=found.remedy or "Converting needs an NVIDIA GPU."
        )
    settings = settings_of(arguments)
    source = arguments.path.resolve()
    target = arguments.out or source.with_name(f"{source.name}-exl2-{arguments.bpw:g}")
    # A conversion that goes on does so with the options it began with, so those are in the name of its place.
    place = hashlib.sha256(f"{source} {arguments.bpw:g} {target.resolve()}".encode()).hexdigest()[:16]
    quantize(
        source,
        target,
        arguments.bpw,
        Stages(),
        work=settings.cache_dir / "quantize" / place,
        log=settings.state_dir / "quantize.log",
    )
    print(f"{target} is the model with {arguments.bpw:g} bits a weight. Add it: battui model add {target}")
    return 0


class Stages:
    """Says on stderr how far each stage is, a quarter at a time."""

    def __init__(self) -> None:
        self._last: tuple[str, int] = ("", -1)

    def __call__(self, stage: str, fraction: float) -> None:
        quarter = int(fraction * 4)
        if (stage, quarter) != self._last:
            self._last = (stage, quarter)
            print(f"{stage.lower()} {quarter * 25} %", file=sys.stderr, flush=True)
