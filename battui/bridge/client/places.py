"""Where a client finds its kernel."""

from __future__ import annotations

import os

from battui.bridge.endpoint import endpoint_of, socket_path
from battui.contracts.settings import load_settings


def local_endpoint(image: str | None = None) -> str:
    """The endpoint of the kernel on this machine that owns `image`, by default the user's own image.

    Follows the configuration as the command line does; raises UsageError where that cannot be read.
    """
    settings = load_settings({"image": image}, os.environ, None)
    return endpoint_of(socket_path(settings.image, settings.state_dir))
