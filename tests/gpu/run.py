"""Everything that needs a CUDA GPU, in one run: `python tests/gpu/run.py --from FOLDER --report REPORT.json`.

FOLDER has what a machine without a network lacks; each part is optional:

    model/                      the model's folder in fp16 safetensors, or instead of it
    *.gguf                      the bundled model, which is then converted (needs transformers and gguf)
    exllamav2_ext.so[.xz]       exllamav2's compiled extension for this Python, torch and GPU; without it, it is built

The report has one entry a step, with its figures or with what went wrong; a step that fails does not stop the others.
Without CUDA the report says so and the exit code is 3: then nothing has been tried.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = "exllamav2_ext"
NO_CUDA = 3

sys.path.insert(0, str(ROOT))

from tests.gpu.steps import STEPS, Bench, say  # noqa: E402  the checkout must be on the path first


def device() -> str:
    """What is missing for a run; empty where all is there."""
    try:
        import torch
    except ImportError as error:
        return f"torch cannot be imported: {error}"
    return "" if torch.cuda.is_available() else f"torch {torch.__version__} sees no CUDA device"


def bring_extension(source: Path, place: Path) -> str:
    """Put the compiled extension where Python finds it; where it came from."""
    for path in (source / f"{EXTENSION}.so", source / f"{EXTENSION}.so.xz"):
        if path.is_file():
            opener = lzma.open if path.suffix == ".xz" else open
            with opener(path, "rb") as packed, (place / f"{EXTENSION}.so").open("wb") as out:
                shutil.copyfileobj(packed, out)
            sys.path.insert(0, str(place))
            os.environ["PYTHONPATH"] = os.pathsep.join((str(place), os.environ.get("PYTHONPATH", "")))
            return path.name
    return "built here"


def bring_model(source: Path, place: Path) -> Path:
    """The model's folder, converted where only a GGUF file is there."""
    if (source / "model" / "config.json").is_file():
        return source / "model"
    gguf = next(source.glob("*.gguf"), None)
    if gguf is None:
        raise FileNotFoundError(f"{source} has neither model/ nor a .gguf file")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    target = place / "model"
    options = {"gguf_file": gguf.name}
    AutoModelForCausalLM.from_pretrained(source, dtype=torch.float16, **options).save_pretrained(target)
    AutoTokenizer.from_pretrained(source, **options).save_pretrained(target)
    return target


def run(source: Path, place: Path, report: dict[str, Any]) -> bool:
    """Do all steps and the tests beside this file; whether all went well."""
    import torch

    report["gpu"] = {
        "name": torch.cuda.get_device_name(0),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }
    report["extension"] = bring_extension(source, place)
    model = bring_model(source, place)
    bench = Bench(model, place)
    for name, step in STEPS.items():
        say(f"{name} ...")
        try:
            report["steps"][name] = {"ok": True, **step(bench)}
        except Exception as error:
            report["steps"][name] = {"ok": False, "error": str(error), "trace": traceback.format_exc()}
        say(f"{name}: {'ok' if report['steps'][name]['ok'] else report['steps'][name]['error']}")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "gpu",
        "-q",
        "-p",
        "no:cacheprovider",
        str(ROOT / "tests/gpu"),
    ]
    tests = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "BATTUI_GPU_MODEL": str(model)},
        capture_output=True,
        text=True,
        check=False,
    )
    report["tests"] = {"ok": tests.returncode == 0, "tail": tests.stdout[-4000:]}
    return all(step["ok"] for step in report["steps"].values()) and tests.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--report", type=Path, default=Path("gpu-report.json"))
    arguments = parser.parse_args()
    report: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine(), "steps": {}}
    missing = device()
    if missing:
        report["stopped"] = missing
        say(f"Nothing was tried: {missing}. This needs an NVIDIA GPU and the extra `cuda`.")
        code = NO_CUDA
    else:
        with tempfile.TemporaryDirectory(prefix="gpu-") as place:
            code = 0 if run(arguments.source, Path(place), report) else 1
    arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
