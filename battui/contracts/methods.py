"""Messages and who knows them: which objects hold a selector, and which learned methods send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FindSelector:
    """Answer a SelectorUses: up to `limit` objects that hold `selector`, and as many methods that send it."""

    selector: str
    limit: int = 200


@dataclass(frozen=True, slots=True)
class SelectorPlace:
    """One slot of one object. `line` is the first line of the method's source that sends the selector, from 1.

    An object that holds data under the selector answers it as well: `kind` tells, and `text` is the value, the
    signature, or that line.
    """

    oid: int
    holder: str
    slot: str
    kind: Literal["data", "method", "primitive"]
    text: str
    line: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class SelectorUses:
    """Who holds a selector and who sends it; `more` counts those beyond the limit.

    A clone shares its origin's method and holds it all the same; the source of a shared method is shown as sender
    once.
    """

    selector: str
    implementors: tuple[SelectorPlace, ...] = ()
    senders: tuple[SelectorPlace, ...] = ()
    more: int = 0
