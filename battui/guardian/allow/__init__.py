"""The allow-list: what generated source may name and do. Whatever it does not know, it refuses."""

from battui.guardian.allow.check import check

__all__ = ["check"]
