"""exllamav2's converter: an fp16 model's folder in, an EXL2 folder out. It runs in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from battui.contracts.errors import EngineFailed, UsageError
from battui.contracts.generation import ModelFiles
from battui.engines.exllamav2_folder import CONFIG, files_in, lay_out

CONVERTER = (sys.executable, "-P", "-m", "exllamav2.conversion.convert_exl2")
LOWEST, HIGHEST = 2.0, 8.0
STATUS = re.compile(r"\[STATUS\](.*)\[/STATUS\]")
OnStage = Callable[[str, float], None]
"""Called with the converter's stage and the fraction of it that is done."""


def quantize(
    source: Path,
    target: Path,
    bpw: float,
    tell: OnStage,
    *,
    work: Path,
    log: Path,
    converter: Sequence[str] = CONVERTER,
) -> None:
    """Write the model in the folder `source` to the folder `target` with `bpw` bits a weight.

    What the converter keeps lies in `work`: a conversion that was interrupted goes on from there. What it prints
    goes to `log`. Raises UsageError, ModelUnavailable for what is no whole model, EngineFailed where it cannot be
    converted.
    """
    if not LOWEST <= bpw <= HIGHEST:
        raise UsageError(f"{bpw:g} bits a weight cannot be had", remedy=f"Choose {LOWEST:g} to {HIGHEST:g}.")
    if not source.is_dir():
        raise UsageError("there is no such folder", about=str(source))
    if target.exists() and any(target.iterdir()):
        raise UsageError("this folder is not empty", about=str(target), remedy="Choose another with --out.")
    files = {name: str(path) for name, path in files_in(source).items()}
    work.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="quantize-") as place, log.open("a", encoding="utf-8") as into:
        lay_out(ModelFiles(source.name, "", files), Path(place))
        options = ["-i", place, "-o", str(work), "-cf", str(target), "-b", f"{bpw:g}", "-so"]
        code = _run([*converter, *options], into, tell)
    if code or not _is_whole(target):  # the converter ends with status 0 after most of its errors, too
        raise EngineFailed(
            "the model was not converted", about=str(source), remedy=f"The converter's log says why: {log}"
        )


def _run(command: Sequence[str], log: IO[str], tell: OnStage) -> int:
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # ctrl-c is ours: the converter would ask a question
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := STATUS.search(line):
                    status = json.loads(found[1])
                    tell(str(status["stage"]), float(status["completion"]))
                else:
                    log.write(line)
        except BaseException:
            process.kill()
            raise
    return process.returncode


def _is_whole(folder: Path) -> bool:
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (config.get("quantization_config") or {}).get("quant_method") == "exl2"
