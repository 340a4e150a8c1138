"""How a reader in another connection learns that the catalog has changed, and where."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from persistent import Persistent

KEPT = 32
MOST_TERMS = 5_000


class Stamp(Persistent):
    """Changed with every change of the catalog, by undo too: its serial is the name of the catalog's state.

    It has no content, so any two changes of it agree.
    """

    def touch(self) -> None:
        """The catalog is being changed."""
        self._p_changed = True

    @property
    def state(self) -> bytes | None:
        """The name of the state that this connection sees, None while it is not committed."""
        if self._p_jar is None:
            return None
        self._p_activate()
        return None if self._p_changed else bytes(self._p_serial)

    def _p_resolveConflict(self, _old: Any, saved: Any, _new: Any) -> Any:
        return saved


class Journal(Persistent):
    """The last merges: an unmistakable id each, and the terms whose postings it changed (None: too many to say).

    It does not resolve conflicts: of two merges at once one starts again, and only the last merge can be undone.
    """

    def __init__(self) -> None:
        self.merges: tuple[tuple[bytes, tuple[int, ...] | None], ...] = ()

    def record(self, terms: Collection[int]) -> None:
        """A merge has changed the postings of `terms`."""
        told = tuple(sorted(terms)) if len(terms) <= MOST_TERMS else None
        self.merges = (*self.merges, (secrets.token_bytes(8), told))[-KEPT:]
