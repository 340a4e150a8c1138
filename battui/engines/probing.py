"""Looks whether one engine's library works, and prints an EngineProbe as JSON. Run in a process of its own.

exllamav2 itself is not imported: that may start a compiler, and one that is killed leaves a lock behind.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from battui.engines.choice import EngineProbe


def llama_cpp() -> EngineProbe:
    name = "llama.cpp"
    try:
        import xllamacpp
    except ImportError as error:
        return EngineProbe(name, usable=False, detail=str(error), remedy="Install it: pip install xllamacpp.")
    build = xllamacpp.BUILD_INFO
    detail = f"{build['build_target']}, {build['compiler']}; {str(xllamacpp.get_system_info()).strip(' |')}"
    return EngineProbe(name, usable=True, version=version("xllamacpp"), detail=detail)


def exllamav2() -> EngineProbe:
    name = "exllamav2"
    try:
        found = version(name)
    except PackageNotFoundError:
        return EngineProbe(
            name,
            usable=False,
            detail="not installed",
            remedy="With an NVIDIA GPU: pip install 'battui[cuda]'.",
        )
    if find_spec("torch") is None:
        return EngineProbe(name, usable=False, version=found, detail="torch is not installed")
    import torch  # type: ignore[import-not-found, unused-ignore]

    if not torch.cuda.is_available():
        return EngineProbe(
            name, usable=False, version=found, detail=f"torch {torch.__version__} sees no CUDA device"
        )
    detail = f"torch {torch.__version__}, CUDA {torch.version.cuda}, {torch.cuda.get_device_name(0)}"
    return EngineProbe(name, usable=True, version=found, detail=detail)


def main() -> None:
    probe = {"llama.cpp": llama_cpp, "exllamav2": exllamav2}[sys.argv[1]]
    sys.stdout.write(json.dumps(asdict(probe())) + "\n")


if __name__ == "__main__":
    main()
