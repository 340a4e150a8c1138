"""Where the files lie that people may read and add to: themes, known models, experts."""

from __future__ import annotations

from pathlib import Path

import battui

_PACKAGE = Path(battui.__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the folder `name` of the files that come with battui.

    An installed battui carries them inside the package, a checkout has them at its top level. The folder need
    not exist: a distributor may leave optional ones out.
    """
    installed = _PACKAGE / "data" / name
    return installed if installed.exists() else _PACKAGE.parent / name
