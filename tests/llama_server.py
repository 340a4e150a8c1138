"""A real llama.cpp server on a loopback port, in a process of its own: `python -m tests.llama_server`.

It prints its address, and ends when its standard input does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ALIAS = "small"


@contextmanager
def llama_server(
    model: Path, *, loras: Sequence[Path] = (), slots: int = 1, context: int = 512, key: str = ""
) -> Iterator[str]:
    """The address of a server with `loras` loaded, each called after its file; it is gone on leaving."""
    command = [sys.executable, "-m", "tests.llama_server", str(model), *map(str, loras)]
    command += ["--slots", str(slots), "--context", str(context), "--key", key]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), address
            yield address
        finally:
            server.stdin.close()
            server.kill()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("loras", nargs="*")
    parser.add_argument("--slots", type=int)
    parser.add_argument("--context", type=int)
    parser.add_argument("--key")
    arguments = parser.parse_args()
    os.environ["OMP_WAIT_POLICY"] = "passive"
    server = _started(arguments)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


def _started(arguments: argparse.Namespace) -> Any:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = arguments.model
    parameters.model_alias = {ALIAS}
    parameters.n_ctx = arguments.context * arguments.slots
    parameters.n_parallel = arguments.slots
    parameters.kv_unified = False
    parameters.n_batch = 128
    parameters.cpuparams.n_threads = 1
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [arguments.key] if arguments.key else []
    parameters.ui = False
    parameters.warmup = False
    parameters.fit_params = False
    parameters.verbosity = 1
    loras = [xllamacpp.CommonAdapterLoraInfo(lora, 1.0) for lora in arguments.loras]
    parameters.lora_adapters = loras
    return xllamacpp.Server(parameters)


if __name__ == "__main__":
    main()
