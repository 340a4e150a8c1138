"""Values as a person reads them."""

from __future__ import annotations

from typing import Any

from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import World


def rendered(world: World, value: Any) -> str:
    """One line or a few: literals as Python writes them, objects by name, methods by their source."""
    if isinstance(value, UvmObject):
        return world.name_of(value)
    if isinstance(value, Method):
        return value.source
    if isinstance(value, Primitive):
        return f"<battui's own {value.name}{value}>"
    if isinstance(value, list | tuple):
        return f"[{', '.join(rendered(world, item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {rendered(world, item)}" for key, item in value.items()) + "}"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    return f"<{type(value).__name__}>"
