"""Which rules a review applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CovenantMode = Literal["strict", "inplace", "off"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What to check, and how strictly.

    `covenant` is one of

    - `strict`, for generated code: every change of any object's state, a plain assignment to a slot included, is
      signalled on the object that changed.
    - `inplace`, for classes that people wrote: only what ZODB cannot see needs the signal, that is changes within
      plain lists, dictionaries and sets. An assignment to an attribute needs none, and covers what was changed
      within that attribute (`items.append(x); self.items = items`).
    - `off`.

    `allow` is the allow-list: what generated code may name and do.
    """

    covenant: CovenantMode = "strict"
    allow: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a certificate lists."""
        covenant = {"strict": ("covenant",), "inplace": ("covenant-inplace",), "off": ()}[self.covenant]
        return covenant + (("allow",) if self.allow else ())


ALL_RULES = Rules()
COVENANT_ONLY = Rules(allow=False)
INPLACE_ONLY = Rules(covenant="inplace", allow=False)
