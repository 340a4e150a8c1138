"""Behaviour that battui itself provides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Primitive:
    """A slot's value that stands for a function of battui, found by its name when it is sent.

    Only the name is stored: the image holds no code of battui, and an upgrade reaches every image.
    """

    name: str
    parameters: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    open_ended: bool = False

    def __str__(self) -> str:
        wanted = [
            *self.parameters,
            *(f"{name}=" for name in self.optional),
            *(["..."] if self.open_ended else []),
        ]
        return f"({', '.join(wanted)})"
