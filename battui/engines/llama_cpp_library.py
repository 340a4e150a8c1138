"""The library xllamacpp, imported late and set up for a machine that others use too."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from battui.contracts.errors import EngineFailed


def imported() -> Any:
    """The library; raises EngineFailed where it is not there."""
    # By default OpenMP's threads spin while they wait. Measured on two cores with another busy process: 1.6 tokens/s
    # from two spinning threads, 23.7 from two waiting ones. Spinning for a moment before they sleep gives eight texts
    # 195 tokens/s instead of 134 on idle cores, and takes 3 to 5 % beside a busy process. Both are read once, when
    # the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "500")
    try:
        import xllamacpp
    except ImportError as error:
        raise EngineFailed(
            f"the library xllamacpp cannot be imported: {error}",
            about="llama.cpp",
            remedy="Install it: pip install xllamacpp.",
        ) from error
    return xllamacpp


def version_of_library() -> str:
    """Its version, empty where it is not there."""
    try:
        return version("xllamacpp")
    except PackageNotFoundError:
        return ""
