"""battui: a living image of objects that learn, worked from a full-screen terminal."""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`battui.client`, imported when it is first wanted: every command imports battui, and few a client."""
    if name == "client":
        from importlib import import_module

        return import_module("battui.bridge.client")
    raise AttributeError(f"module 'battui' has no attribute {name!r}")
